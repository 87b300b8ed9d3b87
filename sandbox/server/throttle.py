"""rack-attack's rules: fixed windows, counted from the real clock, and no Retry-After.

Chatwoot safelists 127.0.0.1, and so does this server unless `safelist_loopback` is switched off.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class Rule:
    name: str
    limit: int
    period: float
    key: Literal["address", "token", "account"]
    path: re.Pattern[str] = re.compile("")
    method: str | None = None


MINUTE = 60.0
CHATWOOT_RULES = (
    Rule("req/ip", 3000, MINUTE, "address"),
    Rule("reports/user", 100, MINUTE, "token", re.compile(r"^/api/v2/accounts/\d+/reports")),
    Rule("reports/account", 1000, MINUTE, "account", re.compile(r"^/api/v2/accounts/\d+/reports")),
    Rule("drilldown/user", 10, MINUTE, "token", re.compile(r"^/api/v2/accounts/\d+/reports/drilldown"), "GET"),
    Rule("contacts/search", 100, MINUTE, "account", re.compile(r"^/api/v1/accounts/\d+/contacts/search")),
    Rule("conversations/meta", 30, MINUTE, "token", re.compile(r"^/api/v1/accounts/\d+/conversations/meta"), "GET"),
)


def requests_limit(limit: int, period: float = MINUTE) -> tuple[Rule, ...]:
    """Chatwoot's rules with another limit for all requests of an address."""
    return (Rule("req/ip", limit, period, "address"), *CHATWOOT_RULES[1:])


@dataclass(slots=True)
class Throttle:
    safelist_loopback: bool = True
    rules: Iterable[Rule] = CHATWOOT_RULES
    clock: Callable[[], float] = time.time
    _counts: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)

    def refuses(self, method: str, path: str, address: str, token: str | None) -> bool:
        """Counts the request against each rule it falls under; True when one of them is over its limit."""
        if self.safelist_loopback:
            return False
        now = self.clock()
        account = (path.split("/") + [""] * 5)[4]
        key_of = {"address": address, "token": f"{token}:{account}", "account": account}
        refused = False
        for rule in self.rules:
            if (rule.method and rule.method != method) or not rule.path.search(path):
                continue
            key = key_of[rule.key]
            window = int(now // rule.period)
            counted_window, count = self._counts.get((rule.name, key), (window, 0))
            count = count + 1 if counted_window == window else 1
            self._counts[rule.name, key] = (window, count)
            refused = refused or count > rule.limit
        return refused
