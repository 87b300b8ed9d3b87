"""A small account made by hand, with something of everything: the server's tests know each of its rows."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sandbox.world.records import (
    Account,
    AgentBot,
    AppliedSla,
    Contact,
    Conversation,
    CsatResponse,
    Inbox,
    Label,
    Message,
    ReportingEvent,
    SlaEvent,
    SlaPolicy,
    Team,
    User,
    WorkingHour,
)

NOW = datetime(2026, 3, 16, 15, 0, 0, 250_000, tzinfo=UTC)  # a Monday
ADMIN_TOKEN = "admin-token"
AGENT_TOKEN = "agent-token"
BOT_TOKEN = "bot-token"

ADMIN, ANA, BRUNO = 1, 2, 3
WHATSAPP, WEB, EMAIL = 1, 2, 3


def at(day: int, hour: int = 12, minute: int = 0, second: int = 0, microsecond: int = 123_456) -> datetime:
    """A moment of March 2026."""
    return datetime(2026, 3, day, hour, minute, second, microsecond, tzinfo=UTC)


def week(opens: int, closes: int) -> list[WorkingHour]:
    return [
        WorkingHour(day, closed_all_day=True)
        if day in (0, 6)
        else WorkingHour(day, open_hour=opens, open_minutes=0, close_hour=closes, close_minutes=0)
        for day in range(7)
    ]


def small_account(*, version: tuple[int, int, int] = (4, 16, 2), enterprise: bool = True) -> Account:
    account = Account(
        id=1, name="Academia Pequena", api_token=ADMIN_TOKEN, now=NOW, version=version, enterprise=enterprise
    )
    account.users = {
        ADMIN: User(ADMIN, "Rita Chefe", "rita@example.com", "administrator", "online"),
        ANA: User(ANA, "Ana Lima", "ana@example.com"),
        BRUNO: User(BRUNO, "Bruno Reis", "bruno@example.com", availability_status="busy"),
    }
    account.agent_bots = {1: AgentBot(1, "Robo")}
    account.teams = {1: Team(1, "vendas", member_ids=[ANA]), 2: Team(2, "suporte", member_ids=[BRUNO])}
    account.labels = {1: Label(1, "vip"), 2: Label(2, "aula-teste")}
    account.inboxes = {
        WHATSAPP: Inbox(
            WHATSAPP, "WhatsApp", "Channel::Whatsapp", "whatsapp_cloud", "America/Sao_Paulo", True, week(8, 18),
            csat_survey_enabled=True, agent_bot_id=1, member_ids=[ANA],
            secrets={"provider_config": {"api_key": "whatsapp-secret"}},
        ),
        WEB: Inbox(WEB, "Site", "Channel::WebWidget", member_ids=[BRUNO], secrets={"hmac_token": "web-secret"}),
        EMAIL: Inbox(EMAIL, "Email", "Channel::Email", member_ids=[ANA, BRUNO]),
    }  # fmt: skip
    if enterprise:
        account.sla_policies = {1: SlaPolicy(1, "Ouro", "rapido", 300.0, 900.0, 86_400.0)}
    for number in range(1, 31):
        _add_talk(account, number)
    # visitors of the site whom nobody knows: no e-mail, no phone, no identifier
    account.contacts[31] = Contact(31, "frosty-night-31", at(12), at(12))
    account.conversations[1_031] = _conversation(31, WEB, 31, "open", at(12, 18))
    _register(account, 1_031)
    _say(account, 1_031, "incoming", at(12, 18), "oi?", "Contact", 31)
    account.contacts[32] = Contact(32, "Bloqueado", at(2), at(2), phone_number="+5511988880032", blocked=True)
    return account


def _add_talk(account: Account, number: int) -> None:
    """Talk `number`: display id `number`, database id 1000 + number; its contact has the same number."""
    started = at(1) + timedelta(hours=8 * number, seconds=number)
    inbox = (WHATSAPP, WEB, EMAIL)[number % 3]
    status = ("open", "resolved", "pending", "snoozed")[number % 4]
    account.contacts[number] = Contact(
        number,
        f"Cliente {number:02d}",
        started,
        started,
        email=f"cliente{number}@example.com" if number % 2 else None,
        phone_number=f"+55119{number:08d}",
        last_activity_at=started if number % 5 else None,
        additional_attributes={
            "city": "Campinas" if number % 2 else "Santos",
            "country": "Brazil",
            "country_code": "BR",
            "created_at_ip": "203.0.113.7",
        },
        custom_attributes={"plano": "Gold" if number % 2 else "Basic"},
    )
    db_id = 1_000 + number
    talk = _conversation(number, inbox, number, status, started)
    account.conversations[db_id] = talk
    _register(account, db_id)
    _say(account, db_id, "incoming", started, f"Oi, quanto custa? {number}", "Contact", number)
    if inbox == WHATSAPP:
        _say(account, db_id, "outgoing", started + timedelta(seconds=5), "Sou o robô.", "AgentBot", 1)
        talk.assignee_agent_bot_id = 1 if status == "pending" else None
    if status != "pending":
        talk.assignee_id = (ANA, BRUNO)[number % 2]
        talk.team_id = 1 if number % 2 else None
        reply = started + timedelta(minutes=7)
        _say(account, db_id, "outgoing", reply, "Bom dia! R$ 199.", "User", talk.assignee_id)
        talk.first_reply_created_at = reply
        talk.waiting_since = None
        _event(account, "first_response", db_id, started, reply, talk.assignee_id)
        _say(account, db_id, "outgoing", reply + timedelta(seconds=9), "liga pra ela", "User", ADMIN, private=True)
    if status == "resolved":
        done = started + timedelta(hours=2)
        _say(
            account, db_id, "activity", done, "Conversa foi marcada como resolvida por Ana Lima", None, None,
            content_attributes={"activity": {"type": "conversation_status_changed", "status": "resolved"}},
        )  # fmt: skip
        _event(account, "conversation_resolved", db_id, started, done, talk.assignee_id)
        survey = _say(account, db_id, "template", done, "Avalie", None, None, content_type="input_csat")
        answered = done + timedelta(minutes=3)
        account.csat_responses[number] = CsatResponse(
            number, db_id, survey.id, number, 1 + number % 5, answered, answered, "ok", talk.assignee_id
        )
    if status == "snoozed":
        talk.snoozed_until = at(20, 9, microsecond=0)
    if number % 3 == 0:
        talk.labels = ["vip", "aula-teste"] if number % 2 else ["vip"]
    if number % 7 == 0:
        talk.priority = "urgent" if number % 2 else "low"
        talk.custom_attributes = {"valor": number, "origem": "Instagram", "visita": f"2026-03-{number:02d}"}
    if account.sla_policies and number % 2:
        talk.sla_policy_id = 1
        missed = number % 4 == 1
        account.applied_slas[number] = AppliedSla(number, 1, db_id, "missed" if missed else "hit", started, started)
        if missed:
            account.sla_events[number] = SlaEvent(number, number, db_id, "frt", started, started)


def _conversation(display_id: int, inbox: int, contact: int, status: str, started: datetime) -> Conversation:
    return Conversation(
        id=1_000 + display_id,
        display_id=display_id,
        uuid=f"00000000-0000-4000-8000-{display_id:012d}",
        inbox_id=inbox,
        contact_id=contact,
        status=status,  # type: ignore[arg-type]
        created_at=started,
        updated_at=started,
        last_activity_at=started,
        waiting_since=started,
        additional_attributes={"browser_language": "pt", "referer": f"https://example.com/p/{display_id}"},
    )


def _register(account: Account, db_id: int) -> None:
    account.messages_of[db_id] = []
    account.by_display_id[account.conversations[db_id].display_id] = db_id


def _say(
    account: Account,
    db_id: int,
    message_type: str,
    moment: datetime,
    content: str,
    sender_type: str | None,
    sender_id: int | None,
    **columns: object,
) -> Message:
    talk = account.conversations[db_id]
    message = Message(
        id=5_000 + len(account.messages),
        conversation_id=db_id,
        inbox_id=talk.inbox_id,
        message_type=message_type,  # type: ignore[arg-type]
        created_at=moment,
        updated_at=moment,
        content=content,
        sender_type=sender_type,  # type: ignore[arg-type]
        sender_id=sender_id,
        **columns,  # type: ignore[arg-type]
    )
    account.messages[message.id] = message
    account.messages_of[db_id].append(message.id)
    talk.last_activity_at = talk.updated_at = moment
    return message


def _event(
    account: Account, name: str, db_id: int, start: datetime, end: datetime, user_id: int | None
) -> ReportingEvent:
    # the listener's job writes the row a little later than what it reports
    written = end + timedelta(seconds=2)
    seconds = float(int(end.timestamp()) - int(start.timestamp()))
    event_id = 9_000 + len(account.reporting_events)
    inbox_id = account.conversations[db_id].inbox_id
    event = ReportingEvent(event_id, name, seconds, seconds, inbox_id, db_id, user_id, start, end, written, written)
    account.reporting_events[event_id] = event
    return event


# for tests that go on where the account ends
add_message = _say
add_event = _event
