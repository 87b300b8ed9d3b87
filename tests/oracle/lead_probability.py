"""The best anybody could say of a lead at a moment: the pretend world's own probabilities, given where the lead really stood.

It knows the world's rules (sandbox.world.outcome, bookings and arrivals) and its hidden truth, up to the moment and not
further. What it says no model can improve upon but by luck.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd

from sandbox.world import outcome

CANCELLED, NEVER_TOLD = 0.09, 0.03
ATTENDANCE_KNOWN = 1 - CANCELLED - NEVER_TOLD
DAY = 86_400.0
SETTLED_AFTER = 300 * 60.0
# the share of all talks in which somebody known comes back without being a member
RETURNING = 0.14
# members of before the world began, who are the first of its people, by the talks there are
FOUNDERS = 0.12
NUISANCES = ("supplier", "jobseeker", "chitchat")


def true_probabilities(truth: dict[str, pd.DataFrame], moments: pd.DataFrame, *, days: int = 30) -> np.ndarray:
    """P(customer within `days`) for each row of `moments` (`at`, `person_id` of the truth)."""
    journeys = truth["journeys"].merge(
        truth["conversations"][["conversation_id", "person_id", "lead_id", "created_at"]], on="conversation_id"
    )
    wanted = journeys[journeys["is_lead"]]
    means = {name: float(wanted[name].mean()) for name in ("p_engage", "p_book", "p_attend")}
    by_topic = wanted.groupby("topic")["p_book"].mean()
    bookings = truth["bookings"].merge(
        journeys[["booking_id", "p_attend"]].dropna(subset="booking_id"), on="booking_id", how="left"
    )
    bookings["due"] = bookings["scheduled_for"].fillna(bookings["booked_at"] + pd.Timedelta(days=2))
    bookings["settled_at"] = bookings["updated_at"].where(bookings["status"] != "booked")
    bookings["p_attend"] = bookings["p_attend"].fillna(0.9)
    wanted = wanted.assign(
        p_engage=wanted["p_engage"].fillna(means["p_engage"]),
        p_book=wanted["p_book"].fillna(wanted["topic"].map(by_topic)).fillna(means["p_book"]) * means["p_attend"],
    )
    own_bookings = _of_each_person(bookings, "booked_at due settled_at p_attend")
    own_talks = _of_each_person(wanted, "created_at engaged_at decided_at engaged p_engage p_book")
    engaged = wanted[wanted["engaged"].eq(True)]
    engaging, deciding = _delays(wanted, "created_at", "engaged_at"), _delays(engaged, "engaged_at", "decided_at")
    coming_back = _coming_back(journeys, truth["people"].set_index("person_id"), means, days)

    chances = []
    for person_id, at in zip(moments["person_id"], _seconds(moments["at"]), strict=True):
        booked = _of_bookings(own_bookings.get(person_id, ()), at)
        talking = _of_talks(own_talks.get(person_id, ()), at, engaging, deciding)
        chances.append(1 - (1 - booked) * (1 - talking) * (1 - coming_back(person_id, at)))
    return np.array(chances)


def _coming_back(
    journeys: pd.DataFrame, people: pd.DataFrame, means: dict[str, float], days: int
) -> Callable[[str, float], float]:
    """That the world picks somebody again, the later they came the likelier, and that this talk makes them a customer.

    Only a talk with the bot, who notes the bookings, can; and only of whom it knows again, as its lead or by the phone.
    Whoever has something to sell is never picked. Who first wrote as a member was there before the world began.
    """
    first = journeys.sort_values("created_at").groupby("person_id").first()
    nuisances = frozenset(first.index[first["topic"].isin(NUISANCES)])
    members = ~journeys["is_lead"] & ~journeys["topic"].isin(NUISANCES)
    founders = frozenset(first.index[~first["is_lead"] & ~first["topic"].isin(NUISANCES)])
    began = {str(person): at.timestamp() for person, at in first["created_at"].items() if person not in founders}
    known_since = np.sort(np.array(list(began.values())))
    span = (known_since[-1] - known_since[0]) / (days * DAY)
    talks, newcomers = len(journeys) / span, len(known_since) / span
    there = FOUNDERS * len(journeys)
    free = 1 - len(nuisances) / (len(first) + there)
    asks = float((journeys["is_lead"] & ~members).mean() / (~members & ~journeys["topic"].isin(NUISANCES)).mean())
    asks *= ATTENDANCE_KNOWN * float(journeys.loc[journeys["is_lead"], "lead_id"].notna().mean())
    known_again = people["phone"].notna() | people["lead_ids"].map(len).gt(0)
    # the score that the bot gave them and the channel they came by stay theirs
    channel = first["channel"].map(outcome.CHANNEL_EFFECT).fillna(0.0)
    score = first["maturity_score"].fillna(50.0).astype(float) - 50.0
    own = asks * known_again.reindex(first.index) * _shifted(means["p_engage"], 0.5 * channel)
    own *= _shifted(means["p_book"], channel + 0.03 * score) * _shifted(
        means["p_attend"], 0.4 * channel + 0.012 * score
    )
    success = {str(person): float(chance) for person, chance in own.items()}
    usual = asks * means["p_engage"] * means["p_book"] * means["p_attend"]

    def coming_back(person_id: str, at: float) -> float:
        if person_id in nuisances:
            return 0.0
        people = there + float(known_since.searchsorted(at)) + 1
        rank = there / 2 if person_id in founders else there + float(known_since.searchsorted(began.get(person_id, at)))
        later = max(people - rank, 1.0)
        picks = talks * RETURNING / free / np.sqrt(people) * (np.sqrt(later + newcomers) - np.sqrt(later)) / newcomers
        return float(1 - np.exp(-picks * success.get(person_id, usual)))

    return coming_back


def _shifted(chance: float, log_odds: pd.Series) -> pd.Series:
    return 1 / (1 + np.exp(-(np.log(chance / (1 - chance)) + log_odds)))


def _of_bookings(bookings: Iterable[tuple[float, ...]], at: float) -> float:
    """That one of those still pending is attended: not cancelled first, and noted."""
    missed = 1.0
    for booked_at, due, settled_at, p_attend in bookings:
        if booked_at <= at < due + SETTLED_AFTER and not settled_at <= at:
            cancelled_by_now = CANCELLED * min(
                max(((at - booked_at) / max(due - booked_at, 1.0) - 0.1) / 0.8, 0.0), 1.0
            )
            missed *= 1 - ATTENDANCE_KNOWN * p_attend / (1 - cancelled_by_now)
    return 1 - missed


def _of_talks(talks: Iterable[tuple[float, ...]], at: float, engaging: np.ndarray, deciding: np.ndarray) -> float:
    """That a talk under way ends in a booking, and that in a visit."""
    missed = 1.0
    for created_at, engaged_at, decided_at, engaged, p_engage, p_book in talks:
        if not created_at <= at or decided_at <= at:
            continue
        if engaged_at <= at:
            books = engaged * _still(deciding, at - engaged_at) * p_book
        else:
            books = _still(engaging, at - created_at) * p_engage * _still(deciding, 0.0) * p_book
        missed *= 1 - ATTENDANCE_KNOWN * books
    return 1 - missed


def _delays(talks: pd.DataFrame, begun: str, ended: str) -> np.ndarray:
    """Seconds, sorted; infinite for a talk that died meanwhile."""
    return np.sort((talks[ended] - talks[begun]).dt.total_seconds().fillna(np.inf).to_numpy())


def _still(delays: np.ndarray, waited: float) -> float:
    """That it comes to something after all: the longer nothing came, the less."""
    left = delays[delays.searchsorted(waited, side="right") :]
    return float(np.isfinite(left).mean()) if len(left) else 0.0


def _of_each_person(rows: pd.DataFrame, columns: str) -> dict[str, list[tuple[float, ...]]]:
    """The columns as plain numbers, instants as seconds; NaN is never before anything."""
    numbers = {
        name: _seconds(rows[name]) if name.endswith("_at") or name == "due" else rows[name].astype(float)
        for name in columns.split()
    }
    found: dict[str, list[tuple[float, ...]]] = defaultdict(list)
    for person_id, *values in zip(rows["person_id"], *numbers.values(), strict=True):
        found[person_id].append(tuple(values))
    return found


def _seconds(instants: pd.Series) -> np.ndarray:
    stamps = pd.DatetimeIndex(pd.to_datetime(instants, utc=True)).as_unit("us")
    seconds: np.ndarray = np.where(stamps.isna(), np.nan, stamps.asi8 / 1e6)
    return seconds


def person_ids(truth: dict[str, pd.DataFrame]) -> dict[str, str]:
    """The marts' name of each person of the truth."""
    return {
        f"contact-{min(row.contact_ids)}" if row.contact_ids else f"lead-{min(row.lead_ids)}": str(row.person_id)
        for row in truth["people"].itertuples()
    }
