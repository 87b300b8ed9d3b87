"""From a tenant's settings to the analyzer that reads its conversations."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple, Protocol

from analyzers.base import Analyzer
from analyzers.cascade import CascadeAnalyzer
from analyzers.errors import AnalyzerSettingsError
from analyzers.regex_analyzer import RegexAnalyzer
from analyzers.rollout import RolloutAnalyzer
from analyzers.spending import Spending

if TYPE_CHECKING:
    from analyzers.estimate import Estimate

DEFAULT_THRESHOLD = 0.89
"""For the rules alone. On the labelled conversations they were not made on, what they are at least this sure of (64 %) is right,
lead and visit both, in 95 % of cases: as often as the language model they hand the rest to."""


class FirstStage(NamedTuple):
    """What a cascade asks first, and from which confidence on its answer stands."""

    analyzer: Analyzer
    threshold: float


class AnalyzerSettings(Protocol):
    """The part of a tenant's settings that chooses the analyzer."""

    @property
    def engine(self) -> str: ...
    @property
    def model(self) -> str | None: ...
    @property
    def concurrency(self) -> int: ...
    @property
    def rollout_percent(self) -> float: ...
    @property
    def cascade_threshold(self) -> float | None: ...


def build_analyzer(
    settings: AnalyzerSettings, *, first: FirstStage | None = None, spending: Spending | None = None
) -> Analyzer:
    """The analyzer of these settings; OPENAI_API_KEY and OPENAI_BASE_URL are the environment's.

    `first` is a cascade's first stage: the rules, where none is given. `spending` allows each request; without one there is no
    limit. Raises AnalyzerSettingsError.
    """
    return _composed(settings, first, lambda: _openai(settings, spending))


def build_estimator(settings: AnalyzerSettings, *, first: FirstStage | None = None) -> tuple[Analyzer, Estimate]:
    """An analyzer that routes as that of these settings would and asks no model; and what it counts. Needs no key."""
    from analyzers.estimate import Estimate, Estimator

    estimator = Estimator(settings.model) if settings.engine != "regex" else None
    analyzer = _composed(settings, first, lambda: estimator or RegexAnalyzer())
    return analyzer, estimator.estimate if estimator else Estimate()


def _composed(settings: AnalyzerSettings, first: FirstStage | None, model: Callable[[], Analyzer]) -> Analyzer:
    rules = RegexAnalyzer()
    if settings.engine == "regex":
        return rules
    if settings.engine not in ("openai", "cascade"):
        raise AnalyzerSettingsError(
            f"analyzer.engine is '{settings.engine}', which is not known; use regex, openai or cascade."
        )
    analyzer = model()
    if settings.engine == "cascade":
        stage = first or FirstStage(rules, DEFAULT_THRESHOLD)
        threshold = stage.threshold if settings.cascade_threshold is None else settings.cascade_threshold
        analyzer = CascadeAnalyzer(stage.analyzer, analyzer, threshold)
    if settings.rollout_percent < 100:
        return RolloutAnalyzer(analyzer, rules, settings.rollout_percent)
    return analyzer


def _openai(settings: AnalyzerSettings, spending: Spending | None) -> Analyzer:
    key = os.environ.get("OPENAI_API_KEY")
    if not key:
        raise AnalyzerSettingsError(
            f"analyzer.engine is '{settings.engine}', but OPENAI_API_KEY is not set; set it, or use regex."
        )
    if not re.fullmatch(r"[!-~]+", key):
        # an HTTP library would refuse it later, and quote it
        raise AnalyzerSettingsError(
            "OPENAI_API_KEY holds a space, a line's end or a letter that no key has; copy it into the environment again."
        )
    from analyzers.openai_analyzer import OpenAIAnalyzer  # it costs half a second that regex need not pay

    return OpenAIAnalyzer(
        settings.model,
        api_key=key,
        base_url=os.environ.get("OPENAI_BASE_URL") or None,
        concurrency=settings.concurrency,
        spending=spending,
    )
