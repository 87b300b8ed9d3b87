"""What reading would cost, before anything is asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from analyzers.base import Analyzer, Item
from analyzers.errors import AnalyzerSettingsError
from analyzers.prices import load_prices
from analyzers.question import Question, answer_schema, instructions, prompt_version
from analyzers.result import AnalysisResult
from analyzers.tokens import estimate_tokens
from analyzers.transcript import Transcript

USUAL_ANSWER_TOKENS = 250


@dataclass
class Estimate:
    """Tokens are estimated from the length of the texts; the cost takes the instructions as cached but for the first time."""

    conversations: int = 0
    questions: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float = 0.0


class Estimator(Analyzer):
    """Stands where the language model would, asks nothing, and counts; a cascade or a rollout over it costs as over the model."""

    engine = "openai"

    def __init__(self, model: str | None) -> None:
        prices = load_prices()
        self.model = model or prices.default_model
        self.prompt_version = prompt_version()
        price = prices.price(self.model)
        if price is None:
            raise AnalyzerSettingsError(
                f"analyzers/prices.yaml has no price for analyzer.model '{self.model}'; add it there, or name another model."
            )
        self._price = price
        self._prefix = sum(estimate_tokens(text) for text in (str(answer_schema()), instructions()))
        self.estimate = Estimate()

    def read(self, items: Iterable[Item]) -> Iterator[list[AnalysisResult]]:
        """Gives only what was read by others: what the model would be asked is counted and has no result."""
        for item in items:
            self.estimate.conversations += 1
            if isinstance(item, Transcript) and any(message.speaker == "customer" for message in item.messages):
                self._count(item)
            yield [item] if isinstance(item, AnalysisResult) else []

    def _count(self, transcript: Transcript) -> None:
        estimate = self.estimate
        prompt = Question(transcript).tokens
        cached = min(self._prefix, prompt) if estimate.questions else 0
        estimate.questions += 1
        estimate.prompt_tokens += prompt
        estimate.cached_tokens += cached
        estimate.completion_tokens += USUAL_ANSWER_TOKENS
        estimate.cost_usd += self._price.cost(prompt, cached, USUAL_ANSWER_TOKENS)
