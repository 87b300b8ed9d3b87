"""When talks began, and how many were to be expected at any hour: what the best of forecasts could know."""

from __future__ import annotations

from datetime import datetime, timedelta

import pandas as pd

from sandbox.world.simulation import Simulation


def arrivals(sim: Simulation) -> pd.DataFrame:
    """side (chatwoot|bot), at: a row per talk begun, also those that went on in an old conversation."""
    frame = pd.DataFrame(sim.ledger.arrivals, columns=pd.Index(["side", "at"]))
    return frame.astype({"side": "object", "at": "datetime64[us, UTC]"})


def rates(sim: Simulation, start: datetime, end: datetime) -> pd.DataFrame:
    """side, starts_at, rate, foreseeable: by whole hours, of the past or to come.

    Talks begin at random, so many an hour as `rate` says. A week's luck is in it, which nobody can know before: without
    it is what is `foreseeable`.
    """
    hours = []
    at = start.replace(minute=0, second=0, microsecond=0)
    while at < end:
        for side, rhythm in sim.rhythms.items():
            rate = rhythm.rate(at)
            hours.append((side, at, rate, rate / rhythm.luck(at.astimezone(rhythm.zone).date())))
        at += timedelta(hours=1)
    frame = pd.DataFrame(hours, columns=pd.Index(["side", "starts_at", "rate", "foreseeable"]))
    return frame.astype({"starts_at": "datetime64[us, UTC]"})
