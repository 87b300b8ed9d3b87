"""Contacts: only those with an e-mail, a phone or an identifier are listed, in no order unless one is asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.server import errors
from sandbox.server.endpoint import Call
from sandbox.server.ordering import Ordered, unordered
from sandbox.world.records import Contact

PAGE_SIZE = 15

SORTS: dict[str, Callable[[Contact], Any]] = {
    "name": lambda c: c.name.lower(),
    "email": lambda c: c.email,
    "phone_number": lambda c: c.phone_number,
    "last_activity_at": lambda c: c.last_activity_at and c.last_activity_at.timestamp(),
    "created_at": lambda c: c.created_at.timestamp(),
    "company_name": lambda c: c.additional_attributes.get("company_name"),
    "city": lambda c: c.additional_attributes.get("city"),
    "country": lambda c: c.additional_attributes.get("country"),
}


def list_contacts(call: Call) -> Any:
    # contacts carry no labels in this world, so that a label finds nobody
    rows = [] if call.params("labels") else call.installation.index.resolved_contacts
    ordered = call.installation.index.remember(
        ("contacts", call.param("sort"), bool(rows)), lambda: sorted_contacts(rows, call.param("sort"))
    )
    return shown_page(call, ordered)


def search_contacts(call: Call) -> Any:
    """Finds anonymous contacts too."""
    needle = call.param("q")
    if needle is None:
        raise errors.unprocessable("Specify search string with parameter q")
    wanted = needle.strip().lower()
    rows = [
        c
        for c in call.account.contacts.values()
        if any(wanted in (text or "").lower() for text in (c.name, c.email, c.phone_number, c.identifier))
    ]
    answer = shown_page(call, sorted_contacts(rows, call.param("sort")))
    answer["meta"]["has_more"] = call.offset(PAGE_SIZE) + PAGE_SIZE < len(rows)
    if call.account.version >= (4, 11, 0):
        answer["meta"]["count"] = len(answer["payload"])
    return answer


def active_contacts(call: Call) -> Any:
    """Who is online now: nobody, in this world."""
    return {"meta": {"count": 0, "current_page": call.raw_page}, "payload": []}


def show_contact(call: Call) -> Any:
    return {"payload": _shown(call, contact_of(call))}


def contact_labels(call: Call) -> Any:
    contact_of(call)
    return {"payload": []}


def contact_of(call: Call) -> Contact:
    contact = call.account.contacts.get(call.path_id("contact_id"))
    if contact is None:
        raise errors.not_found()
    return contact


def sorted_contacts(rows: list[Contact], sort: str | None) -> Ordered[Contact]:
    """`-` is descending; what is empty comes last either way; an unknown or absent key is no order at all."""
    descending = bool(sort) and str(sort).startswith("-")
    value_of = SORTS.get((sort or "").removeprefix("-"))
    if value_of is None:
        return unordered(rows)
    values = {value_of(contact) for contact in rows} - {None, ""}
    ranks = {value: rank for rank, value in enumerate(sorted(values))}
    sign = -1 if descending else 1

    def key(contact: Contact) -> float:
        value = value_of(contact)
        return sign * ranks[value] if value in ranks else float("inf")

    return Ordered(rows, key)


def shown_page(call: Call, ordered: Ordered[Contact]) -> dict[str, Any]:
    rows = ordered.slice(call.offset(PAGE_SIZE), PAGE_SIZE, call.installation.rng)
    return {
        "meta": {"count": len(ordered), "current_page": call.raw_page},
        "payload": [_shown(call, contact) for contact in rows],
    }


def _shown(call: Call, contact: Contact) -> Any:
    with_inboxes = call.query.get("include_contact_inboxes", "true") != "false"
    return call.installation.serializer.contact(contact, with_inboxes=with_inboxes)
