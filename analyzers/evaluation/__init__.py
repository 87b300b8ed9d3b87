"""How right an analyzer is, and whether another one is righter: readings beside labels, in figures with their uncertainty."""

from analyzers.evaluation.comparison import Comparison, FieldComparison, compare
from analyzers.evaluation.evaluate import CalibrationBin, Evaluation, FieldEvaluation, Figure, evaluate
from analyzers.evaluation.fields import FIELDS, Judged, is_right

__all__ = [
    "FIELDS",
    "CalibrationBin",
    "Comparison",
    "Evaluation",
    "FieldComparison",
    "FieldEvaluation",
    "Figure",
    "Judged",
    "compare",
    "evaluate",
    "is_right",
]
