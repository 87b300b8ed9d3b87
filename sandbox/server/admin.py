"""The admin port: move the world, ask for faults, read the counters, stop the server."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from sandbox.language_model.model import ModelTraffic
from sandbox.server.encoding import dumps, loads
from sandbox.server.misbehaviour import Fault

if TYPE_CHECKING:
    from sandbox.server.serve import SandboxServer


def create_admin_app(server: SandboxServer) -> Starlette:
    async def advance(asked: dict[str, Any]) -> Any:
        await server.advance_here(float(asked.get("hours", 6)), bool(asked.get("unannounced", True)))
        return server.state()

    async def misbehave(asked: dict[str, Any]) -> Any:
        tenant = asked.pop("tenant", None)
        for installation in server.installations_of(tenant):
            server.add_fault(installation, **asked)
        return server.state()

    async def behave(asked: dict[str, Any]) -> Any:
        for installation in server.installations_of(asked.get("tenant")):
            installation.behave()
        return server.state()

    async def reset_counters(asked: dict[str, Any]) -> Any:
        for installation in server.installations_of(asked.get("tenant")):
            installation.traffic.reset()
        return server.state()

    async def language_model(asked: dict[str, Any]) -> Any:
        """Settings of the language model; `fault` is one of misbehaviour.Fault, `behave` ends them, `reset` its counters."""
        model = server.language_model
        fault, behave, reset = asked.pop("fault", None), asked.pop("behave", False), asked.pop("reset", False)
        model.set(**asked)
        if behave:
            model.misbehaviour.clear()
        if fault is not None:
            model.misbehaviour.add(Fault(**fault))
        if reset:
            model.traffic = ModelTraffic()
        return server.state()

    async def answered(asked: dict[str, Any]) -> Any:
        """How often each conversation was answered by the language model, `tenant:conversation_id` by count."""
        return dict(server.language_model.traffic.answered)

    async def state(asked: dict[str, Any]) -> Any:
        return server.state()

    async def shutdown(asked: dict[str, Any]) -> Any:
        server.shut_down()
        return {"stopping": True}

    return Starlette(
        routes=[
            Route("/advance", _answering(advance), methods=["POST"]),
            Route("/misbehave", _answering(misbehave), methods=["POST"]),
            Route("/behave", _answering(behave), methods=["POST"]),
            Route("/counters/reset", _answering(reset_counters), methods=["POST"]),
            Route("/openai", _answering(language_model), methods=["POST"]),
            Route("/openai/answered", _answering(answered), methods=["GET"]),
            Route("/state", _answering(state), methods=["GET"]),
            Route("/shutdown", _answering(shutdown), methods=["POST"]),
        ]
    )


def _answering(action: Callable[[dict[str, Any]], Awaitable[Any]]) -> Callable[[Request], Awaitable[Response]]:
    """The request's JSON object in, the answer as JSON out; what cannot be done is 422 and a sentence."""

    async def answer(request: Request) -> Response:
        try:
            body = await request.body()
            shown, status = await action(loads(body) if body else {}), 200
        except (TypeError, ValueError, KeyError) as error:
            shown, status = {"error": str(error)}, 422
        return Response(dumps(shown), status, media_type="application/json")

    return answer
