"""From a tenant's settings to the analyzer that reads its conversations."""

from __future__ import annotations

import os
from typing import Protocol

from analyzers.base import Analyzer
from analyzers.errors import AnalyzerSettingsError
from analyzers.regex_analyzer import RegexAnalyzer


class AnalyzerSettings(Protocol):
    """The part of a tenant's settings that chooses the analyzer."""

    @property
    def engine(self) -> str: ...
    @property
    def model(self) -> str | None: ...


def build_analyzer(settings: AnalyzerSettings) -> Analyzer:
    """The analyzer of these settings; OPENAI_API_KEY and OPENAI_BASE_URL are the environment's.

    Raises AnalyzerSettingsError.
    """
    if settings.engine == "regex":
        return RegexAnalyzer()
    if settings.engine == "openai":
        key = os.environ.get("OPENAI_API_KEY")
        if not key:
            raise AnalyzerSettingsError(
                "analyzer.engine is 'openai', but OPENAI_API_KEY is not set; set it, or use regex."
            )
        from analyzers.openai_analyzer import OpenAIAnalyzer  # it costs half a second that regex need not pay

        return OpenAIAnalyzer(settings.model, api_key=key, base_url=os.environ.get("OPENAI_BASE_URL") or None)
    raise AnalyzerSettingsError(f"analyzer.engine is '{settings.engine}', which is not known; use regex or openai.")
