"""The small lists that say what the rest refers to: inboxes and their hours, agents, teams, labels, memberships.

Read whole at every sync; what a list no longer shows is gone. Memberships cost a request per team and inbox, so they
are read when one of those lists changed, and at a full read. The watermark "definitions" remembers that they are due.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from sources.chatwoot import rows as read
from sources.chatwoot.client import Row
from sources.chatwoot.errors import NotFound, ReadIncomplete
from sources.chatwoot.paging import ids_of
from sources.chatwoot.work import Work
from warehouse.sync import Batch

RESOURCE = "definitions"


def sync_definitions(work: Work) -> None:
    client = work.client
    inboxes, agents, teams, labels = work.all([client.inboxes, client.agents, client.teams, client.labels])
    _believe(work, "inboxes", inboxes)
    _believe(work, "agents", agents)
    with work.sync.batch() as batch:
        changed = _replace(work, batch, "inboxes", inboxes, read.inbox)
        changed |= _replace(work, batch, "agents", agents, read.agent)
        changed |= _replace(work, batch, "teams", teams, read.team)
        _replace(work, batch, "labels", labels, read.label)
        _replace_hours(work, batch, inboxes)
        work.land_rejected(batch)
        due = changed or work.reads_all or bool((work.sync.watermark(RESOURCE) or {}).get("members_due", True))
        if due:
            batch.set_watermark(RESOURCE, {"members_due": True})
    if due:
        _sync_members(work, ids_of(inboxes), ids_of(teams))


def _believe(work: Work, what: str, raws: list[Row]) -> None:
    """An empty list where rows are known means a token that may not see them, not that all were deleted."""
    table = f"raw_chatwoot.{what}"
    if raws or work.accept_shrink:
        return
    known = next(work.rows(f"select count(*) from {table} where tenant_id = %s and _deleted_at is null"))[0]  # noqa: S608
    if known:
        raise ReadIncomplete(
            f"Tenant '{work.tenant_id}': Chatwoot shows none of the {known} known {what}, so nothing was read. "
            "Check that chatwoot.api_token is still an administrator's and that chatwoot.account_id is right."
        )


def _replace(work: Work, batch: Batch, name: str, raws: list[Row], parse: Callable[[Row], Row]) -> bool:
    """Makes the table hold what the list shows; whether that changed anything."""
    table = f"raw_chatwoot.{name}"
    landed = batch.load(table, work.parse(name, raws, parse))
    deleted = batch.mark_deleted(table, present=ids_of(raws))
    return bool(landed.inserted or landed.updated or deleted)


def _replace_hours(work: Work, batch: Batch, inboxes: list[Row]) -> None:
    days: list[Row] = []
    unread = ids_of(inboxes)

    def read_week(raw: Row) -> None:
        days.extend(read.working_hours(raw))
        unread.discard(raw["id"])

    work.parse("working_hours", inboxes, read_week)
    batch.load("raw_chatwoot.working_hours", days)
    batch.mark_deleted(
        "raw_chatwoot.working_hours",
        present=[(day["inbox_id"], day["day_of_week"]) for day in days],
        where="target.inbox_id <> all(%(unread)s)",
        parameters={"unread": sorted(unread)},
    )


def _sync_members(work: Work, inboxes: Iterable[int], teams: Iterable[int]) -> None:
    in_inboxes = _members(work, "inbox_id", sorted(inboxes), work.client.inbox_members)
    in_teams = _members(work, "team_id", sorted(teams), work.client.team_members)
    with work.sync.batch() as batch:
        for table, key, members in (
            ("raw_chatwoot.inbox_members", "inbox_id", in_inboxes),
            ("raw_chatwoot.team_members", "team_id", in_teams),
        ):
            batch.load(table, members)
            batch.mark_deleted(table, present=[(member[key], member["agent_id"]) for member in members])
        batch.set_watermark(RESOURCE, {"members_due": False})


def _members(work: Work, key: str, ids: list[int], ask: Callable[[int], list[Row]]) -> list[dict[str, Any]]:
    def look(parent: int) -> list[Row]:
        try:
            return ask(parent)
        except NotFound:
            return []  # deleted since the list was read

    answers = work.all([partial(look, parent) for parent in ids])
    return [
        {key: parent, "agent_id": agent}
        for parent, agents in zip(ids, answers, strict=True)
        for agent in sorted(ids_of(agents))
    ]
