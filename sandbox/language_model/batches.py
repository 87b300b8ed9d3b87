"""Files and batches: many questions in one file, answered at half the price within a day (here: within `batch_seconds`)."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.parser import BytesParser
from email.policy import HTTP
from typing import Any

from sandbox.language_model.model import LanguageModel

ENDPOINT = "/v1/chat/completions"
MOST_REQUESTS = 50_000
DAY = 24 * 3600


@dataclass
class Files:
    """What was uploaded and what batches wrote."""

    model: LanguageModel
    contents: dict[str, bytes] = field(default_factory=dict)
    shown: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(self, content: bytes, *, filename: str, purpose: str) -> dict[str, Any]:
        file_id = self.model.next_id("file")
        self.contents[file_id] = content
        self.shown[file_id] = {
            "id": file_id,
            "object": "file",
            "bytes": len(content),
            "created_at": int(time.time()),
            "filename": filename,
            "purpose": purpose,
            "status": "processed",
        }
        return self.shown[file_id]

    def delete(self, file_id: str) -> dict[str, Any]:
        del self.shown[file_id], self.contents[file_id]
        return {"id": file_id, "object": "file", "deleted": True}


@dataclass
class Batches:
    """`fails` is the share of lines that come back as errors; `expires` lets the next batches expire half done."""

    model: LanguageModel
    files: Files
    shown: dict[str, dict[str, Any]] = field(default_factory=dict)
    fails: float = 0.0
    expires: int = 0

    def create(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """ValueError where the request makes no sense, KeyError where the file is not there."""
        file_id = str(asked["input_file_id"])
        if asked.get("endpoint") != ENDPOINT or asked.get("completion_window") != "24h":
            raise ValueError("endpoint must be /v1/chat/completions and completion_window 24h")
        lines = self._lines(file_id)
        now = int(time.time())
        batch: dict[str, Any] = {
            "id": self.model.next_id("batch"),
            "object": "batch",
            "endpoint": ENDPOINT,
            "input_file_id": file_id,
            "completion_window": "24h",
            "status": "in_progress",
            "output_file_id": None,
            "error_file_id": None,
            "created_at": now,
            "in_progress_at": now,
            "expires_at": now + DAY,
            "completed_at": None,
            "request_counts": {"total": len(lines), "completed": 0, "failed": 0},
            "metadata": asked.get("metadata"),
            "errors": None,
        }
        if len(lines) > MOST_REQUESTS:
            batch |= {"status": "failed", "errors": {"object": "list", "data": [{"code": "too_many_requests"}]}}
        self.shown[batch["id"]] = batch | {"_begun": time.monotonic()}
        return self.show(batch["id"])

    def show(self, batch_id: str) -> dict[str, Any]:
        """The batch as it stands now; KeyError where there is none."""
        batch = self.shown[batch_id]
        if batch["status"] == "in_progress" and time.monotonic() - batch["_begun"] >= self.model.batch_seconds:
            self._complete(batch)
        return {name: value for name, value in batch.items() if not name.startswith("_")}

    def cancel(self, batch_id: str) -> dict[str, Any]:
        if self.shown[batch_id]["status"] == "in_progress":
            self.shown[batch_id]["status"] = "cancelled"
        return self.show(batch_id)

    def _lines(self, file_id: str) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in self.files.contents[file_id].splitlines() if line.strip()]
        names = {line["custom_id"] for line in lines}
        if len(names) != len(lines) or any(line["url"] != ENDPOINT or line["method"] != "POST" for line in lines):
            raise ValueError("each line needs a custom_id of its own, method POST and the batch's url")
        return lines

    def _complete(self, batch: dict[str, Any]) -> None:
        lines = self._lines(batch["input_file_id"])
        expired = self.expires > 0
        self.expires -= expired
        done = lines[: len(lines) // 2] if expired else lines
        answers: list[dict[str, Any]] = []
        errors: list[dict[str, Any]] = [
            _line(self.model, line, None, {"code": "batch_expired", "message": "This request expired."})
            for line in lines[len(done) :]
        ]
        for line in done:
            self.model.traffic.bodies.append(json.dumps(line["body"]).encode())
            if self.model.rng.random() < self.fails:
                errors.append(
                    _line(self.model, line, {"status_code": 500, "body": {"error": {"message": "oops"}}}, None)
                )
            else:
                response = {"status_code": 200, "request_id": "r", "body": self.model.answer(line["body"])}
                answers.append(_line(self.model, line, response, None))
        for name, rows in (("output_file_id", answers), ("error_file_id", errors)):
            if rows:
                content = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows).encode()
                batch[name] = self.files.add(content, filename=f"{name}.jsonl", purpose="batch_output")["id"]
        batch["status"] = "expired" if expired else "completed"
        batch["completed_at"] = int(time.time())
        batch["request_counts"] = {"total": len(lines), "completed": len(answers), "failed": len(errors)}


def _line(model: LanguageModel, asked: Mapping[str, Any], response: Any, error: Any) -> dict[str, Any]:
    return {
        "id": model.next_id("batch_req"),
        "custom_id": asked["custom_id"],
        "response": response,
        "error": error,
    }


def parse_form(content_type: str, body: bytes) -> dict[str, tuple[str | None, bytes]]:
    """The parts of a multipart form by name: file name and content."""
    message = BytesParser(policy=HTTP).parsebytes(b"Content-Type: " + content_type.encode() + b"\r\n\r\n" + body)
    parts: dict[str, tuple[str | None, bytes]] = {}
    for part in message.iter_parts():
        name = part.get_param("name", header="content-disposition")
        content = part.get_payload(decode=True)
        parts[str(name)] = (part.get_filename(), content if isinstance(content, bytes) else b"")
    return parts
