"""The OpenAI-compatible HTTP application: the endpoints the openai package uses for chat completions, files and batches."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.language_model.batches import Batches, Files, parse_form
from sandbox.language_model.model import API_KEY, LanguageModel, tokens_of
from sandbox.server.encoding import dumps, loads
from sandbox.server.misbehaviour import Fault

COMPLETIONS = "chat.completions"


class Refusal(Exception):
    """An error the server answers with."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        self.status, self.code, self.message, self.headers = status, code, message, headers or {}
        super().__init__(message)


def create_app(model: LanguageModel) -> Starlette:
    """The application; `app.state` has `model`, `files` and `batches`."""
    files = Files(model)
    batches = Batches(model, files)

    async def complete(request: Request, body: bytes) -> Response:
        asked = _json(body)
        wait = model.limits.take(tokens_of(body))
        # as they stand when the request comes, not when it is answered
        headers = model.limits.headers()
        if wait is not None:
            milliseconds = {"retry-after-ms": str(int(wait * 1000) + 1), "retry-after": f"{wait:.3f}"}
            raise Refusal(429, "rate_limit_exceeded", "Rate limit reached", {**headers, **milliseconds})
        fault = model.misbehaviour.next(COMPLETIONS, {}, 1)
        if fault is None:
            await asyncio.sleep(model.latency())
            model.traffic.bodies.append(body)
            return Response(dumps(model.answer(asked)), media_type="application/json", headers=headers)
        return await _misbehave(request, asked, fault, headers)

    async def _misbehave(request: Request, asked: dict[str, Any], fault: Fault, headers: dict[str, str]) -> Response:
        if fault.kind == "throttle":
            raise Refusal(429, "rate_limit_exceeded", "Rate limit reached", {**headers, "retry-after-ms": "20"})
        if fault.kind == "error":
            raise Refusal(fault.status, "server_error", "The server had an error", headers)
        if fault.kind == "reset":
            request.scope["sandbox.transport"].abort()
            return Response()
        await asyncio.sleep(fault.seconds if fault.kind == "slow" else model.latency())
        if fault.kind == "slow":
            answer = model.answer(asked)
        elif fault.kind == "refuse":
            answer = model.completion(asked, None, refusal="I'm sorry, I can't help with that.")
        elif fault.kind == "cut":
            content = model.answer(asked)["choices"][0]["message"]["content"]
            answer = model.completion(asked, content[: len(content) // 2], finish="length")
        elif fault.kind == "garbage":
            answer = model.completion(asked, "Claro! A conversa parece ser de um cliente.")
        else:
            raise Refusal(503, "server_error", f"The language model knows no fault '{fault.kind}'")
        return Response(dumps(answer), media_type="application/json", headers=headers)

    async def upload(request: Request, body: bytes) -> Response:
        form = parse_form(request.headers.get("content-type", ""), body)
        if "file" not in form or "purpose" not in form:
            raise Refusal(400, "invalid_request_error", "file and purpose are required")
        filename, content = form["file"]
        purpose = form["purpose"][1].decode()
        return _shown(files.add(content, filename=filename or "file", purpose=purpose))

    async def show_file(request: Request, body: bytes) -> Response:
        return _shown(files.shown[request.path_params["file_id"]])

    async def delete_file(request: Request, body: bytes) -> Response:
        return _shown(files.delete(request.path_params["file_id"]))

    async def file_content(request: Request, body: bytes) -> Response:
        return Response(files.contents[request.path_params["file_id"]], media_type="application/octet-stream")

    async def create_batch(request: Request, body: bytes) -> Response:
        return _shown(batches.create(_json(body)))

    async def show_batch(request: Request, body: bytes) -> Response:
        return _shown(batches.show(request.path_params["batch_id"]))

    async def cancel_batch(request: Request, body: bytes) -> Response:
        return _shown(batches.cancel(request.path_params["batch_id"]))

    async def list_batches(request: Request, body: bytes) -> Response:
        limit = int(request.query_params.get("limit", "20"))
        newest = [batches.show(batch_id) for batch_id in reversed(batches.shown)]
        after = request.query_params.get("after")
        if after is not None:
            newest = newest[next(place for place, batch in enumerate(newest, 1) if batch["id"] == after) :]
        page = newest[:limit]
        ends = {"first_id": page[0]["id"], "last_id": page[-1]["id"]} if page else {"first_id": None, "last_id": None}
        return _shown({"object": "list", "data": page, "has_more": len(newest) > limit, **ends})

    async def list_models(request: Request, body: bytes) -> Response:
        return _shown({"object": "list", "data": []})

    def route(path: str, name: str, handler: Callable[[Request, bytes], Awaitable[Response]], method: str) -> Route:
        return Route(f"/v1{path}", _answering(model, name, handler), methods=[method])

    app = Starlette(
        routes=[
            route("/chat/completions", COMPLETIONS, complete, "POST"),
            route("/files", "files.create", upload, "POST"),
            route("/files/{file_id}", "files.show", show_file, "GET"),
            route("/files/{file_id}", "files.delete", delete_file, "DELETE"),
            route("/files/{file_id}/content", "files.content", file_content, "GET"),
            route("/batches", "batches.create", create_batch, "POST"),
            route("/batches", "batches.list", list_batches, "GET"),
            route("/batches/{batch_id}", "batches.show", show_batch, "GET"),
            route("/batches/{batch_id}/cancel", "batches.cancel", cancel_batch, "POST"),
            route("/models", "models.list", list_models, "GET"),
        ]
    )
    app.state.model, app.state.files, app.state.batches = model, files, batches
    return app


def _answering(
    model: LanguageModel, name: str, handler: Callable[[Request, bytes], Awaitable[Response]]
) -> Callable[[Request], Awaitable[Response]]:
    """The key is checked, the request counted, and what goes wrong answered as OpenAI does."""

    async def answer(request: Request) -> Response:
        traffic = model.traffic
        traffic.requests[name] += 1
        traffic.in_flight += 1
        traffic.most_in_flight = max(traffic.most_in_flight, traffic.in_flight)
        try:
            if request.headers.get("authorization") != f"Bearer {API_KEY}":
                raise Refusal(401, "invalid_api_key", "Incorrect API key provided")
            response = await handler(request, await request.body())
        except Refusal as refusal:
            response = _error(refusal.status, refusal.code, refusal.message, refusal.headers)
        except KeyError as error:
            response = _error(404, "not_found", f"No such object: {error}")
        except ValueError as error:
            response = _error(400, "invalid_request_error", str(error))
        finally:
            traffic.in_flight -= 1
        traffic.statuses[response.status_code] += 1
        return response

    return answer


def _json(body: bytes) -> dict[str, Any]:
    found = loads(body)
    if not isinstance(found, dict):
        raise ValueError("the body must be a JSON object")
    return found


def _shown(value: Any) -> Response:
    return Response(dumps(value), media_type="application/json")


def _error(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Response:
    shown = {"error": {"message": message, "type": code, "code": code, "param": None}}
    return Response(dumps(shown), status, media_type="application/json", headers=dict(headers or {}))
