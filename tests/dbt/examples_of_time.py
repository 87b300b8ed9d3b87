"""Worked examples about opening hours and service levels, told as in `examples.py`. Nine o'clock is of Monday, 2 March 2026."""

from __future__ import annotations

from datetime import date, datetime

from tests.dbt.examples import story
from tests.dbt.raw import NINE, Raw, after


def answered(raw: Raw, number: int, begins: datetime, replies: datetime | None, **columns: object) -> None:
    """A customer's message and the reply to it."""
    raw.conversation(number, created_at=begins, first_reply_created_at=replies, **columns)
    raw.message(number * 10, number, begins, "customer")
    if replies:
        raw.message(number * 10 + 1, number, replies, "human")


def open_on(raw: Raw, days: range, opens: str, closes: str) -> None:
    for day in days:
        raw.put("config.business_hours", day_of_week=day, opens_at=opens, closes_at=closes, began_day_before=False)


@story
def over_a_holiday(raw: Raw) -> datetime:
    """Open 08:00 to 18:00 from Monday to Friday, closed on Tuesday. 15 minutes of open time are allowed."""
    raw.tenant()
    open_on(raw, range(1, 6), "08:00", "18:00")
    raw.put("config.closed_days", closed_on=date(2026, 3, 3), reason="holiday")
    raw.policy("first_response", 900, business_hours_only=True)
    monday_17_50, wednesday_08_05 = after(hours=8, minutes=50), after(days=1, hours=23, minutes=5)
    answered(raw, 1, monday_17_50, wednesday_08_05)
    answered(raw, 2, monday_17_50, after(1, days=1, hours=23, minutes=5))
    answered(raw, 3, monday_17_50, None)
    # 17:45: the quarter of an hour ends as they close, and is still not over when they open
    answered(raw, 4, after(hours=8, minutes=45), after(days=1))
    return wednesday_08_05


@story
def never_open(raw: Raw) -> None:
    """An inbox that is closed on every day: nothing is ever late."""
    raw.tenant()
    raw.put("raw_chatwoot.inboxes", id=2, name="inbox", timezone="America/Sao_Paulo", working_hours_enabled=True)
    for day in range(7):
        raw.put("raw_chatwoot.working_hours", inbox_id=2, day_of_week=day, closed_all_day=True, open_all_day=False)
    raw.policy("first_response", 60, business_hours_only=True)
    answered(raw, 1, NINE, None, inbox_id=2)
    answered(raw, 2, NINE, after(days=3), inbox_id=2)


@story
def past_midnight(raw: Raw) -> None:
    """Open on Saturdays from 20:00 to 02:00. Sunday the 8th is a holiday, and Saturday the 14th."""
    raw.tenant()
    raw.put("config.business_hours", day_of_week=6, opens_at="20:00", closes_at="24:00", began_day_before=False)
    raw.put("config.business_hours", day_of_week=0, opens_at="00:00", closes_at="02:00", began_day_before=True)
    for day in (8, 14):
        raw.put("config.closed_days", closed_on=date(2026, 3, day), reason="holiday")
    for number, days in ((1, 5), (2, 12), (3, 19)):
        answered(raw, number, after(days=days, hours=14), after(days=days, hours=18))  # 23:00 to 03:00


@story
def changed_policies(raw: Raw) -> None:
    """Five minutes until ten o'clock, then one; half a minute where it is urgent, ten minutes in inbox 2."""
    ten = after(hours=1)
    raw.tenant()
    raw.policy("first_response", 300, valid_to=ten)
    raw.policy("first_response", 60, ten)
    raw.policy("first_response", 30, ten, priority="urgent")
    raw.policy("first_response", 600, ten, inbox_id=2)
    answered(raw, 1, NINE, after(200))
    answered(raw, 2, ten, after(200, hours=1))
    answered(raw, 3, ten, after(200, hours=1), inbox_id=2)
    answered(raw, 4, ten, after(200, hours=1), inbox_id=2, priority="urgent")
    answered(raw, 5, after(-1, hours=1), after(200, hours=1), priority="urgent")


@story
def chatwoots_policy(raw: Raw) -> None:
    """The tenant allows five minutes for a first response, Chatwoot one, and two for each next one since it was applied."""
    raw.tenant(first_response=300)
    raw.put(
        "raw_chatwoot.sla_policies",
        id=8,
        name="policy",
        first_response_seconds=60,
        next_response_seconds=120,
        only_during_business_hours=False,
    )
    answered(raw, 1, NINE, after(200))
    for number, begins in enumerate((600, 1200), start=12):
        raw.message(number * 10, 1, after(begins), "customer")
        raw.message(number * 10 + 1, 1, after(begins + 121), "human")
    raw.put(
        "raw_chatwoot.applied_slas",
        id=1,
        conversation_id=1,
        sla_policy_id=8,
        sla_status="active",
        created_at=after(900),
    )


@story
def assignments(raw: Raw) -> None:
    raw.conversation(1)
    for number, sentence in enumerate(
        (
            "Atribuído a Ana por Bruno",
            "Ana atribuiu a si mesmo essa conversa",
            "Conversa desatribuída por Ana",
            "Assigned to sales by Bruno",
            "Ana self-assigned this conversation",
            "Asignado a Ana por Bruno",
            "Ana silenciou a conversa",
        )
    ):
        raw.message(number + 1, 1, after(number), "activity", content=sentence)


@story
def a_team_at_work(raw: Raw) -> None:
    """Agent 1 answers contacts 1 and 2, agent 2 contact 1; who comes back within a week was not served at first contact."""
    raw.tenant(first_response=60)
    for contact_id, phone in ((1, "+5511911110001"), (2, "+5511911110002")):
        raw.contact(contact_id, phone)
    answered(raw, 1, NINE, after(50), assignee_id=1, status="resolved")
    raw.message(12, 1, after(80), "human", sender_id=2)
    raw.report(1, 1, "conversation_resolved", after(100), user_id=1)
    answered(raw, 2, after(hours=1), after(90, hours=1), contact_id=2, assignee_id=1, status="resolved")
    raw.report(2, 2, "conversation_resolved", after(200, hours=1), user_id=1)
    # contact 1 is back on the sixth day, contact 2 on the eighth
    raw.conversation(3, 1, created_at=after(days=6), inbox_id=1)
    raw.conversation(4, 2, created_at=after(days=8), inbox_id=1)
    raw.lead("a", "+5511911110001", status="converted", converted_at=after(minutes=30))
    raw.put(
        "raw_chatwoot.csat_survey_responses",
        id=1,
        conversation_id=1,
        assigned_agent_id=1,
        rating=4,
        created_at=after(500),
    )
