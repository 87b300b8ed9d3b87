"""One Chatwoot installation as the server holds it: its account, who may enter, and what has been asked of it."""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sandbox.server import errors
from sandbox.server.index import AccountIndex
from sandbox.server.misbehaviour import Misbehaviour
from sandbox.server.serializers import Serializer
from sandbox.server.throttle import Throttle
from sandbox.world.records import Account, Conversation, User


@dataclass(frozen=True, slots=True)
class Owner:
    """Who a token belongs to."""

    kind: Literal["user", "bot"]
    id: int


@dataclass(slots=True)
class Traffic:
    """What came in, by endpoint (`conversations.list`, `messages.list` ...), and what went out, by status."""

    requests: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    in_flight: int = 0
    most_in_flight: int = 0
    # the last ones, as "GET /api/v1/...?query"
    recent: deque[str] = field(default_factory=lambda: deque(maxlen=20_000))

    def reset(self) -> None:
        self.requests.clear()
        self.statuses.clear()
        self.recent.clear()
        self.most_in_flight = self.in_flight

    @property
    def total(self) -> int:
        return sum(self.requests.values())


class Installation:
    """The state behind one base URL; used from the server's event loop only (see SandboxServer.change)."""

    def __init__(
        self,
        account: Account,
        *,
        agent_tokens: Mapping[str, int] | None = None,
        bot_tokens: Mapping[str, int] | None = None,
        other_accounts: Collection[int] = (),
        throttle: Throttle | None = None,
        seed: int = 0,
    ) -> None:
        self.account = account
        self.index = AccountIndex(account)
        self.serializer = Serializer(account, self.index)
        self.rng = random.Random(seed)
        self.throttle = throttle or Throttle()
        self.misbehaviour = Misbehaviour(seed)
        self.traffic = Traffic()
        self.other_accounts = set(other_accounts)
        self.suspended = False
        self.api_switched_off = False
        # a test's own mischief: called with the endpoint's name and path parameters before each request is answered
        self.before_request: Callable[[str, Mapping[str, Any]], None] | None = None
        self.tokens = {account.api_token: Owner("user", administrator_of(account).id)}
        self.tokens |= {token: Owner("user", user_id) for token, user_id in (agent_tokens or {}).items()}
        self.tokens |= {token: Owner("bot", bot_id) for token, bot_id in (bot_tokens or {}).items()}

    def hide_conversation(self, display_id: int) -> None:
        """Behave as if the conversation had been deleted, leaving the world as it is."""
        self.index.hidden_conversations.add(display_id)
        self.index.refresh()

    def behave(self) -> None:
        self.misbehaviour.clear()
        self.index.hidden_conversations.clear()
        self.index.refresh()


def administrator_of(account: Account) -> User:
    """The account's API user: its first administrator, or one that is no agent of it."""
    administrators = (user for user in account.users.values() if user.role == "administrator")
    return next(administrators, User(0, "Funil", "funil@example.com", "administrator"))


@dataclass(frozen=True, slots=True)
class Viewer:
    """The person or bot whose token it is, and what they may see."""

    owner: Owner
    user: User | None
    is_administrator: bool
    inbox_ids: frozenset[int] | None  # None: all of them

    @property
    def user_id(self) -> int | None:
        return self.user.id if self.user else None

    def sees(self, conversation: Conversation) -> bool:
        return self.inbox_ids is None or conversation.inbox_id in self.inbox_ids


def viewer_of(installation: Installation, token: str | None) -> Viewer:
    if not token:
        raise errors.not_signed_in()
    owner = installation.tokens.get(token)
    if owner is None:
        raise errors.invalid_token()
    account = installation.account
    if owner.kind == "bot":
        return Viewer(owner, None, False, None)
    user = account.users.get(owner.id)
    if user is None and token == account.api_token:
        user = administrator_of(account)
    if user is None:  # removed from the account since
        raise errors.not_in_account()
    if user.role == "administrator":
        return Viewer(owner, user, True, None)
    inboxes = frozenset(inbox.id for inbox in account.inboxes.values() if user.id in inbox.member_ids)
    return Viewer(owner, user, False, inboxes)
