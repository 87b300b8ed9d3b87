"""Two engines, or two versions of one, on the same conversations: where they agree, and whether one is righter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from analyzers.evaluation.fields import CLASSES, FIELDS, YES_OR_NO, Judged, class_of, is_right
from analyzers.label import Label
from analyzers.result import AnalysisResult


@dataclass(frozen=True, slots=True)
class FieldComparison:
    """One field of two readings of the same conversations.

    `agreement` is the share of conversations of which both say the same, `kappa` Cohen's: the part of the agreement that
    chance does not explain (None where both always say one thing). `only_first` and `only_second` count, with labels, the
    conversations that only this one has right; without labels, those of which only this one says yes (None for fields
    that are not yes or no). `p_value` is McNemar's exact test of the two (two-sided binomial): how often chance alone makes two
    equally good readers differ as much.
    """

    field: str
    agreement: float
    kappa: float | None
    only_first: int | None
    only_second: int | None
    p_value: float | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two sets of readings of the same `count` conversations; costs in US dollars, latencies in milliseconds per conversation."""

    count: int
    judged_by_labels: bool
    fields: dict[str, FieldComparison]
    cost_usd: tuple[float, float]
    median_latency_ms: tuple[float | None, float | None]


def compare(
    first: Sequence[AnalysisResult],
    second: Sequence[AnalysisResult],
    labels: Sequence[Label] | None = None,
    timezones: Sequence[str] | None = None,
) -> Comparison:
    """`first`, `second` (and `labels` with the tenants' `timezones`) are in the same order.

    Raises ValueError if they are not of the same conversations, or of none.
    """
    if [one.content_hash for one in first] != [one.content_hash for one in second] or not first:
        raise ValueError("the two sets of readings are not of the same conversations")
    judged = None
    if labels is not None:
        zones = timezones or ["UTC"] * len(labels)
        judged = [
            (Judged(label, one, zone), Judged(label, other, zone))
            for label, one, other, zone in zip(labels, first, second, zones, strict=True)
        ]
    return Comparison(
        count=len(first),
        judged_by_labels=judged is not None,
        fields={field: _field(field, first, second, judged) for field in FIELDS},
        cost_usd=(sum(one.cost_usd for one in first), sum(one.cost_usd for one in second)),
        median_latency_ms=(_median_latency(first), _median_latency(second)),
    )


def mcnemar(only_first: int, only_second: int) -> float:
    """The exact two-sided test of the discordant pairs; 1 where there are none."""
    from scipy.stats import binomtest

    discordant = only_first + only_second
    return float(binomtest(only_first, discordant, 0.5).pvalue) if discordant else 1.0


def _field(
    field: str,
    first: Sequence[AnalysisResult],
    second: Sequence[AnalysisResult],
    judged: Sequence[tuple[Judged, Judged]] | None,
) -> FieldComparison:
    values = [(getattr(one, field), getattr(other, field)) for one, other in zip(first, second, strict=True)]
    classes = [(class_of(field, one), class_of(field, other)) for one, other in values]
    discordant: list[tuple[bool, bool]] = []
    if judged is not None:
        discordant = [(is_right(field, one), is_right(field, other)) for one, other in judged]
    elif field in YES_OR_NO:
        discordant = values
    only_first = sum(one and not other for one, other in discordant) if discordant else None
    only_second = sum(other and not one for one, other in discordant) if discordant else None
    return FieldComparison(
        field,
        agreement=sum(one == other for one, other in values) / len(values),
        kappa=_kappa(classes) if field in (*YES_OR_NO, *CLASSES) else None,
        only_first=only_first,
        only_second=only_second,
        p_value=mcnemar(only_first, only_second) if only_first is not None and only_second is not None else None,
    )


def _kappa(pairs: Sequence[tuple[object, object]]) -> float | None:
    number = len(pairs)
    agreed = sum(one == other for one, other in pairs) / number
    firsts, seconds = [one for one, _ in pairs], [other for _, other in pairs]
    by_chance = sum(firsts.count(value) * seconds.count(value) for value in set(firsts)) / number**2
    return None if by_chance == 1 else (agreed - by_chance) / (1 - by_chance)


def _median_latency(results: Sequence[AnalysisResult]) -> float | None:
    known = sorted(one.latency_ms for one in results if one.latency_ms is not None)
    return known[len(known) // 2] if known else None
