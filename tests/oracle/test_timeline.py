"""The oracle's own arithmetic, by hand: the response clock, the waits, the resolutions."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.oracle.build import NINE, facts_of, rows_of, talk
from tests.oracle.conversations import fct_conversations
from tests.oracle.replies import fct_replies


def waits_of(story: list[tuple[float, str]]) -> list[tuple[object, ...]]:
    return rows_of(fct_replies(facts_of(talk(story))), "wait_seconds", "ended_by", "is_first_response")


def first_response(story: list[tuple[float, str]]) -> object:
    return fct_conversations(facts_of(talk(story)))["first_response_seconds"].iloc[0]


def test_a_wait_runs_from_the_first_unanswered_message_to_the_reply() -> None:
    # writes at 0 and 20, answered at 50: one wait of 50, the first response. Writes at 100, answered at 130: 30
    story = [(0, "customer"), (20, "customer"), (50, "human"), (100, "customer"), (130, "human"), (140, "human")]
    assert waits_of(story) == [(50, "human_reply", True), (30, "human_reply", False)]


def test_the_bot_and_a_resolution_end_a_wait_and_the_last_may_run_on() -> None:
    story = [(0, "customer"), (5, "bot"), (60, "customer"), (90, "resolved"), (200, "customer")]
    assert waits_of(story) == [(5, "bot_reply", False), (30, "resolved", False), (None, None, False)]


def test_a_hand_off_begins_a_wait_only_when_none_runs() -> None:
    # the bot has answered at 5, so the hand-off at 6 begins a wait: 56 seconds to the reply at 62
    assert waits_of([(0, "customer"), (5, "bot"), (6, "handed_off"), (62, "human")]) == [
        (5, "bot_reply", False),
        (56, "human_reply", True),
    ]
    # the customer was waiting since 0 when it was handed off: the wait is the customer's
    assert waits_of([(0, "customer"), (6, "handed_off"), (62, "human")]) == [(62, "human_reply", True)]


def test_a_first_response_that_ends_no_wait_leaves_none() -> None:
    # the agent writes first; the customer answers at 100 and is answered at 110: that wait is not the first response
    assert waits_of([(0, "human"), (100, "customer"), (110, "human")]) == [(10, "human_reply", False)]


def test_both_ends_of_a_duration_are_cut_to_whole_seconds() -> None:
    # 0.9 is cut to 0 and 10.1 to 10: ten seconds, where the true distance is 9.2
    assert waits_of([(0.9, "customer"), (10.1, "human")]) == [(10, "human_reply", True)]
    # created at 0.5, cut to 0; answered at 1.4, cut to 1
    late = talk([(0.9, "human")], began=NINE + timedelta(seconds=0.5))
    assert fct_conversations(facts_of(late))["first_response_seconds"].iloc[0] == 1


@pytest.mark.parametrize(
    ("story", "seconds"),
    [
        pytest.param([(3, "customer"), (40, "human")], 40, id="from creation, not from the first message"),
        pytest.param([(0, "human")], 0, id="begun by an agent"),
        pytest.param(
            [(0, "customer"), (5, "bot"), (60, "opened"), (60, "handed_off"), (100, "human")], 40, id="hand-off"
        ),
        pytest.param([(0, "customer"), (50, "resolved"), (80, "opened"), (100, "human")], 20, id="re-opened"),
        pytest.param(
            [(0, "customer"), (9, "snoozed"), (90, "opened"), (100, "human"), (200, "opened")], 10, id="woken"
        ),
        pytest.param(
            [(0, "customer"), (5, "bot"), (30, "resolved"), (30, "bot_resolved"), (100, "human")],
            70,
            id="bot resolution",
        ),
        pytest.param(
            [(6, "handed_off"), (30, "resolved"), (30, "bot_resolved"), (100, "human")],
            94,
            id="a hand-off before a bot resolution still counts, as Chatwoot looks for it first",
        ),
        pytest.param([(0, "customer"), (5, "bot")], None, id="none yet"),
    ],
)
def test_the_first_response_is_measured_from_where_chatwoot_measures_it(
    story: list[tuple[float, str]], seconds: object
) -> None:
    assert first_response(story) == seconds


def test_every_resolution_is_measured_from_creation() -> None:
    row = rows_of(
        fct_conversations(facts_of(talk([(0, "customer"), (60, "resolved"), (90, "opened"), (150, "resolved")]))),
        "resolutions",
        "resolution_seconds",
    )
    assert row == [(2, 60)]
