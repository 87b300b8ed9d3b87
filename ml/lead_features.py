"""What a model sees of a lead: the snapshot of a moment, as numbers and categories.

A snapshot (a row per moment and lead, see `warehouse.leads`) holds only what was known at its moment `at`, and so does
everything made of it here.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

DAY = 86_400.0
DECAY_DAYS = 7.0

NUMERIC = (
    "maturity_score",
    "lead_probability",
    "highest_lead_probability",
    "days_to_booking",
    "days_from_booking_to_date",
    "days_to_visit",
    "failed_bookings",
    "first_reply_minutes",
    "first_human_reply_minutes",
    "waiting_hours",
    "customer_messages",
    "recent_customer_messages",
    "talk_customer_messages",
    "human_replies",
    "bot_replies",
    "conversations",
    "days_since_first_contact",
    "engagement_decay",
    "playbook_effect",
)
CATEGORICAL = (
    "tenant_id",
    "situation",
    "channel",
    "campaign",
    "door",
    "last_writer",
    "intent",
    "sentiment",
    "hour_of_day",
    "weekday",
)
LOGARITHMIC = ("first_reply_minutes", "first_human_reply_minutes", "waiting_hours")

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
SITUATIONS = ("booked", "overdue", "visit agreed", "booking failed", "waits for us", "silent", "closed", "no talk")


def features(snapshots: pd.DataFrame, *, tenant_id: str, timezone: str, playbook_effects: pd.DataFrame) -> pd.DataFrame:
    """A row per snapshot with the columns NUMERIC and CATEGORICAL, in the snapshots' order.

    `playbook_effects` has `at`, `playbook` and `effect` (see `ml.playbooks`). Durations are days, hours or minutes as named,
    logarithms of 1 + x where they span orders of magnitude; NaN where there is nothing to measure.
    """
    at = _instants(snapshots["at"])
    visit, booking = _days_after(snapshots["visit_at"], at), _days_after(snapshots["next_booking_at"], at)
    since_word = -_days_after(snapshots["last_customer_message_at"], at)
    made = pd.DataFrame(index=snapshots.index)
    for name in (
        "maturity_score",
        "lead_probability",
        "highest_lead_probability",
        "failed_bookings",
        "customer_messages",
        "recent_customer_messages",
        "talk_customer_messages",
        "human_replies",
        "bot_replies",
        "conversations",
    ):
        made[name] = snapshots[name].to_numpy(dtype=float)
    made["days_to_booking"] = booking
    made["days_from_booking_to_date"] = booking - _days_after(snapshots["booked_at"], at)
    made["days_to_visit"] = np.where(visit > -1, visit, np.nan)
    made["first_reply_minutes"] = snapshots["first_reply_seconds"].to_numpy(dtype=float) / 60
    made["first_human_reply_minutes"] = snapshots["first_human_reply_seconds"].to_numpy(dtype=float) / 60
    made["waiting_hours"] = np.where(_waits(snapshots), since_word * 24, np.nan)
    made["days_since_first_contact"] = -_days_after(snapshots["first_contact_at"], at)
    made["engagement_decay"] = np.exp(-since_word / DECAY_DAYS)
    made["playbook_effect"] = _effect(snapshots, playbook_effects)
    for name in LOGARITHMIC:
        made[name] = np.log1p(made[name].clip(lower=0))
    made["tenant_id"] = tenant_id
    made["situation"] = _situation(snapshots, booking)
    made["channel"] = snapshots["channel"].to_numpy()
    # a campaign's name means something to its tenant only
    made["campaign"] = np.where(
        snapshots["campaign_id"].isna(), "", tenant_id + "/" + snapshots["campaign_id"].astype(str)
    )
    for name in ("door", "last_writer", "intent", "sentiment"):
        made[name] = snapshots[name].fillna("").to_numpy()
    local = pd.DatetimeIndex(pd.to_datetime(snapshots["talk_first_message_at"], utc=True)).tz_convert(timezone)
    made["hour_of_day"] = np.where(
        local.isna(), "", np.char.mod("%02d", np.nan_to_num(local.hour.to_numpy(float)) // 3 * 3)
    )
    made["weekday"] = np.append(WEEKDAYS, "")[np.where(local.isna(), 7, np.nan_to_num(local.day_of_week)).astype(int)]
    return made[[*NUMERIC, *CATEGORICAL]]


def _instants(values: pd.Series) -> np.ndarray:
    """Seconds since 1970, NaN where missing."""
    stamps = pd.DatetimeIndex(pd.to_datetime(values, utc=True)).as_unit("us")
    seconds: np.ndarray = np.where(stamps.isna(), np.nan, stamps.asi8 / 1e6)
    return seconds


def _days_after(values: pd.Series, at: np.ndarray) -> np.ndarray:
    days: np.ndarray = (_instants(values) - at) / DAY
    return days


def _effect(snapshots: pd.DataFrame, playbook_effects: pd.DataFrame) -> np.ndarray:
    """Of the playbook of the last talk, as it was known at the moment."""
    keys = ["at", "playbook"]
    known = snapshots[keys].merge(playbook_effects[[*keys, "effect"]], on=keys, how="left")
    effect: np.ndarray = known["effect"].to_numpy(dtype=float)
    return effect


def _waits(snapshots: pd.DataFrame) -> np.ndarray:
    """Whether the customer wrote last, and nobody has closed the talk."""
    waits: np.ndarray = (snapshots["last_writer"] == "customer").to_numpy() & ~snapshots["is_resolved"].to_numpy(bool)
    return waits


def _situation(snapshots: pd.DataFrame, days_to_booking: np.ndarray) -> np.ndarray:
    """Where the lead stands: the first of SITUATIONS that is so."""
    pending = snapshots["pending_bookings"].to_numpy() > 0
    conditions = [
        pending & ~(days_to_booking < 0),
        pending,
        snapshots["has_agreed_visit"].to_numpy(bool),
        snapshots["failed_bookings"].to_numpy() > 0,
        _waits(snapshots),
        snapshots["last_writer"].notna().to_numpy() & ~snapshots["is_resolved"].to_numpy(bool),
        snapshots["last_writer"].notna().to_numpy(),
    ]
    return np.select(conditions, SITUATIONS[:-1], SITUATIONS[-1])
