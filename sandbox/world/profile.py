"""What distinguishes one pretend tenant from another; the tenants themselves are in `tenants/`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from sandbox.world.records import WorkingHour

DoorKind = Literal["whatsapp", "web", "instagram", "email"]


@dataclass(frozen=True)
class Door:
    """An inbox: how customers come in. `share` of the talks; `reopens` is the chance that a customer who writes again
    soon lands in the resolved conversation instead of a new one."""

    name: str
    kind: DoorKind
    channel_type: str
    share: float
    provider: str | None = None
    timezone: str = "America/Sao_Paulo"
    hours: tuple[WorkingHour, ...] = ()
    hours_enabled: bool = True
    with_bot: bool = False
    csat: bool = True
    reopens: float = 0.0
    greeting: bool = False
    out_of_office: bool = False
    secrets: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Campaign:
    """Marketing: from and to as fractions of the history (to > 1: still running), cost a day, how much it lifts."""

    name: str
    channel: str
    begins: float
    ends: float
    daily_cost: float
    lift: float
    weight: float
    currency: str = "BRL"


@dataclass(frozen=True)
class Procedure:
    name: str
    value: float
    weight: float
    first: bool = False
    """Whether a prospect's first booking can be this."""


@dataclass(frozen=True)
class Sla:
    name: str
    first_response: float
    next_response: float
    resolution: float
    business_hours: bool


@dataclass(frozen=True)
class Profile:
    slug: str
    name: str
    vertical: Literal["gym", "clinic"]
    texts: Literal["gym", "dental", "beauty"]
    account_id: int
    timezone: str
    subdivision: str
    areas: tuple[str, ...]
    version: tuple[int, int, int]
    enterprise: bool
    conversations: int
    bot_only_talks: int
    bot_name: str | None
    bot_id_type: Literal["integer", "uuid"]
    doors: tuple[Door, ...]
    staff_hours: tuple[WorkingHour, ...]
    agents: tuple[str, ...]
    teams: tuple[str, ...]
    labels: dict[str, tuple[str, ...]]
    """Each with the topics it is put on."""
    campaigns: tuple[Campaign, ...]
    procedures: tuple[Procedure, ...]
    organic: dict[str | None, float]
    """Channels of the prospects no campaign brought, with weights; None where the bot did not learn it."""
    hours: tuple[float, ...]
    weekdays: tuple[float, ...]
    months: tuple[float, ...]
    reply_seconds: float
    """Median time the staff take to reply while open."""
    book_base: float
    attend_base: float
    again_base: float
    """Chance that a customer books again after coming."""
    settings: dict[str, Any]
    slas: tuple[Sla, ...] = ()
    first_ids: dict[str, int] = field(default_factory=dict)


# Monday to Sunday; January to December; midnight to 23h
EVENING_HOURS = (
    0.5,
    0.25,
    0.15,
    0.1,
    0.2,
    0.8,
    2,
    3,
    4,
    5,
    5.2,
    5,
    4.6,
    4.4,
    4.6,
    4.8,
    5,
    5.6,
    6.2,
    6,
    5,
    3.6,
    2.2,
    1.1,
)
OFFICE_HOURS = (
    0.4,
    0.2,
    0.1,
    0.1,
    0.2,
    0.6,
    1.6,
    3.4,
    6,
    7.2,
    7.4,
    6.6,
    5,
    5.6,
    6.6,
    6.6,
    6.2,
    5.4,
    4.4,
    3.6,
    3,
    2.4,
    1.6,
    0.8,
)
