"""Two tenants alike in everything, who must not see each other: each has rows in every mart, and a word of its own in every text."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from tests.dbt.examples import story
from tests.dbt.raw import NINE, Raw, after

# in every text that each of the two holds, and in nobody else's
WORD, FOREIGN_WORD = "Sereno", "Quixaba"
# the two agents, of whom the secretary is the first
AGENTS = (31, 32)


@story
def ours(raw: Raw) -> None:
    _tell(raw, WORD, people=5, first=100, price=Decimal("110.00"), area="11")


@story
def theirs(raw: Raw) -> None:
    _tell(raw, FOREIGN_WORD, people=9, first=500, price=Decimal("7391.00"), area="86")


def _tell(raw: Raw, word: str, *, people: int, first: int, price: Decimal, area: str) -> None:
    raw.tenant(first_response=300, next_response=300, resolution=3600)
    raw.change("config.tenants", {}, name=f"{word} Ltda")
    raw.put("config.closed_days", closed_on=date(2026, 3, 10), reason=f"{word} day")
    raw.put("raw_chatwoot.inboxes", id=1, name=f"{word} inbox", channel_type="Channel::Whatsapp", timezone="UTC")
    raw.put("raw_chatwoot.teams", id=5, name=f"{word} team")
    for agent_id in AGENTS:
        raw.put("raw_chatwoot.agents", id=agent_id, name=f"{word} agent {agent_id}", email=f"{word.lower()}@x.example")
    raw.put(
        "raw_bot.marketing_campaigns", id=f"{word}-c", name=f"{word} campaign", channel=f"{word} ads", updated_at=NINE
    )
    for day in range(1, 1 + people):
        raw.put(
            "raw_bot.campaign_costs", campaign_id=f"{word}-c", cost_date=date(2026, 3, day), cost=price, currency="BRL"
        )
    for number in range(people):
        _person(raw, word, first + number, agent_id=AGENTS[number % 2], price=price, area=area)
    # one who asked, was answered and left
    raw.contact(first + 90, f"+55{area}9{70000000 + first + 90}", f"{word} Pessoa {first + 90}")
    raw.conversation(first + 90, first + 90, assignee_id=AGENTS[0])
    raw.message(10 * first + 900, first + 90, NINE, "customer")
    raw.message(10 * first + 901, first + 90, after(minutes=3), "human", sender_id=AGENTS[0])
    raw.put("ops.rejected_rows", source="bot", resource="feedback", row_key=word, reason=f"{word} value")
    _estimates(raw, word, people)


def _person(raw: Raw, word: str, id: int, *, agent_id: int, price: Decimal, area: str) -> None:
    phone, lead, talk = f"+55{area}9{70000000 + id}", f"{word}-l{id}", f"{word}-b{id}"
    raw.contact(id, phone, f"{word} Pessoa {id}")
    raw.put("raw_chatwoot.contacts", id=id, email=f"{word.lower()}{id}@mail.example")
    raw.conversation(id, id, assignee_id=agent_id, team_id=5, labels=[f"{word}-label"], status="resolved", db_id=id)
    human = {"sender_type": "user", "sender_id": agent_id}
    for number, (minutes, kind) in enumerate(
        [(0, "customer"), (4, "human"), (9, "customer"), (21, "human"), (30, "customer")]
    ):
        raw.message(10 * id + number, id, after(minutes=minutes), kind, **(human if kind == "human" else {}))
    raw.report(2 * id, id, "conversation_resolved", after(minutes=50), user_id=agent_id, value=3000)
    raw.put(
        "raw_chatwoot.csat_survey_responses",
        id=id,
        conversation_id=id,
        contact_id=id,
        assigned_agent_id=agent_id,
        rating=4,
        feedback_message=f"{word} was good",
        created_at=after(hours=2),
    )
    raw.lead(
        lead,
        phone,
        name=f"{word} Pessoa {id}",
        email=f"{word.lower()}{id}@mail.example",
        source_channel=f"{word} ads",
        campaign_id=f"{word}-c",
        maturity_score=70,
        status="converted",
        converted_at=after(days=2),
    )
    raw.bot_conversation(
        talk,
        lead,
        status="closed",
        ended_at=after(minutes=40),
        handoff_at=after(minutes=10),
        handoff_reason=f"{word} reason",
        playbook=f"{word} playbook",
        resolved_by="human",
    )
    for number, sender in enumerate(["lead", "bot", "lead", "human"]):
        raw.bot_message(f"{talk}-{number}", talk, after(minutes=5 * number), sender)
    intents = {"intent": f"{word} intent", "validated_intent": f"{word} intent", "model": f"{word}-model"}
    raw.put("raw_bot.llm_interactions", id=talk, conversation_id=talk, created_at=NINE, confidence=0.9, **intents)
    raw.put("raw_bot.feedback", id=talk, conversation_id=talk, nps_score=9, score=5, comment=word, created_at=NINE)
    day = after(days=2, hours=id % 5)
    raw.booking(
        talk, lead, procedure=f"{word} procedure", value=price, currency="BRL", status="attended", scheduled_for=day
    )
    raw.analysis(
        f"bot-{talk}",
        is_lead=True,
        visit=True,
        intent=f"{word} intent",
        sentiment="positive",
        contact_name=f"{word} Pessoa",
        goal=f"{word} goal",
        condition=f"{word} condition",
        handoff_reason=f"{word} reason",
        reasoning=f"{word} reasoning",
        suggested_reply=f"{word} reply",
    )


def _estimates(raw: Raw, word: str, people: int) -> None:
    """What ml writes; figures are the tenant's own."""
    figure = 7391.5 if word == FOREIGN_WORD else 110.5
    interval = {"lower_80": figure - 1, "upper_80": figure + 1}
    for number in range(people):
        raw.put(
            "ml.lead_scores",
            person_id=f"{word}-{number}",
            scored_as_of=NINE,
            probability=0.25,
            reason_1=f"{word} reason",
            churn_risk=0.5,
            playbook=f"{word} playbook",
            method="additive",
            model_version=word,
            is_checked=True,
        )
        forecast = {"series": "conversations", "grain": "day", "starts_at": after(days=number), "model": "average"}
        raw.put("ml.demand_forecasts", predicted=figure, trained_until=NINE, **forecast, **interval)
        raw.put(
            "ml.staffing_hours",
            starts_at=after(hours=number),
            skill=f"{word} skill",
            expected=figure,
            needed=people,
            on_duty=1,
            short=people - 1,
            service_level=0.8,
        )
        shift = {"starts_at": after(days=number), "ends_at": after(days=number, hours=6)}
        raw.put("ml.staffing_shifts", person=f"{word} agent {number}", hours=6, cost=figure, **shift)
    raw.put(
        "ml.staffing_plans",
        starts_on=date(2026, 3, 9),
        currency="BRL",
        cost=figure,
        person_hours=people,
        hours_short=figure,
        extra_people=people,
        service_level=0.8,
        target=0.8,
        within_seconds=300,
        share_for_people=1,
        planned_from=NINE,
        fingerprint=word,
    )
    backtest = {"series": "conversations", "grain": "day", "model": "average", "standing": "answers"}
    raw.put("ml.forecast_backtests", mase=figure, trained_until=NINE, **backtest)
    raw.put(
        "ml.anomalies",
        anomaly_id=word,
        series="conversations",
        direction="above",
        started_at=NINE,
        ended_at=after(days=1),
        is_over=True,
        observed=figure,
        expected=1,
        z=5,
        severity="high",
        noticed_at=NINE,
    )
    gain = {"gain": figure, "gain_lower_80": 0, "gain_upper_80": figure, "certainty": 0.9}
    money = {"currency": "BRL", "cost_now": figure, "cost_advised": figure}
    raw.put("ml.budget_allocations", channel=f"{word} ads", verdict=f"{word} advises", **money, **gain)
    worth = {"currency": "BRL", "customers": people, "months": 12, "value": figure, "is_own": True}
    raw.put("ml.customer_values", segment=word, **worth, **interval)
    raw.put("ml.price_responses", procedure=word, bookings=people, prices=2, effect=figure, verdict=word, **interval)
    raw.put(
        "ml.revenue_forecasts",
        month=date(2026, 4, 1),
        currency="BRL",
        expected=figure,
        so_far=0,
        from_pipeline=figure,
        method="pipeline",
        backtest_forecasts=0,
        forecast_as_of=NINE,
        **interval,
    )
