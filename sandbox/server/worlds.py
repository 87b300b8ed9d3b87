"""What the server needs of a world, and a world of nothing but accounts made by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from sandbox.world.bot_records import BotData
from sandbox.world.records import Account


class ServedTenant(Protocol):
    @property
    def account(self) -> Account: ...

    @property
    def bot(self) -> BotData | None: ...

    @property
    def settings(self) -> dict[str, Any]: ...


class ServedWorld(Protocol):
    @property
    def tenants(self) -> Mapping[str, ServedTenant]: ...

    def advance(self, hours: float = 6, unannounced: bool = True) -> None: ...

    def recipe(self) -> dict[str, Any]: ...


@dataclass
class AccountOnly:
    account: Account
    bot: BotData | None = None
    settings: dict[str, Any] = field(default_factory=dict)


class HandMadeWorld:
    """Its accounts change only by what a test does to them."""

    def __init__(self, accounts: Mapping[str, Account]) -> None:
        self.tenants = {slug: AccountOnly(account) for slug, account in accounts.items()}

    def advance(self, hours: float = 6, unannounced: bool = True) -> None:
        raise ValueError("Accounts made by hand do not advance by themselves.")

    def recipe(self) -> dict[str, Any]:
        return {}
