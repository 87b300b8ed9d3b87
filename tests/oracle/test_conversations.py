"""The oracle's own arithmetic, by hand: what is told of a talk."""

from __future__ import annotations

from datetime import datetime

import pytest

from tests.oracle.build import NINE, after, facts_of, rows_of, talk
from tests.oracle.conversations import fct_conversations

Story = list[tuple[float, str]]


@pytest.mark.parametrize(
    ("born_status", "story", "ended_at"),
    [
        pytest.param("open", [(0, "customer"), (9, "resolved")], after(9), id="resolved unanswered"),
        pytest.param("open", [(0, "customer"), (5, "human"), (9, "resolved")], None, id="answered"),
        pytest.param("open", [(0, "customer"), (9, "snoozed")], None, id="asleep is not over"),
        pytest.param(
            "open", [(0, "customer"), (9, "resolved"), (20, "opened"), (30, "pending")], after(30), id="a new clock"
        ),
        pytest.param("pending", [(0, "customer"), (9, "resolved"), (9, "bot_resolved")], after(9), id="by the bot"),
        pytest.param("resolved", [], NINE, id="born resolved"),
        pytest.param("resolved", [(5, "customer"), (5, "opened")], None, id="born resolved, then opened"),
    ],
)
def test_an_unanswered_talk_is_over_where_the_team_no_longer_has_it(
    born_status: str, story: Story, ended_at: datetime | None
) -> None:
    facts = facts_of(talk(story, born_status=born_status))
    assert rows_of(fct_conversations(facts), "first_response_ended_at") == [(ended_at,)]


def test_whoever_writes_in_the_second_of_a_reply_does_not_answer_it() -> None:
    story = [(0, "customer"), (5.1, "bot"), (5.9, "customer"), (6, "customer"), (7, "human"), (8, "customer")]
    columns = ("first_reply_at", "first_message_after_reply_at", "first_human_reply_at", "last_message_at")
    assert rows_of(fct_conversations(facts_of(talk(story))), *columns) == [(after(5), after(6), after(7), after(8))]


@pytest.mark.parametrize(
    ("born_status", "story", "only_with_bot"),
    [
        pytest.param("pending", [(0, "customer"), (5, "bot")], True, id="with the bot"),
        pytest.param("pending", [(9, "resolved"), (9, "bot_resolved")], True, id="closed by it"),
        pytest.param("pending", [(9, "opened"), (9, "handed_off")], False, id="handed off"),
        pytest.param("pending", [(9, "opened")], False, id="opened"),
        pytest.param("pending", [(9, "human")], False, id="a person wrote"),
        pytest.param("open", [(5, "bot")], False, id="people had it from the first"),
    ],
)
def test_only_with_the_bot(born_status: str, story: Story, only_with_bot: bool) -> None:
    facts = facts_of(talk(story, born_status=born_status))
    assert rows_of(fct_conversations(facts), "is_only_with_bot") == [(only_with_bot,)]


@pytest.mark.parametrize(
    ("closed", "story", "reopened"),
    [
        (True, [(9, "resolved")], False),
        (False, [(9, "resolved"), (20, "opened")], True),
        (True, [(9, "resolved"), (20, "opened"), (30, "resolved")], True),
        (False, [], False),
        (True, [], False),
    ],
)
def test_reopened_is_resolved_and_again_or_no_longer(closed: bool, story: Story, reopened: bool) -> None:
    row, moments = talk(story)
    facts = facts_of((dict(row) | {"closed": closed}, moments))
    assert rows_of(fct_conversations(facts), "is_reopened") == [(reopened,)]


def test_a_hand_off_is_dated_by_whoever_tells_it_first() -> None:
    story = talk([(0, "customer"), (9.5, "handed_off"), (9.5, "opened")], born_status="pending")
    for told_by_the_bot, handed_off_at in ((after(8.9), after(8)), (after(10), after(9)), (None, after(9))):
        facts = facts_of(story, bot_talks=[{"talk_id": "chatwoot-1", "handoff_at": told_by_the_bot}])
        assert rows_of(fct_conversations(facts), "has_bot", "handed_off_at") == [(True, handed_off_at)]


def test_the_last_event_tells_where_a_talk_stands() -> None:
    for story, last in (
        ([], (NINE, "created")),
        ([(0, "customer"), (9, "resolved"), (9, "bot_resolved")], (after(9), "resolved")),
        ([(0, "customer"), (9, "bot"), (9, "handed_off"), (9, "opened")], (after(9), "handed_off")),
    ):
        assert rows_of(fct_conversations(facts_of(talk(story))), "last_event_at", "last_event") == [last]
