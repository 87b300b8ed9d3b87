"""How long customers wait for one of several people: the Erlang C formula (Erlang 1917; Gans, Koole & Mandelbaum 2003).

Customers arrive at random, wait in line as long as it takes, and are served in turn. Real ones leave or come in bursts; it
is a planning figure, on the careful side for the former and not for the latter.
"""

from __future__ import annotations

import math

import numpy as np


def chance_to_wait(load: float, servers: int) -> float:
    """P(wait > 0) of `servers` working on `load` erlangs (arrivals x handling time); 1 where the queue would only grow."""
    if load <= 0:
        return 0.0
    if servers <= load:
        return 1.0
    blocked = 1.0  # Erlang B by its recursion, which neither overflows nor cancels
    for number in range(1, servers + 1):
        blocked = load * blocked / (number + load * blocked)
    return blocked / (1 - load / servers * (1 - blocked))


def service_level(per_hour: float, servers: int, handling_seconds: float, within_seconds: float) -> float:
    """The share of customers who wait no longer than `within_seconds`."""
    load = per_hour * handling_seconds / 3600
    if load <= 0:
        return 1.0
    if servers <= load:
        return 0.0
    return 1 - chance_to_wait(load, servers) * math.exp(-(servers - load) * within_seconds / handling_seconds)


def mean_wait(per_hour: float, servers: int, handling_seconds: float) -> float:
    """Seconds a customer waits on average; infinite where the queue would only grow."""
    load = per_hour * handling_seconds / 3600
    if load <= 0:
        return 0.0
    return chance_to_wait(load, servers) * handling_seconds / (servers - load) if servers > load else math.inf


def servers_needed(per_hour: float, handling_seconds: float, within_seconds: float, target: float) -> int:
    """The fewest that keep the service level at `target` (a share below 1); 0 where nobody comes."""
    if per_hour <= 0:
        return 0
    servers = max(1, math.floor(per_hour * handling_seconds / 3600) + 1)
    while service_level(per_hour, servers, handling_seconds, within_seconds) < target:
        servers += 1
    return servers


def people_needed(
    per_hour: np.ndarray, handling_seconds: float, within_seconds: float, target: float, at_once: int
) -> np.ndarray:
    """For each hour, where one person writes with `at_once` customers at the same time."""
    needed = [servers_needed(float(rate), handling_seconds, within_seconds, target) for rate in per_hour]
    return np.ceil(np.asarray(needed) / at_once).astype(int)
