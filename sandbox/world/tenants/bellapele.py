"""Bella Pele: a small beauty clinic in Manaus, without a bot, on an older community edition of Chatwoot."""

from __future__ import annotations

from sandbox.world.opening import week_hours
from sandbox.world.profile import OFFICE_HOURS, Door, Profile

ZONE = "America/Manaus"
HOURS = tuple(week_hours(("09:00", "19:00"), ("09:00", "14:00")))

BELLAPELE = Profile(
    slug="bellapele",
    name="Bella Pele Estética",
    vertical="clinic",
    texts="beauty",
    account_id=2,
    timezone=ZONE,
    subdivision="AM",
    areas=("92", "92", "92", "97"),
    version=(4, 12, 0),
    enterprise=False,
    conversations=400,
    bot_only_talks=0,
    bot_name=None,
    bot_id_type="integer",
    doors=(
        Door(
            "WhatsApp Bella Pele",
            "whatsapp",
            "Channel::Api",
            0.82,
            timezone=ZONE,
            hours=HOURS,
            reopens=0.8,
            greeting=True,
            out_of_office=True,
            secrets={"hmac_token": "c0ffeesandbox", "inbox_identifier": "sandboxInboxIdentifier2"},
        ),
        Door("Instagram Bella", "instagram", "Channel::Instagram", 0.18, timezone=ZONE, hours=HOURS, csat=False),
    ),
    staff_hours=HOURS,
    agents=("Bianca Farias", "Renata Amaral", "Jéssica Duarte"),
    teams=("atendimento",),
    labels={
        "orçamento": ("preco", "duvida"),
        "agendamento": ("agendar",),
        "cliente": ("cliente", "reclamacao"),
        "reclamação": ("reclamacao",),
    },
    campaigns=(),
    procedures=(),
    organic={"instagram": 2.0, "indicacao": 1.0, None: 1.0},
    hours=OFFICE_HOURS,
    weekdays=(1.15, 1.15, 1.10, 1.15, 1.10, 0.75, 0.30),
    months=(0.9, 0.9, 0.95, 1.0, 1.15, 0.95, 0.95, 1.0, 1.05, 1.1, 1.15, 1.2),
    reply_seconds=900.0,
    book_base=-0.1,
    attend_base=1.2,
    again_base=0.3,
    settings={
        "vertical": "clinic",
        "timezone": ZONE,
        "locale": "pt-BR",
        "currency": "BRL",
        "country": "BR",
        "subdivision": "AM",
        "analyzer": {"engine": "regex"},
        "sla": {"first_response": "30m", "next_response": "1h", "business_hours_only": True},
        "business_hours": {"mon-fri": "09:00-19:00", "sat": "09:00-14:00"},
        "holidays": "public",
        "owner_cost_per_month": 0,
    },
    first_ids={"conversations": 1830, "messages": 35_000, "contacts": 60, "reporting_events": 8000, "display_ids": 0},
)
