"""From a tenant's settings to the analyzer that reads its conversations."""

from __future__ import annotations

from typing import Protocol

from analyzers.base import Analyzer
from analyzers.regex_analyzer import RegexAnalyzer


class AnalyzerSettingsError(ValueError):
    """The settings ask for what cannot be had; the sentence names `analyzer.engine`."""


class AnalyzerSettings(Protocol):
    """The part of a tenant's settings that chooses the analyzer."""

    @property
    def engine(self) -> str: ...
    @property
    def model(self) -> str | None: ...


def build_analyzer(settings: AnalyzerSettings) -> Analyzer:
    """The analyzer of these settings. Raises AnalyzerSettingsError."""
    if settings.engine == "regex":
        return RegexAnalyzer()
    raise AnalyzerSettingsError(
        f"analyzer.engine is '{settings.engine}', which this version cannot read with; use regex."
    )
