"""How a conversation is read. One interface, `Analyzer`; plain Python, usable in a notebook.

from analyzers import RegexAnalyzer, Transcript, TranscriptMessage
"""

from analyzers.base import Analyzer
from analyzers.errors import AnalyzerSettingsError
from analyzers.factory import build_analyzer
from analyzers.regex_analyzer import RegexAnalyzer
from analyzers.result import AnalysisResult, Reading
from analyzers.transcript import Speaker, Transcript, TranscriptMessage

__all__ = [
    "AnalysisResult",
    "Analyzer",
    "AnalyzerSettingsError",
    "Reading",
    "RegexAnalyzer",
    "Speaker",
    "Transcript",
    "TranscriptMessage",
    "build_analyzer",
]
