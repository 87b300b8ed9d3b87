"""A conversation as a question to a language model, and its answer as a reading.

The instructions stand first and never change, so that prompt caching pays; the transcript follows as data, redacted and
within a token limit.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache
from pathlib import Path
from typing import Any

from analyzers.document import TOKEN_LIMIT, as_document
from analyzers.redaction import Redaction
from analyzers.result import Reading
from analyzers.tokens import estimate_tokens, most_tokens
from analyzers.transcript import Transcript

ANSWER_TOKENS = 1000
_PROMPT = Path(__file__).parent / "prompts" / "read_conversation.md"
_FRAME_TOKENS = 64  # what the protocol wraps around texts
_LONGEST_QUOTE = 2000  # characters of a bad answer that are shown to who gave it


class Question:
    """What is asked about one conversation."""

    def __init__(self, transcript: Transcript, *, token_limit: int = TOKEN_LIMIT) -> None:
        self._redaction = Redaction()
        self.answer_tokens = ANSWER_TOKENS
        self.messages: list[dict[str, str]] = [
            {"role": "system", "content": instructions()},
            {"role": "user", "content": as_document(transcript, self._redaction, token_limit=token_limit)},
        ]

    @property
    def tokens(self) -> int:
        """About how many the prompt has."""
        return sum(estimate_tokens(text) for text in self._texts()) + _FRAME_TOKENS

    @property
    def most_tokens(self) -> int:
        """More than the prompt can have."""
        return sum(most_tokens(text) for text in self._texts()) + _FRAME_TOKENS

    def body(self, model: str) -> dict[str, Any]:
        """The request as JSON, for a batch: the same that the openai package sends of `Reading` by itself."""
        form = {"name": Reading.__name__, "strict": True, "schema": answer_schema()}
        return {
            "model": model,
            "messages": self.messages,
            "response_format": {"type": "json_schema", "json_schema": form},
            "max_completion_tokens": self.answer_tokens,
            "prompt_cache_key": prompt_version(),
        }

    def reading(self, content: str) -> Reading:
        """The answer, with the personal data back that was kept here. Raises pydantic's ValidationError."""
        reading = Reading.model_validate_json(content)
        texts = {name: value for name, value in reading if isinstance(value, str)}
        return reading.model_copy(update={name: self._redaction.restore(text) for name, text in texts.items()})

    def repair(self, answer: str | None, complaint: str) -> None:
        """Makes it the question to ask after a bad answer: what was answered, and what is wrong with it."""
        if answer:
            self.messages.append({"role": "assistant", "content": answer[:_LONGEST_QUOTE]})
        self.messages.append({"role": "user", "content": f"{complaint} Answer again, whole, in the JSON form."})

    def _texts(self) -> list[str]:
        return [json.dumps(answer_schema()), *(message["content"] for message in self.messages)]


@cache
def instructions() -> str:
    return _PROMPT.read_text(encoding="utf-8")


@cache
def answer_schema() -> dict[str, Any]:
    """The form of the answer, as strict structured outputs want it."""
    return Reading.model_json_schema()


@cache
def prompt_version() -> str:
    """Changes with the prompt and with the form of the answer."""
    form = json.dumps(answer_schema(), sort_keys=True)
    return "prompt-" + hashlib.sha256(instructions().encode() + form.encode()).hexdigest()[:8]
