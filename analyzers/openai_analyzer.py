"""The engine that asks a language model, through the openai package's structured outputs.

The transcript goes as data, redacted; the instructions stand first and never change, so that prompt caching pays. What the
model cannot answer properly (a refusal, a cut or invalid answer, a server that stays away) is read by the rules instead, and
the result says so: its engine is `regex`. What no retry would mend (a wrong key, an unknown model) is an error.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import openai
from pydantic import ValidationError

from analyzers.base import Analyzer, Item, groups
from analyzers.errors import AnalyzerSettingsError
from analyzers.prices import load_prices
from analyzers.redaction import redact
from analyzers.regex_analyzer import RegexAnalyzer
from analyzers.result import AnalysisResult, Reading
from analyzers.transcript import Transcript

_PROMPT = Path(__file__).parent / "prompts" / "read_conversation.md"
_ATTEMPTS = 2  # the second is the one chance to repair an answer
_MAX_ANSWER_TOKENS = 800
_UNREADABLE = (openai.LengthFinishReasonError, openai.ContentFilterFinishReasonError, ValidationError)


class OpenAIAnalyzer(Analyzer):
    """Reads with a model of OpenAI's, or of any server that speaks its protocol (`base_url`)."""

    engine = "openai"

    def __init__(
        self,
        model: str | None = None,
        *,
        api_key: str,
        base_url: str | None = None,
        concurrency: int = 8,
        max_retries: int = 4,
        timeout_seconds: float = 60.0,
    ) -> None:
        default, self._prices = load_prices()
        self.model: str | None = model or default
        self.prompt_version = prompt_version()
        self._concurrency = concurrency
        self._client = openai.OpenAI(
            api_key=api_key, base_url=base_url, max_retries=max_retries, timeout=timeout_seconds
        )
        self._rules = RegexAnalyzer()

    def read(self, items: Iterable[Item]) -> Iterator[list[AnalysisResult]]:
        """See `Analyzer.read`. Raises AnalyzerSettingsError for what no retry would mend."""
        with ThreadPoolExecutor(max_workers=self._concurrency) as pool:
            for group in groups(items, self._concurrency):
                yield list(pool.map(lambda item: item if isinstance(item, AnalysisResult) else self._read(item), group))

    def _read(self, transcript: Transcript) -> AnalysisResult:
        began = time.perf_counter()
        if not any(message.speaker == "customer" for message in transcript.messages):
            return self._rules.analyze([transcript])[0]
        spent = _Spent()
        try:
            reading = self._ask(transcript, spent)
        except (openai.AuthenticationError, openai.PermissionDeniedError):
            raise AnalyzerSettingsError(
                "analyzer.engine is 'openai', but OPENAI_API_KEY is refused; correct it in the environment."
            ) from None
        except openai.NotFoundError:
            raise AnalyzerSettingsError(
                f"analyzer.model is '{self.model}', which the server does not have; name another one."
            ) from None
        except openai.APIError:
            reading = None
        if reading is None:
            result = self._rules.analyze([transcript])[0]
        else:
            result = AnalysisResult(
                **reading.model_dump(),
                conversation_id=transcript.conversation_id,
                content_hash=transcript.content_hash,
                engine=self.engine,
                model=self.model,
                prompt_version=self.prompt_version,
                asked_of=self.version,
                messages=len(transcript.messages),
            )
        return result.model_copy(
            update={
                "asked_of": self.version,
                "prompt_tokens": spent.prompt,
                "completion_tokens": spent.completion,
                "cost_usd": self._cost(spent),
                "latency_ms": (time.perf_counter() - began) * 1000,
            }
        )

    def _ask(self, transcript: Transcript, spent: _Spent) -> Reading | None:
        """The model's reading; None where it gives none worth having."""
        for _ in range(_ATTEMPTS):
            try:
                completion = self._client.chat.completions.parse(
                    model=str(self.model),
                    messages=[
                        {"role": "system", "content": _PROMPT.read_text(encoding="utf-8")},
                        {"role": "user", "content": as_document(transcript)},
                    ],
                    response_format=Reading,
                    max_completion_tokens=_MAX_ANSWER_TOKENS,
                    prompt_cache_key=self.prompt_version,
                )
            except _UNREADABLE as error:
                spent.add(getattr(getattr(error, "completion", None), "usage", None))
                continue
            spent.add(completion.usage)
            if completion.choices and (reading := completion.choices[0].message.parsed) is not None:
                return reading
        return None

    def _cost(self, spent: _Spent) -> float:
        price = self._prices.get(str(self.model))
        return price.cost(spent.prompt, spent.cached, spent.completion) if price else 0.0


class _Spent:
    """The tokens of all attempts at one transcript."""

    def __init__(self) -> None:
        self.prompt = self.cached = self.completion = 0

    def add(self, usage: openai.types.CompletionUsage | None) -> None:
        if usage is None:
            return
        self.prompt += usage.prompt_tokens
        self.completion += usage.completion_tokens
        if usage.prompt_tokens_details is not None:
            self.cached += usage.prompt_tokens_details.cached_tokens or 0


@cache
def prompt_version() -> str:
    """Changes with the prompt and with the form of the answer."""
    form = json.dumps(Reading.model_json_schema(), sort_keys=True)
    return "prompt-" + hashlib.sha256(_PROMPT.read_bytes() + form.encode()).hexdigest()[:8]


def as_document(transcript: Transcript) -> str:
    """The transcript as the JSON document the prompt describes, redacted."""
    zone = ZoneInfo(transcript.timezone)
    messages = [
        {
            "at": message.sent_at.astimezone(zone).isoformat(timespec="minutes"),
            "speaker": message.speaker,
            "text": redact(message.content).encode("utf-8", "replace").decode(),
        }
        for message in transcript.messages
    ]
    document = {"vertical": transcript.vertical, "timezone": transcript.timezone, "messages": messages}
    return json.dumps(document, ensure_ascii=False)
