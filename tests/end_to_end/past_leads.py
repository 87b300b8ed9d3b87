"""The leads of a moment gone by, asked of the warehouse as it is now."""

from __future__ import annotations

import pandas as pd
import psycopg

from analyzers import RegexAnalyzer, Transcript, TranscriptMessage
from tests.end_to_end.pretend import PretendWorlds
from warehouse.earlier_readings import update_earlier_readings
from warehouse.leads import read_snapshots
from warehouse.source_clock import source_clock

Moment = tuple[pd.Timestamp, pd.DataFrame]


def leads_of_now(worlds: PretendWorlds, tenant_id: str) -> Moment:
    """The tenant's leads as of its last sync, and when that was."""
    with psycopg.connect(worlds.installation.url) as connection:
        at = source_clock(connection, tenant_id)
    assert at is not None
    return pd.Timestamp(at), leads_at(worlds, tenant_id, pd.Timestamp(at))


def leads_at(worlds: PretendWorlds, tenant_id: str, at: pd.Timestamp) -> pd.DataFrame:
    with psycopg.connect(worlds.installation.url) as connection:
        connection.execute("set timezone to 'UTC'")
        return read_snapshots(connection, tenant_id, [at.to_pydatetime()]).set_index("person_id").sort_index()


def assert_leads_stay(worlds: PretendWorlds, tenant_id: str, before: Moment) -> None:
    """Asked now, the leads of that moment are what they were then: nothing that came later enters.

    Who people are is known by today's knowledge, for somebody may have told a phone since: at most one in a hundred.
    """
    at, then = before
    _read_as_it_stood(worlds, tenant_id, at)
    now = leads_at(worlds, tenant_id, at)
    same = then.index.intersection(now.index)
    assert len(same) >= 0.99 * max(len(then), len(now))
    pd.testing.assert_frame_equal(now.loc[same], then.loc[same], obj=tenant_id)


def _read_as_it_stood(worlds: PretendWorlds, tenant_id: str, at: pd.Timestamp) -> None:
    settings = worlds.settings(tenant_id)
    update_earlier_readings(
        worlds.installation.url,
        tenant_id,
        RegexAnalyzer(),
        lambda talk: Transcript(
            tenant_id,
            talk.conversation_id,
            settings["vertical"],
            settings["timezone"],
            tuple(TranscriptMessage(*message) for message in talk.messages),
        ),
        [at.to_pydatetime()],
    )
