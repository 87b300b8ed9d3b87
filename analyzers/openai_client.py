"""One question to the server, carefully: within the rate limits, within the budget, repeated where that may help."""

from __future__ import annotations

import json
import random
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import openai
from pydantic import ValidationError

from analyzers.errors import AnalyzerSettingsError
from analyzers.prices import load_prices
from analyzers.question import Question, prompt_version
from analyzers.rate_limit import RateGate, gate_of
from analyzers.result import FallbackReason, Reading
from analyzers.spending import Spending, Usage

ENGINE = "openai"
_MOST_REFUSALS = 30  # 429s of one question, each waited for as long as the server asks
_LONGEST_BACKOFF = 8.0
# what is the same in every request: refused once, refused always
_OURS = ("model", "response_format", "max_completion_tokens", "prompt_cache_key")
_OUT_OF_CREDIT = ("insufficient_quota", "billing_hard_limit_reached")


@dataclass(frozen=True, slots=True)
class Answer:
    """A reading, or why there is none; and what it took, all requests together."""

    reading: Reading | None
    reason: FallbackReason | None
    usage: Usage


class Stopped(Exception):
    """Whoever asked has gone."""


class OpenAIClient:
    """Asks one model of one account. Thread-safe.

    The package's own retries are off: repeating is done here, where the budget and the rate limits see it.
    """

    def __init__(
        self,
        model: str,
        *,
        api_key: str,
        base_url: str | None,
        spending: Spending,
        max_retries: int,
        timeout_seconds: float,
        gate: RateGate | None = None,
    ) -> None:
        self.model = model
        self.api = openai.OpenAI(api_key=api_key, base_url=base_url, max_retries=0, timeout=timeout_seconds)
        self.spending = spending
        self._max_retries = max_retries
        self._settled = threading.Condition()
        self._outstanding = 0
        self._gate = gate or gate_of(str(self.api.base_url), api_key, model)
        self.price = load_prices().price(model)
        if self.price is None and spending.is_limited:
            raise AnalyzerSettingsError(
                f"analyzer.monthly_budget_usd is set, but analyzers/prices.yaml has no price for analyzer.model "
                f"'{model}'; add it there, or name another model."
            )

    def ask(self, question: Question, stop: threading.Event) -> Answer:
        """The answer, after one chance to repair a bad one.

        Raises AnalyzerSettingsError for what no retry would mend, Stopped when `stop` is set meanwhile.
        """
        usage, reason = Usage(), None
        for attempt in (1, 2):
            outcome = self._send(question, stop)
            if isinstance(outcome, str):
                # of two reasons, why there was no usable answer says more than why there was no second one
                return Answer(None, reason or outcome, usage)
            usage += self._usage(outcome)
            reading, reason, complaint = judge(question, outcome)
            if reading is not None:
                return Answer(reading, None, usage)
            if attempt == 1:
                question.repair(_content(outcome), complaint)
                if reason == "truncated":
                    question.answer_tokens *= 2
        return Answer(None, reason, usage)

    def most_usd(self, question: Question) -> float:
        """The most one request can cost."""
        return self.price.at_most(question.most_tokens, question.answer_tokens) if self.price else 0.0

    def _usage(self, completion: Mapping[str, Any]) -> Usage:
        """What a completion's `usage` says, priced."""
        given = completion.get("usage") or {}
        details = given.get("prompt_tokens_details") or {}
        prompt, completion_tokens = int(given.get("prompt_tokens") or 0), int(given.get("completion_tokens") or 0)
        cached, written = int(details.get("cached_tokens") or 0), int(details.get("cache_write_tokens") or 0)
        cost = self.price.cost(prompt, cached, completion_tokens, written) if self.price else 0.0
        return Usage(1, prompt, cached, completion_tokens, cost)

    def _send(self, question: Question, stop: threading.Event) -> dict[str, Any] | FallbackReason:
        """The completion as JSON; a reason where there is none to be had."""
        most, failures, refusals = self.most_usd(question), 0, 0
        while True:
            if not self._reserve(most, stop):
                return "budget"
            ticket = self._gate.acquire(question.tokens + question.answer_tokens, stop)
            if stop.is_set():
                self._gate.lost(ticket)
                self._settle(most, Usage())
                raise Stopped
            try:
                raw = self.api.chat.completions.with_raw_response.create(
                    model=self.model,
                    messages=question.messages,  # type: ignore[arg-type]
                    max_completion_tokens=question.answer_tokens,
                    prompt_cache_key=prompt_version(),
                    # as it is: the package would look through the schema anew for every request, a third of its work
                    extra_body={"response_format": question.body(self.model)["response_format"]},
                )
            except openai.APIStatusError as error:
                self._settle(most, Usage())  # a request that is refused costs nothing
                if error.status_code == 429 and error.code not in _OUT_OF_CREDIT:
                    self._gate.refused(ticket, error.response.headers)
                    refusals += 1
                    if refusals > _MOST_REFUSALS:
                        return "unavailable"
                    continue
                self._gate.answered(ticket, error.response.headers)
                self._raise_for_settings(error)
                if error.status_code < 500 and error.status_code not in (408, 409):
                    return "unavailable" if error.status_code == 429 else "invalid"
            except openai.APIError:  # a time-out or a broken connection: it may have been answered and be paid for
                self._gate.lost(ticket)
                self._settle(None, Usage())
            else:
                self._gate.answered(ticket, raw.headers)
                completion = _json(raw.text)
                if completion is not None:
                    self._settle(most, self._usage(completion))
                    return completion
                self._settle(None, Usage())
            failures += 1
            if failures > self._max_retries:
                return "unavailable"
            if stop.wait(min(0.5 * 2 ** (failures - 1), _LONGEST_BACKOFF) * random.uniform(0.5, 1.0)):
                raise Stopped

    def _reserve(self, usd: float, stop: threading.Event) -> bool:
        """Sets aside the most a request can cost. Where the budget has no room, what others get back may make some."""
        with self._settled:
            while not self.spending.reserve(usd):
                if not self._outstanding or stop.is_set():
                    return False
                self._settled.wait(1.0)
            self._outstanding += 1
            return True

    def _settle(self, reserved_usd: float | None, usage: Usage) -> None:
        """None leaves set aside what may have been spent."""
        if reserved_usd is not None:
            self.spending.settle(reserved_usd, ENGINE, self.model, usage)
        with self._settled:
            self._outstanding -= 1
            # one may go for one that came, and nobody waits for nobody
            self._settled.notify(1 if self._outstanding else 1_000_000)

    def _raise_for_settings(self, error: openai.APIStatusError) -> None:
        if error.status_code in (401, 403):
            raise AnalyzerSettingsError("OPENAI_API_KEY is refused; correct it in the environment.") from None
        if error.status_code == 404:
            raise AnalyzerSettingsError(
                f"analyzer.model is '{self.model}', which the server does not have; name another one."
            ) from None
        if error.status_code == 400 and error.param in _OURS:
            raise AnalyzerSettingsError(
                f"analyzer.model is '{self.model}', which does not take {error.param} as Funil sends it; name another one."
            ) from None


def judge(question: Question, completion: Mapping[str, Any]) -> tuple[Reading | None, FallbackReason | None, str]:
    """The reading in a completion; else what is wrong with it, and how to tell the model so."""
    choice = next(iter(completion.get("choices") or []), None) or {}
    message = choice.get("message") or {}
    finish = choice.get("finish_reason")
    if message.get("refusal") or finish == "content_filter":
        return (
            None,
            "refusal",
            "You are only asked to classify a conversation that took place; nothing is to be acted on.",
        )
    if finish == "length":
        return None, "truncated", "Your answer was cut off: keep its texts short."
    try:
        return question.reading(message.get("content") or ""), None, ""
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(map(str, fault['loc'])) or 'JSON'}: {fault['msg']}"
            for fault in error.errors(include_url=False, include_input=False, include_context=False)[:5]
        )
        return None, "invalid", f"Your answer does not fit the form ({faults})."


def _content(completion: Mapping[str, Any]) -> str | None:
    choice = next(iter(completion.get("choices") or []), None) or {}
    content: str | None = (choice.get("message") or {}).get("content")
    return content


def _json(text: str) -> dict[str, Any] | None:
    """A broken body is as good as a broken connection."""
    try:
        found = json.loads(text)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
