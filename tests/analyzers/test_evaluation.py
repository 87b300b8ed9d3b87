"""Figures against scikit-learn's, and against examples one can work out by hand."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime
from itertools import combinations
from typing import Any

import pytest
from sklearn.metrics import brier_score_loss, cohen_kappa_score, precision_recall_fscore_support

from analyzers import AnalysisResult, RegexAnalyzer
from analyzers.evaluation import Judged, compare, evaluate, is_right
from analyzers.evaluation.comparison import mcnemar
from analyzers.label import Label
from analyzers.labelled_conversations import labelled_conversations

EMPTY = RegexAnalyzer().analyze([labelled_conversations("development")[0].transcript])[0]


def result(**fields: Any) -> AnalysisResult:
    blank = dict.fromkeys(("visit_at", "contact_name", "goal", "condition", "handoff_reason"))
    return EMPTY.model_copy(update={"visit_scheduled": False, "sentiment": "neutral", **blank, **fields})


def judged(label: dict[str, Any], reading: dict[str, Any]) -> Judged:
    return Judged(
        Label.model_validate({"is_lead": True, "intent": "other", **label}), result(**reading), "America/Manaus"
    )


@pytest.fixture(scope="module")
def many() -> list[Judged]:
    chance = random.Random(5)
    intents = ["pricing", "services", "other", "complaint"]
    return [
        judged(
            {"is_lead": chance.random() < 0.4, "intent": chance.choice(intents)},
            {
                "is_lead": chance.random() < 0.5,
                "intent": chance.choice(intents),
                "lead_probability": chance.choice([0, 1.3, 2.5, 4, 5]),
            },
        )
        for _ in range(200)
    ]


def test_yes_or_no_is_counted_as_scikit_learn_counts(many: list[Judged]) -> None:
    field = evaluate(many, resamples=100).fields["is_lead"]
    was, said = [one.label.is_lead for one in many], [one.reading.is_lead for one in many]
    precision, recall, f1, _ = precision_recall_fscore_support(was, said, average="binary")
    assert (field.precision.value, field.recall.value, field.f1.value) == pytest.approx((precision, recall, f1))
    assert field.accuracy.value == pytest.approx(sum(a == b for a, b in zip(was, said, strict=True)) / len(many))
    assert field.occurs == sum(was)


def test_classes_are_averaged_as_scikit_learn_averages(many: list[Judged]) -> None:
    field = evaluate(many, resamples=100).fields["intent"]
    was, said = [one.label.intent for one in many], [one.reading.intent for one in many]
    precision, recall, f1, _ = precision_recall_fscore_support(was, said, average="macro")
    assert (field.precision.value, field.recall.value, field.f1.value) == pytest.approx((precision, recall, f1))


def test_calibration_weighs_bins_and_squares_distances(many: list[Judged]) -> None:
    evaluation = evaluate(many, resamples=100)
    was = [one.label.is_lead for one in many]
    said = [one.reading.lead_probability / 5 for one in many]
    assert evaluation.brier == pytest.approx(brier_score_loss(was, said))
    assert sum(one.count for one in evaluation.calibration) == len(many)
    by_hand = 0.0
    for value in set(said):  # every bin holds one value here
        leads = [lead for lead, one in zip(was, said, strict=True) if one == value]
        by_hand += len(leads) / len(many) * abs(value - sum(leads) / len(leads))
    assert evaluation.calibration_error == pytest.approx(by_hand)


def test_an_interval_holds_the_figure_narrows_with_more_and_comes_out_the_same_again(many: list[Judged]) -> None:
    few, all_of_them = evaluate(many[:50]), evaluate(many)
    for field in all_of_them.fields.values():
        for figure in (field.accuracy, field.precision, field.recall, field.f1):
            if figure.value is not None and figure.low is not None and figure.high is not None:
                assert figure.low <= figure.value <= figure.high

    def width(one: Any) -> float:
        return float(one.fields["is_lead"].accuracy.high - one.fields["is_lead"].accuracy.low)

    # as the normal approximation has it: about 4 standard errors wide
    accuracy = all_of_them.fields["is_lead"].accuracy.value or 0.0
    assert width(all_of_them) == pytest.approx(3.92 * (accuracy * (1 - accuracy) / len(many)) ** 0.5, rel=0.15)
    assert width(few) > 1.5 * width(all_of_them)
    assert evaluate(many) == all_of_them


def test_what_is_never_said_has_no_precision_rather_than_a_bad_one() -> None:
    field = evaluate([judged({"is_lead": True}, {"is_lead": False})] * 5).fields["is_lead"]
    assert field.precision.value is None
    assert (field.recall.value, field.f1.value, field.accuracy.value) == (0, 0, 0)
    with pytest.raises(ValueError, match="no labelled"):
        evaluate([])


@pytest.mark.parametrize(
    ("field", "label", "said", "right"),
    [
        ("contact_name", "Ítalo Mendes", "italo", True),
        ("contact_name", "Ítalo", "Igor", False),
        ("contact_name", None, "Igor", False),
        ("goal", "limpeza dental", "limpeza dos dentes", True),
        ("goal", "limpeza dental", "limpeza de pele", False),
        ("goal", None, None, True),
        ("visit_at", datetime(2025, 3, 13, 18, tzinfo=UTC), datetime(2025, 3, 13, 18, tzinfo=UTC), True),
        ("visit_at", datetime(2025, 3, 13, 18, tzinfo=UTC), datetime(2025, 3, 13, 19, tzinfo=UTC), False),
        # four hours behind UTC: half past three in the morning of the 14th is the evening of the 13th
        ("visit_at", date(2025, 3, 13), datetime(2025, 3, 14, 3, 30, tzinfo=UTC), True),
        ("visit_at", date(2025, 3, 14), datetime(2025, 3, 14, 3, 30, tzinfo=UTC), False),
    ],
)
def test_a_value_is_right_if_a_person_would_say_so(field: str, label: Any, said: Any, right: bool) -> None:
    assert is_right(field, judged({field: label}, {field: said})) is right


def test_mcnemar_by_hand() -> None:
    """Of 6 that only one has right, all on one side: 2 x 1/2^6. Five against one: 2 x (1 + 6) / 2^6."""
    assert mcnemar(6, 0) == pytest.approx(2 / 64)
    assert mcnemar(1, 5) == mcnemar(5, 1) == pytest.approx(14 / 64)
    assert mcnemar(0, 0) == 1 == mcnemar(3, 3)


def test_two_engines_side_by_side() -> None:
    truth = [True, True, True, False, False, False, True, False]
    one = [True, True, True, False, False, True, True, False]
    other = [True, False, False, False, True, False, True, False]
    labels = [Label(is_lead=lead, intent="other") for lead in truth]
    first = [result(is_lead=lead, cost_usd=0.5, latency_ms=10.0) for lead in one]
    second = [result(is_lead=lead, cost_usd=0.0, latency_ms=1.0) for lead in other]
    comparison = compare(first, second, labels)
    field = comparison.fields["is_lead"]
    assert (field.only_first, field.only_second) == (3, 1)
    assert field.agreement == 0.5
    assert field.kappa == pytest.approx(cohen_kappa_score(one, other))
    assert field.p_value == pytest.approx(2 * (1 + 4) / 2**4)
    assert comparison.cost_usd == (4.0, 0.0)
    assert comparison.median_latency_ms == (10.0, 1.0)
    without = compare(first, second).fields["is_lead"]
    assert (without.only_first, without.only_second) == (3, 1)  # who alone says yes
    assert compare(first, second).fields["intent"].p_value is None
    with pytest.raises(ValueError, match="same conversations"):
        compare(first, second[:-1])


def test_the_two_halves_share_nothing_and_are_large_enough() -> None:
    development, test = labelled_conversations("development"), labelled_conversations("test")
    assert len(development) + len(test) >= 240
    assert min(len(development), len(test)) >= 120
    ids = [one.transcript.conversation_id for one in (*development, *test)]
    assert len(set(ids)) == len(ids)

    def said(one: Any) -> frozenset[str]:
        return frozenset(message.content for message in one.transcript.messages if message.speaker == "customer")

    learned_from = {said(one) for one in development}
    assert not [one.transcript.conversation_id for one in test if said(one) in learned_from]
    assert len({said(one) for one in test}) > 0.97 * len(test)


def test_the_rules_keep_their_promise_on_the_half_they_were_not_made_on() -> None:
    conversations = labelled_conversations("test")
    results = RegexAnalyzer().analyze([one.transcript for one in conversations])
    evaluation = evaluate(
        [Judged(one.label, said, one.transcript.timezone) for one, said in zip(conversations, results, strict=True)]
    )
    fields = evaluation.fields
    assert (fields["is_lead"].accuracy.value or 0) >= 0.90
    assert (fields["visit_scheduled"].accuracy.value or 0) >= 0.92
    # most conversations have no visit: being right about those alone must not pass
    assert (fields["visit_scheduled"].f1.value or 0) >= 0.8
    assert evaluation.calibration_error <= 0.1


def test_labels_hold_together() -> None:
    for split in ("development", "test"):
        for one in labelled_conversations(split):
            label, name = one.label, one.transcript.conversation_id
            assert label.visit_at is None or label.visit_scheduled, name
            speakers = {message.speaker for message in one.transcript.messages}
            assert label.handoff_reason is None or {"bot", "human"} <= speakers, name
            assert not (label.is_lead and label.intent in ("supplier", "job_application", "wrong_number")), name
            sent = [message.sent_at for message in one.transcript.messages]
            assert all(before <= after for before, after in combinations(sent, 2)), name
