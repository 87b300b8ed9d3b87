"""Chatwoot's endpoints, as a reader of a whole account needs them.

Every method is one request unless its docstring says otherwise. Lists come as Page: the rows as the server wrote them
and, where the server tells, how many there are in all. Page sizes are the server's own; none of them can be asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, NoReturn

from sources.chatwoot.connection import Connection, Params
from sources.chatwoot.errors import UnexpectedAnswer

CONVERSATIONS_PER_PAGE = 25
CONTACTS_PER_PAGE = 15
ROWS_PER_PAGE = 25  # surveys, reporting events, applied SLAs
MESSAGES_PER_WINDOW = 1000
# message ids are four-byte integers in Chatwoot's database
LAST_MESSAGE_ID = 2**31 - 1

Row = dict[str, Any]
ConversationOrder = Literal["created_at_asc", "created_at_desc", "last_activity_at_asc", "last_activity_at_desc"]
ContactOrder = Literal["created_at", "-created_at", "last_activity_at", "-last_activity_at", "name", "-name"]


@dataclass(frozen=True, slots=True)
class Page:
    """`total` is the server's count of all rows of this list, over all pages."""

    rows: list[Row]
    total: int | None = None


def _span(since: datetime, until: datetime) -> tuple[tuple[str, int], ...]:
    """Both ends, always: Chatwoot ignores a range of which one end is missing. Whole seconds, [since, until)."""
    return (("since", int(since.timestamp())), ("until", int(until.timestamp())))


class ChatwootClient:
    """One account of one server, as an administrator's token sees it."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    # conversations ------------------------------------------------------------------------------------------------

    def conversations(self, page: int, order: ConversationOrder) -> Page:
        """A page of all conversations: without `status=all` Chatwoot lists the open ones only."""
        params: Params = (("status", "all"), ("sort_by", order), ("page", page))
        return self._conversations(params)

    def conversations_updated_within(self, seconds: int) -> Page:
        """All conversations whose `updated_at` lies in the server's last `seconds`, in one answer; 3.6.0 or later.

        `total` is still the count of all conversations. An older server ignores the parameter and answers page 1.
        """
        return self._conversations((("status", "all"), ("updated_within", seconds)))

    def _conversations(self, params: Params) -> Page:
        path = "conversations"
        data = self._part(self._get(path, params), "data", path)
        return Page(self._rows(self._part(data, "payload", path), path), self._count(data, "all_count", path))

    def conversation(self, display_id: int) -> Row:
        return self._object(self._get(f"conversations/{display_id}"), "conversations/{id}")

    def messages_between(self, display_id: int, after: int, before: int) -> list[Row]:
        """The messages with `after <= id < before`: the oldest 1,000 of them, where there are more."""
        path = f"conversations/{display_id}/messages"
        return self._rows(self._part(self._get(path, (("after", after), ("before", before))), "payload", path), path)

    def conversation_reporting_events(self, display_id: int) -> list[Row]:
        path = f"conversations/{display_id}/reporting_events"
        return self._rows(self._get(path), path)

    # people and definitions ---------------------------------------------------------------------------------------

    def contacts(self, page: int, sort: ContactOrder) -> Page:
        """A page of the contacts that have an e-mail, a phone or an identifier; the anonymous are never listed."""
        params: Params = (("include_contact_inboxes", "false"), ("sort", sort), ("page", page))
        return self._counted("contacts", params)

    def contact(self, contact_id: int) -> Row:
        path = f"contacts/{contact_id}"
        return self._object(self._part(self._get(path), "payload", path), path)

    def inboxes(self) -> list[Row]:
        return self._rows(self._part(self._get("inboxes"), "payload", "inboxes"), "inboxes")

    def inbox_members(self, inbox_id: int) -> list[Row]:
        path = f"inbox_members/{inbox_id}"
        return self._rows(self._part(self._get(path), "payload", path), path)

    def agents(self) -> list[Row]:
        return self._rows(self._get("agents"), "agents")

    def teams(self) -> list[Row]:
        return self._rows(self._get("teams"), "teams")

    def team_members(self, team_id: int) -> list[Row]:
        path = f"teams/{team_id}/team_members"
        return self._rows(self._get(path), path)

    def labels(self) -> list[Row]:
        return self._rows(self._part(self._get("labels"), "payload", "labels"), "labels")

    # surveys, events, SLAs ----------------------------------------------------------------------------------------

    def csat_survey_responses(self, page: int, since: datetime, until: datetime) -> Page:
        """A page of the surveys answered in [since, until), oldest first."""
        params: Params = (*_span(since, until), ("sort", "created_at"), ("page", page))
        return Page(self._rows(self._get("csat_survey_responses", params), "csat_survey_responses"))

    def csat_total(self, since: datetime, until: datetime) -> int:
        """How many surveys were answered in [since, until)."""
        path = "csat_survey_responses/metrics"
        total = self._part(self._get(path, _span(since, until)), "total_count", path)
        return total if isinstance(total, int) else self._unlike(path, "'total_count' is not a number")

    def reporting_events(self, page: int, since: datetime, until: datetime) -> Page:
        """A page of the events inserted in [since, until), newest first; 404 where the edition has none."""
        return self._counted("reporting_events", (*_span(since, until), ("page", page)))

    def sla_policies(self) -> list[Row]:
        """404 where the edition has none."""
        return self._rows(self._part(self._get("sla_policies"), "payload", "sla_policies"), "sla_policies")

    def applied_slas(self, page: int, since: datetime, until: datetime) -> Page:
        """A page of the SLAs applied in [since, until) and missed so far, in no order; 404 where there are none."""
        return self._counted("applied_slas", (*_span(since, until), ("page", page)))

    # the token ----------------------------------------------------------------------------------------------------

    def profile(self) -> Row:
        """The user whose token this is, with their `accounts`."""
        return self._object(self._get("/profile"), "profile")

    # --------------------------------------------------------------------------------------------------------------

    def _counted(self, path: str, params: Params) -> Page:
        body = self._get(path, params)
        return Page(self._rows(self._part(body, "payload", path), path), self._count(body, "count", path))

    def _get(self, path: str, params: Params = ()) -> Any:
        return self.connection.get(path, params)

    def _count(self, body: Any, key: str, path: str) -> int:
        count = self._part(self._part(body, "meta", path), key, path)
        return count if isinstance(count, int) else self._unlike(path, f"'{key}' is not a number")

    def _part(self, body: Any, key: str, path: str) -> Any:
        if not isinstance(body, dict) or key not in body:
            return self._unlike(path, f"there is no '{key}'")
        return body[key]

    def _rows(self, body: Any, path: str) -> list[Row]:
        """Rows that are not objects stay in, for the reader to reject one by one."""
        return body if isinstance(body, list) else self._unlike(path, "there is no list")

    def _object(self, body: Any, path: str) -> Row:
        return body if isinstance(body, dict) else self._unlike(path, "there is no object")

    def _unlike(self, path: str, what: str) -> NoReturn:
        raise UnexpectedAnswer(
            f"Tenant '{self.connection.tenant_id}': the answer to {path} is not Chatwoot's: {what}. "
            "Check that chatwoot.base_url is a Chatwoot server of version 3 or later."
        )
