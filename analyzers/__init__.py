"""How a conversation is read. One interface, `Analyzer`; plain Python, usable in a notebook.

from analyzers import RegexAnalyzer, Transcript, TranscriptMessage
"""

from analyzers.base import Analyzer, Item
from analyzers.cascade import CascadeAnalyzer, calibrate_threshold
from analyzers.errors import AnalyzerSettingsError
from analyzers.factory import FirstStage, build_analyzer
from analyzers.regex_analyzer import RegexAnalyzer
from analyzers.result import AnalysisResult, FallbackReason, Reading
from analyzers.rollout import RolloutAnalyzer
from analyzers.transcript import Speaker, Transcript, TranscriptMessage

__all__ = [
    "AnalysisResult",
    "Analyzer",
    "AnalyzerSettingsError",
    "CascadeAnalyzer",
    "FallbackReason",
    "FirstStage",
    "Item",
    "Reading",
    "RegexAnalyzer",
    "RolloutAnalyzer",
    "Speaker",
    "Transcript",
    "TranscriptMessage",
    "build_analyzer",
    "calibrate_threshold",
]
