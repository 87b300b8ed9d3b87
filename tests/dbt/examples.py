"""Worked examples: each tells a tiny story as raw rows of a tenant of its own; the tests say what the marts must make of it.

A story returns the source's clock at its last sync; 30 days after it began, unless it says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.dbt.raw import NINE, Raw, after

Story = Callable[[Raw], datetime | None]
ALL: dict[str, Story] = {}


def story(tell: Story) -> Story:
    """Makes the function's name a tenant that lives its story."""
    ALL[tell.__name__] = tell
    return tell


# people ---------------------------------------------------------------------------------------------------------------


@story
def two_contacts_with_one_phone(raw: Raw) -> None:
    raw.contact(7, "+5511988887777", "Ana Maria Lima")
    raw.contact(12, "+5511988887777", "Ana")
    raw.contact(13, "+5511900000000")
    raw.conversation(1, 12)


@story
def a_chain_of_links(raw: Raw) -> None:
    """Contact 1 - lead a - contact 2 - (phone) lead b - contact 3 ... up to contact 40: one person."""
    for number in range(1, 41):
        raw.contact(number)
        raw.conversation(number, number)
    for number in range(1, 40):
        raw.lead(f"l{number}")
        raw.bot_conversation(f"b{number}x", f"l{number}", number)
        raw.bot_conversation(f"b{number}y", f"l{number}", number + 1)
    raw.contact(41)
    raw.conversation(41, 41)


@story
def links_and_phones(raw: Raw) -> None:
    """Contact 1 has lead a's phone; lead a's talk is linked to contact 2's, whose phone lead b has."""
    raw.contact(1, "+5511911111111")
    raw.lead("a", "+5511911111111")
    raw.contact(2, "+5511922222222")
    raw.lead("b", "+5511922222222")
    raw.conversation(20, 2)
    raw.bot_conversation("x", "a", 20)


@story
def not_one_person(raw: Raw) -> None:
    """E-mail does not count, nor does a link to a conversation that is gone."""
    raw.put("raw_chatwoot.contacts", id=1, email="ana@example.com")
    raw.put("raw_chatwoot.contacts", id=2, email="ana@example.com")
    raw.conversation(1, 1)
    raw.delete("raw_chatwoot.conversations", id=1)
    raw.lead("a")
    raw.bot_conversation("x", "a", 1)


@story
def a_talk_known_to_both(raw: Raw) -> None:
    raw.contact(1)
    raw.lead("a")
    raw.conversation(5, 1, created_at=after(minutes=1))
    raw.message(1, 5, after(minutes=1), "customer")
    raw.bot_conversation("x", "a", 5, handoff_at=after(minutes=3), handoff_reason="price", playbook="welcome")
    raw.bot_conversation("y", "a", 5, started_at=after(days=1), handoff_at=after(days=1))
    raw.bot_message("m1", "x", NINE, "lead")
    raw.bot_message("m2", "x", after(5), "bot")
    raw.bot_conversation("alone", "a", 99)
    raw.bot_message("m3", "alone", after(hours=1), "lead")


# the clock of the first response --------------------------------------------------------------------------------------


@story
def from_creation(raw: Raw) -> None:
    raw.conversation(1, first_reply_created_at=after(100))
    raw.message(1, 1, after(10), "customer")
    raw.message(2, 1, after(11), "template")
    raw.message(3, 1, after(12), "rule")
    raw.message(4, 1, after(13), "note")
    raw.message(5, 1, after(100), "human", status="failed")
    raw.message(6, 1, after(200), "human")
    raw.report(1, 1, "first_response", after(100.9), value=100)


@story
def from_the_latest_opening(raw: Raw) -> None:
    """Handed off at 60.2, opened again at 300.7, answered at 400: 100 seconds, both ends cut to whole seconds."""
    raw.conversation(1, first_reply_created_at=after(400))
    raw.message(1, 1, NINE, "customer")
    raw.message(2, 1, after(5), "bot")
    raw.report(1, 1, "conversation_opened", after(60.2))
    raw.report(2, 1, "conversation_bot_handoff", after(60.2))
    raw.report(3, 1, "conversation_resolved", after(200))
    raw.report(4, 1, "conversation_opened", after(300.7))
    raw.message(3, 1, after(400), "human")
    raw.report(5, 1, "conversation_opened", after(500))


@story
def from_the_bots_resolution(raw: Raw) -> None:
    raw.conversation(1, status="resolved", first_reply_created_at=after(900))
    raw.message(1, 1, NINE, "customer")
    raw.message(2, 1, after(5), "bot")
    raw.report(1, 1, "conversation_resolved", after(600))
    raw.report(2, 1, "conversation_bot_resolved", after(600))
    raw.message(3, 1, after(900), "human")


@story
def a_campaign_is_no_reply(raw: Raw) -> None:
    """The API hides that message 1 is a campaign's; the first reply's instant tells."""
    raw.conversation(1, first_reply_created_at=after(hours=2))
    raw.message(1, 1, NINE, "human")
    raw.message(2, 1, after(hours=1), "customer")
    raw.message(3, 1, after(hours=2), "human")
    raw.conversation(2)
    raw.message(4, 2, NINE, "human")
    raw.message(5, 2, after(hours=1), "customer")


@story
def who_is_a_person(raw: Raw) -> None:
    """An echo of the phone's app is; so is a user who was deleted since. A survey without sender is not."""
    raw.conversation(1, first_reply_created_at=after(1))
    raw.message(1, 1, after(1), "echo")
    raw.message(2, 1, after(2), "human", sender_type=None, sender_id=None)
    raw.message(3, 1, after(3), "human", sender_type=None, sender_id=None, content_type="input_csat")
    raw.message(4, 1, after(4), "rule")
    raw.message(5, 1, after(5), "human", content_attributes={"deleted": True})


# status changes -------------------------------------------------------------------------------------------------------


@story
def no_reports(raw: Raw) -> None:
    """A community edition before 4.16: sentences in three languages; a customer opens a talk without a word of it."""
    raw.conversation(1, status="resolved", first_reply_created_at=after(hours=5, minutes=1))
    raw.message(1, 1, NINE, "customer")
    raw.message(2, 1, after(hours=1), "activity", content="Conversa foi marcada como resolvida por Ana")
    raw.message(3, 1, after(hours=2), "activity", content="Conversation was reopened by Ana")
    raw.message(4, 1, after(hours=3), "activity", content="La conversación fue marcada por Ana")
    raw.message(5, 1, after(hours=5), "customer")
    raw.message(6, 1, after(hours=5, seconds=20), "customer")
    raw.message(7, 1, after(hours=5, minutes=1), "human")
    raw.message(8, 1, after(hours=6), "activity", content="A conversa foi adiada por Ana")
    raw.message(9, 1, after(hours=7), "activity", content="O sistema reabriu a conversa devido a uma nova mensagem.")
    raw.message(10, 1, after(hours=8), "activity", content="Ana marcou a conversa como resolvida por engano")
    raw.message(11, 1, after(hours=9), "activity", content="A conversa foi resolvida por Rui")


@story
def reports_and_activities(raw: Raw) -> None:
    """What is reported is not told twice; what lost its report is read from the activity."""
    raw.conversation(1, status="resolved")
    resolved = {"activity": {"type": "conversation_status_changed", "status": "resolved"}}
    raw.report(1, 1, "conversation_resolved", after(hours=1), user_id=1)
    raw.report(2, 1, "conversation_resolved", after(hours=1), user_id=1)
    raw.message(1, 1, after(hours=1, seconds=4), "activity", content_attributes=resolved)
    raw.report(3, 1, "conversation_opened", after(hours=2))
    raw.message(2, 1, after(hours=3), "activity", content_attributes=resolved)


@story
def a_second_hand_off(raw: Raw) -> None:
    """Chatwoot reports the first alone: the second is an opening after the bot took up the resolved talk again."""
    raw.conversation(1, first_reply_created_at=after(hours=1))
    raw.message(1, 1, NINE, "customer")
    raw.message(2, 1, after(2), "bot")
    raw.report(1, 1, "conversation_opened", after(60))
    raw.report(2, 1, "conversation_bot_handoff", after(60))
    raw.message(3, 1, after(hours=1), "human")
    raw.report(3, 1, "conversation_resolved", after(hours=2))
    raw.message(4, 1, after(days=1), "customer")
    raw.message(5, 1, after(days=1, seconds=2), "bot")
    raw.report(4, 1, "conversation_opened", after(days=1, seconds=30))
    raw.message(6, 1, after(days=1, seconds=90), "human")


@story
def late_jobs(raw: Raw) -> None:
    """Chatwoot's queue is 90 seconds behind: what its activities tell has been reported before."""
    resolved, opened = (
        {"activity": {"type": "conversation_status_changed", "status": status}} for status in ("resolved", "open")
    )
    raw.conversation(1, status="resolved", first_reply_created_at=after(3900), assignee_id=3)
    raw.message(1, 1, NINE, "customer")
    raw.report(1, 1, "conversation_opened", after(3600))
    raw.message(2, 1, after(3690), "activity", content_attributes=opened)
    raw.message(3, 1, after(3900), "human", sender_id=3)
    raw.report(2, 1, "conversation_resolved", after(7200), user_id=3)
    raw.message(4, 1, after(7290), "activity", content_attributes=resolved)


@story
def the_bots_own_hand_off(raw: Raw) -> None:
    """Chatwoot reports nothing and writes nothing of it; the bot's database has it."""
    raw.contact(1)
    raw.lead("a")
    raw.conversation(1, 1, first_reply_created_at=after(1560))
    raw.bot_conversation("x", "a", 1, handoff_at=after(1200))
    raw.message(1, 1, NINE, "customer")
    raw.message(2, 1, after(5), "bot")
    raw.message(3, 1, after(1560), "human")


@story
def resolved_by_nobody(raw: Raw) -> None:
    """The bot's resolution of Monday is nobody's, though agent 3 has had the talk since Wednesday."""
    raw.tenant(resolution=3600)
    raw.conversation(1, status="resolved", assignee_id=3, first_reply_created_at=after(days=2, minutes=5))
    raw.message(1, 1, NINE, "customer")
    raw.message(2, 1, after(5), "bot")
    raw.report(1, 1, "conversation_resolved", after(minutes=10), user_id=None)
    raw.report(2, 1, "conversation_bot_resolved", after(minutes=10), user_id=None)
    raw.message(3, 1, after(days=2), "customer")
    raw.report(3, 1, "conversation_opened", after(days=2), user_id=3)
    raw.message(4, 1, after(days=2, minutes=5), "human", sender_id=3)
    raw.report(4, 1, "conversation_resolved", after(days=2, minutes=6), user_id=3)


@story
def born_resolved(raw: Raw) -> None:
    raw.tenant(resolution=3600)
    raw.conversation(1, status="resolved")


# waits ----------------------------------------------------------------------------------------------------------------


@story
def waits(raw: Raw) -> None:
    raw.contact(1)
    raw.conversation(1, first_reply_created_at=after(60))
    raw.message(1, 1, NINE, "customer")
    raw.message(2, 1, after(30), "customer")
    raw.message(3, 1, after(60), "human", sender_id=4)
    raw.message(4, 1, after(70), "human", sender_id=4)
    raw.message(5, 1, after(100), "customer")
    raw.message(6, 1, after(105), "template")
    raw.message(7, 1, after(110), "bot")
    raw.message(8, 1, after(200), "customer")
    raw.message(9, 1, after(250), "human", sender_id=5)
    raw.message(10, 1, after(300), "customer")
    raw.report(1, 1, "conversation_resolved", after(400))
    raw.report(2, 1, "conversation_opened", after(500))
    raw.message(11, 1, after(500), "customer")


@story
def a_wait_begun_by_a_hand_off(raw: Raw) -> None:
    """The bot's last words and its hand-off stand in one second: the words come first."""
    raw.conversation(1, first_reply_created_at=after(100))
    raw.message(1, 1, NINE, "customer")
    raw.message(2, 1, after(10), "bot")
    raw.report(1, 1, "conversation_bot_handoff", after(10.4))
    raw.message(3, 1, after(50), "customer")
    raw.message(4, 1, after(100), "human")


# service levels -------------------------------------------------------------------------------------------------------


@story
def exactly_due(raw: Raw) -> None:
    raw.tenant(first_response=300)
    for number, seconds in ((1, 300), (2, 301)):
        raw.conversation(number, first_reply_created_at=after(seconds))
        raw.message(number * 10, number, NINE, "customer")
        raw.message(number * 10 + 1, number, after(seconds), "human")


@story
def running(raw: Raw) -> datetime:
    """At the clock, exactly 300 seconds after nine: talk 1 is due just now, talk 2 a second ago, talk 3 stands with the bot."""
    raw.tenant(first_response=300)
    raw.conversation(1)
    raw.message(1, 1, NINE, "customer")
    raw.conversation(2, created_at=after(-1))
    raw.message(2, 2, NINE, "customer")
    raw.conversation(3, status="pending")
    raw.message(3, 3, NINE, "customer")
    return after(300)


@story
def not_measured(raw: Raw) -> None:
    raw.tenant(first_response=300)
    raw.conversation(1, first_reply_created_at=NINE)
    raw.message(1, 1, NINE, "human")  # nobody asked
    raw.conversation(2, status="resolved")  # resolved unanswered, in time
    raw.message(2, 2, NINE, "customer")
    raw.report(1, 2, "conversation_resolved", after(300))
    raw.conversation(3, status="resolved")  # the bot's from begin to end
    raw.message(3, 3, NINE, "customer")
    raw.message(4, 3, after(1), "bot")
    raw.report(2, 3, "conversation_resolved", after(hours=9))
    raw.report(3, 3, "conversation_bot_resolved", after(hours=9))
    raw.conversation(4, status="resolved")  # resolved unanswered, too late: the only one that counts
    raw.message(5, 4, NINE, "customer")
    raw.report(4, 4, "conversation_resolved", after(301))


@story
def next_responses(raw: Raw) -> datetime:
    """Waits after the first response: met, breached, ended by a resolution in time, and too late, and one that runs."""
    raw.tenant(next_response=60)
    raw.conversation(1, first_reply_created_at=after(500))
    raw.message(1, 1, NINE, "customer")
    raw.message(2, 1, after(500), "human")
    at = 1000
    for number, (length, end) in enumerate(((60, "human"), (61, "human"), (60, "resolved"), (61, "resolved"))):
        begin = at + number * 1000
        raw.message(10 + number * 2, 1, after(begin), "customer")
        if end == "human":
            raw.message(11 + number * 2, 1, after(begin + length), "human")
        else:
            raw.report(10 + number * 2, 1, "conversation_resolved", after(begin + length))
            raw.report(11 + number * 2, 1, "conversation_opened", after(begin + 900))
    raw.message(90, 1, after(9000), "customer")
    return after(9060)


@story
def closed_without_a_word(raw: Raw) -> None:
    """Of one the closing sentence is in a language not read; the contact of the other is blocked and writes once more."""
    raw.tenant(first_response=300, next_response=300, resolution=86_400)
    for number in (1, 2):
        raw.conversation(number, number, status="resolved", first_reply_created_at=after(60))
        raw.message(10 * number, number, NINE, "customer")
        raw.message(10 * number + 1, number, after(60), "human")
    raw.message(12, 1, after(100), "customer")
    raw.message(13, 1, after(120), "activity", content="La conversation a été marquée comme résolue par Ana")
    raw.contact(2, blocked=True)
    raw.report(1, 2, "conversation_resolved", after(120))
    raw.message(22, 2, after(hours=1), "customer")


@story
def resolutions(raw: Raw) -> datetime:
    """The first resolution counts, from creation; 23:30 in Sao Paulo belongs to that day, not to UTC's next."""
    raw.tenant(resolution=3600)
    late = datetime(2026, 3, 3, 2, 30, tzinfo=UTC)
    raw.conversation(1, status="resolved", created_at=late)
    raw.report(1, 1, "conversation_resolved", late + timedelta(seconds=3600))
    raw.report(2, 1, "conversation_resolved", late + timedelta(days=9))
    raw.conversation(2, inbox_id=2, created_at=late)
    return late + timedelta(seconds=3601)


# the funnel -----------------------------------------------------------------------------------------------------------


@story
def stages(raw: Raw) -> None:
    """A person for each way into each stage; all came by their lead's channel, named after what they reached."""

    def lead(name: str, **columns: Any) -> None:
        raw.lead(name, source_channel=name, **columns)

    def bot_talk(name: str, *senders: str) -> None:
        raw.bot_conversation(name, name)
        for number, sender in enumerate(senders):
            raw.bot_message(f"{name}{number}", name, after(number * 60), sender)

    lead("lead_alone")
    lead("lost", status="lost")
    lead("engaged_in_status_only", status="engaged")
    lead("wrote_before_any_reply")
    bot_talk("wrote_before_any_reply", "lead", "lead", "bot")
    lead("wrote_after_the_bot")
    bot_talk("wrote_after_the_bot", "bot", "lead")
    lead("qualified", status="qualified")
    lead("said_so")
    bot_talk("said_so")
    raw.analysis("bot-said_so", is_lead=True)
    lead("converted_in_status_only", status="converted")
    lead("agreed")
    bot_talk("agreed")
    raw.analysis("bot-agreed", visit=True)
    lead("cancelled")
    raw.booking("b1", "cancelled", status="cancelled")
    lead("attended")
    raw.booking("b2", "attended", status="attended", scheduled_for=after(days=3))
    lead("converted", converted_at=after(days=-1))
    raw.contact(1)  # knows us, never talked: not in the funnel
    raw.contact(2)
    raw.conversation(2, 2, first_reply_created_at=NINE)
    raw.message(1, 2, NINE, "human")  # begun by an agent: in it


@story
def engaged_across_talks(raw: Raw) -> None:
    """A reply in one conversation, the customer's next words in another."""
    raw.contact(1)
    raw.conversation(1, 1, first_reply_created_at=after(60))
    raw.message(1, 1, NINE, "customer")
    raw.message(2, 1, after(60), "human")
    raw.conversation(2, 1, created_at=after(days=2))
    raw.message(3, 2, after(days=2), "customer")


@story
def channels(raw: Raw) -> None:
    """The first lead decides: its own channel, else its campaign's, else (none); `unknown` is a channel."""
    raw.put("raw_bot.marketing_campaigns", id="c1", name="spring", channel="instagram", updated_at=NINE)
    raw.lead("own", source_channel="google", campaign_id="c1")
    raw.lead("campaigns", campaign_id="c1")
    raw.lead("unknown", source_channel="unknown")
    raw.lead("none", campaign_id="c9")
    raw.lead("second", "+5511999990000", source_channel="late", created_at=after(hours=1))
    raw.lead("first", "+5511999990000")


@story
def first_contact(raw: Raw) -> None:
    """23:30 on Sunday in Sao Paulo is Monday in UTC; the lead came before the conversation."""
    sunday = datetime(2026, 3, 2, 2, 30, tzinfo=UTC)
    raw.contact(1, "+5511988887777")
    raw.lead("a", "+5511988887777", created_at=sunday, converted_at=sunday + timedelta(days=3))
    raw.conversation(1, 1, created_at=after(hours=2))


@story
def won_before_contact(raw: Raw) -> None:
    raw.lead("a", source_channel="google", converted_at=after(days=-2))


# money and voices -----------------------------------------------------------------------------------------------------


@story
def money(raw: Raw) -> None:
    """Booked in February, attended on the last evening of February in Sao Paulo, which is March in UTC."""
    evening = datetime(2026, 3, 1, 1, 0, tzinfo=UTC)
    raw.put("raw_bot.marketing_campaigns", id="c1", name="spring", channel="google", updated_at=NINE)
    raw.put(
        "raw_bot.campaign_costs", campaign_id="c1", cost_date=date(2026, 2, 1), cost=Decimal("50.00"), currency="BRL"
    )
    raw.put("raw_bot.campaign_costs", campaign_id="c1", cost_date=date(2026, 2, 28), cost=Decimal("50.00"))
    raw.put(
        "raw_bot.campaign_costs", campaign_id="c1", cost_date=date(2026, 2, 2), cost=Decimal("9.99"), currency="USD"
    )
    raw.put(
        "raw_bot.campaign_costs", campaign_id="c9", cost_date=date(2026, 2, 2), cost=Decimal("1.00"), currency="BRL"
    )
    raw.lead("a", source_channel="google", created_at=after(days=-20))
    raw.lead("b", source_channel="google", created_at=after(days=-20))
    february = after(days=-15)
    raw.booking("1", "a", status="attended", value=Decimal("200.00"), booked_at=february, scheduled_for=evening)
    raw.booking("2", "a", status="attended", value=None, booked_at=february)
    raw.booking("3", "a", status="attended", value=Decimal("30.00"), currency="USD", booked_at=february)
    raw.booking("4", "b", status="booked", value=Decimal("80.00"), booked_at=february)
    raw.booking("5", "gone", status="attended", value=Decimal("7.00"), booked_at=NINE)


@story
def a_form_long_ago(raw: Raw) -> None:
    """The lead's form came 200 days before; the talk is of the week of the purchase."""
    raw.contact(1, "+5511988887777")
    raw.lead("a", "+5511988887777", source_channel="google", created_at=after(days=-200))
    raw.conversation(1, 1)
    raw.bot_conversation("x", "a", 1)
    raw.booking("1", "a", status="attended", value=Decimal(100), booked_at=after(days=3))


@story
def a_gone_lead_pays(raw: Raw) -> None:
    """The bot forgot the lead; its talk and its attended booking are there."""
    raw.lead("g", source_channel="google")
    raw.bot_conversation("x", "g")
    raw.booking("1", "g", status="attended", value=Decimal(100), scheduled_for=after(days=1))
    raw.delete("raw_bot.leads", id="g")


@story
def currencies_as_typed(raw: Raw) -> None:
    raw.lead("a")
    for number, currency in enumerate(("BRL", None, "", "brl", "BRL ")):
        raw.booking(str(number), "a", status="attended", value=Decimal(10), currency=currency)


@story
def chatwoot_given_up(raw: Raw) -> datetime:
    """On the first day, by its own clock; the bot has been read to this day, the 31st of March."""
    raw.tenant(owner_cost_per_month=3100).change("config.tenants", {}, has_chatwoot=False)
    raw.lead("a", source_channel="google")
    raw.booking("1", "a", status="attended", value=Decimal(100), booked_at=after(days=20))
    raw.booking("2", "a", value=Decimal(50), booked_at=NINE, scheduled_for=after(days=10))
    raw.connection.execute(
        "insert into ops.sync_runs (tenant_id, sync_id, source, mode, status, started_at, finished_at, source_clock)"
        " values (%s, 0, 'bot', 'incremental', 'succeeded', %s, %s, %s)",
        [raw.tenant_id, *[after(days=29)] * 3],
    )
    return after(hours=1)


@story
def voices(raw: Raw) -> None:
    raw.lead("a")
    raw.conversation(1, None)
    raw.bot_conversation("x", "a", 1)
    raw.bot_conversation("y", "a")
    january_here = datetime(2026, 2, 1, 2, 0, tzinfo=UTC)
    for number, score in enumerate((10, 9, 8, 7, 6, 0)):
        raw.put("raw_bot.feedback", id=f"f{number}", conversation_id="x", nps_score=score, created_at=january_here)
    raw.put("raw_bot.feedback", id="march", conversation_id="y", nps_score=0, score=2, comment="slow", created_at=NINE)
    raw.put("raw_bot.feedback", id="csat", conversation_id="gone", score=5, created_at=NINE)
    raw.put(
        "raw_chatwoot.csat_survey_responses", id=1, conversation_id=1, rating=4, assigned_agent_id=3, created_at=NINE
    )


@story
def surveys(raw: Raw) -> None:
    """Two sent on Monday: one answered on Thursday with 2, corrected to 4 since, by when its agent had left the talk to 8."""
    for number, assignee in ((1, 8), (2, 9)):
        raw.conversation(number, None, assignee_id=assignee)
        raw.message(number, number, NINE, "template", content_type="input_csat")
    raw.put(
        "raw_chatwoot.csat_survey_responses",
        id=1,
        conversation_id=1,
        message_id=1,
        rating=4,
        assigned_agent_id=7,
        created_at=after(days=3),
    )


# doubtful data --------------------------------------------------------------------------------------------------------


@story
def hand_offs(raw: Raw) -> None:
    """The first one, of Monday, is without a reason; the second talk's is blank."""
    raw.lead("a")
    raw.conversation(1)
    raw.bot_conversation("x", "a", 1, handoff_at=after(60))
    raw.bot_conversation("y", "a", 1, started_at=after(days=9), handoff_at=after(days=9), handoff_reason="complaint")
    raw.bot_conversation("z", "a", handoff_at=after(60), handoff_reason=" ")


@story
def read_wrong(raw: Raw) -> None:
    """Of three readings one was validated, and one by a blank."""
    raw.lead("a")
    raw.bot_conversation("x", "a")
    for number, validated in enumerate(("price", " ", None)):
        raw.put(
            "raw_bot.llm_interactions",
            id=str(number),
            conversation_id="x",
            intent="price",
            validated_intent=validated,
            created_at=NINE,
        )


@story
def ten_of_monday(raw: Raw) -> datetime:
    """Decision 17: ten talks of agent 3, resolved on Monday; on Wednesday one was opened again."""
    raw.put("raw_chatwoot.teams", id=1, name="Sales")
    for number in range(1, 11):
        raw.contact(number)
        raw.conversation(
            number, number, status="open" if number == 1 else "resolved", assignee_id=3, team_id=1 + number // 10
        )
        raw.message(number, number, NINE, "customer")
        raw.report(number, number, "conversation_resolved", after(hours=1), user_id=3)
    raw.report(11, 1, "conversation_opened", after(days=2), user_id=3)
    return after(days=2, hours=1)


@story
def doubtful(raw: Raw) -> datetime:
    """One of each; told on the 4th of March, when the booking of the 3rd is overdue and the one of the 5th is not."""
    raw.conversation(1, None)
    raw.conversation(2, None)
    raw.conversation(3, 7)
    raw.bot_conversation("z", "gone")
    raw.booking("some day", "b")
    raw.lead("a", campaign_id="gone", converted_at=after(days=-1))
    raw.lead("b", status="converted")
    raw.bot_conversation("x", "a", 2, ended_at=after(-1), handoff_at=after(-1), status="closed")
    raw.bot_conversation("y", "b", status="closed")
    raw.bot_message("m", "gone", NINE, "lead")
    raw.put("raw_bot.llm_interactions", id="i", conversation_id="gone", created_at=NINE)
    raw.put("raw_bot.feedback", id="f", conversation_id="gone", score=5, nps_score=9, created_at=NINE)
    raw.booking("due", "b", scheduled_for=after(days=1))
    raw.booking("not due", "b", scheduled_for=after(days=3))
    raw.booking("early", "gone", status="attended", scheduled_for=after(days=9))
    for number in (1, 2):
        raw.put(
            "ops.rejected_rows", source="bot", resource="leads", row_key=str(number), reason="-", first_seen_at=NINE
        )
    for sync_id, hours, status in ((-3, 0, "succeeded"), (-2, 1, "failed"), (-1, 4, "succeeded"), (0, 7, "succeeded")):
        at = after(hours=hours)
        raw.connection.execute(
            "insert into ops.sync_runs (tenant_id, sync_id, source, mode, status, started_at, finished_at)"
            " values (%s, %s, 'bot', 'incremental', %s, %s, %s)",
            [raw.tenant_id, sync_id, status, at, at],
        )
    return after(days=2)
