"""The engine that asks a language model, through the openai package's structured outputs.

The transcript goes as data, redacted and shortened; see `question`. What the model cannot answer properly (a refusal, a cut or
invalid answer, a server that stays away, a spent budget) is read by the rules instead, and the result says so: its engine is
`regex`, its `fallback_reason` why. What no retry would mend (a wrong key, an unknown model) is an error.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from queue import Empty, SimpleQueue

from analyzers.base import Analyzer, Item
from analyzers.document import TOKEN_LIMIT
from analyzers.openai_client import ENGINE, OpenAIClient, Stopped
from analyzers.prices import load_prices
from analyzers.question import Question, prompt_version
from analyzers.rate_limit import RateGate
from analyzers.regex_analyzer import RegexAnalyzer
from analyzers.result import AnalysisResult, FallbackReason
from analyzers.spending import Spending, Unlimited, Usage
from analyzers.transcript import Transcript

_MOST_PASSED_ON = 100  # of what costs nothing, in one group
_AWAY_AFTER = 10  # questions in a row given up, and the server is not asked again in this reading


class OpenAIAnalyzer(Analyzer):
    """Reads with a model of OpenAI's, or of any server that speaks its protocol (`base_url`).

    At most `concurrency` requests at once, fewer where the server's rate limits want it.
    """

    engine = ENGINE

    def __init__(
        self,
        model: str | None = None,
        *,
        api_key: str,
        base_url: str | None = None,
        concurrency: int = 16,
        spending: Spending | None = None,
        token_limit: int = TOKEN_LIMIT,
        max_retries: int = 4,
        timeout_seconds: float = 60.0,
        gate: RateGate | None = None,
    ) -> None:
        self.model: str | None = model or load_prices().default_model
        self.prompt_version = prompt_version()
        self.client = OpenAIClient(
            self.model,
            api_key=api_key,
            base_url=base_url,
            spending=spending or Unlimited(),
            max_retries=max_retries,
            timeout_seconds=timeout_seconds,
            gate=gate,
        )
        self._concurrency = concurrency
        self._token_limit = token_limit
        self._rules = RegexAnalyzer()

    def read(self, items: Iterable[Item]) -> Iterator[list[AnalysisResult]]:
        """See `Analyzer.read`. Raises AnalyzerSettingsError for what no retry would mend."""
        yield from _Reading(self, self._concurrency).groups(items)

    def by_rules(self, transcript: Transcript, reason: FallbackReason | None) -> AnalysisResult:
        """The rules in place of the model; without a reason where there is nothing a model could read."""
        result = self._rules.analyze([transcript])[0]
        return result.model_copy(update={"asked_of": self.version, "fallback_reason": reason})

    def ask(self, transcript: Transcript, stop: threading.Event) -> AnalysisResult:
        """The model's result, or that of the rules and why; see `OpenAIClient.ask`."""
        began = time.perf_counter()
        question = Question(transcript, token_limit=self._token_limit)
        answer = self.client.ask(question, stop)
        if answer.reading is None:
            result = self.by_rules(transcript, answer.reason)
        else:
            result = AnalysisResult(
                **dict(answer.reading),
                conversation_id=transcript.conversation_id,
                content_hash=transcript.content_hash,
                engine=self.engine,
                model=self.model,
                prompt_version=self.prompt_version,
                asked_of=self.version,
                messages=len(transcript.messages),
            )
        return with_usage(result, answer.usage, latency_ms=(time.perf_counter() - began) * 1000)


def with_usage(result: AnalysisResult, usage: Usage, *, latency_ms: float | None) -> AnalysisResult:
    return result.model_copy(
        update={
            "requests": usage.requests,
            "prompt_tokens": usage.prompt_tokens,
            "cached_tokens": usage.cached_tokens,
            "completion_tokens": usage.completion_tokens,
            "cost_usd": usage.cost_usd,
            "latency_ms": latency_ms,
        }
    )


def is_worth_asking(transcript: Transcript) -> bool:
    """Whether a customer wrote anything."""
    return any(message.speaker == "customer" for message in transcript.messages)


class _Reading:
    """One call of `read`: the threads that ask, and the two queues between them and whoever takes the results."""

    def __init__(self, analyzer: OpenAIAnalyzer, concurrency: int) -> None:
        self._analyzer, self._concurrency = analyzer, concurrency
        self._waiting: SimpleQueue[Transcript | None] = SimpleQueue()
        self._done: SimpleQueue[AnalysisResult | BaseException] = SimpleQueue()
        self._stop = threading.Event()
        self._threads = 0
        self._under_way = 0
        self._given_up = 0
        self._instead: FallbackReason | None = None

    def groups(self, items: Iterable[Item]) -> Iterator[list[AnalysisResult]]:
        iterator = iter(items)
        try:
            while True:
                at_once, more = self._fill(iterator)
                group = at_once + self._gather(wait=not at_once)
                if group:
                    yield group
                elif not more:
                    return
        finally:
            self._stop.set()
            for _ in range(self._threads):
                self._waiting.put(None)

    def _fill(self, iterator: Iterator[Item]) -> tuple[list[AnalysisResult], bool]:
        """Has as many questions under way as may be; what needs none, and whether there may be more."""
        at_once: list[AnalysisResult] = []
        while self._under_way < self._concurrency and len(at_once) < _MOST_PASSED_ON:
            item = next(iterator, None)
            if item is None:
                return at_once, False
            if isinstance(item, AnalysisResult):
                at_once.append(item)
            elif not is_worth_asking(item):
                at_once.append(self._analyzer.by_rules(item, None))
            elif self._instead is not None:
                at_once.append(self._analyzer.by_rules(item, self._instead))
            else:
                self._start(item)
        return at_once, True

    def _start(self, transcript: Transcript) -> None:
        self._under_way += 1
        self._waiting.put(transcript)
        if self._threads < self._under_way:
            # daemons: whoever is interrupted does not wait for answers
            threading.Thread(target=self._work, name=f"ask-{self._threads}", daemon=True).start()
            self._threads += 1

    def _work(self) -> None:
        while (transcript := self._waiting.get()) is not None:
            try:
                self._done.put(self._analyzer.ask(transcript, self._stop))
            except Stopped:
                return
            except BaseException as error:
                self._done.put(error)

    def _gather(self, *, wait: bool) -> list[AnalysisResult]:
        """What has been answered; with `wait`, at least one result if any question is under way."""
        gathered: list[AnalysisResult] = []
        while self._under_way:
            try:
                result = self._done.get(block=wait and not gathered)
            except Empty:
                break
            self._under_way -= 1
            if isinstance(result, BaseException):
                raise result
            self._note(result)
            gathered.append(result)
        return gathered

    def _note(self, result: AnalysisResult) -> None:
        reason = result.fallback_reason
        self._given_up = self._given_up + 1 if reason == "unavailable" else 0
        if reason == "budget" or self._given_up >= _AWAY_AFTER:
            self._instead = reason
