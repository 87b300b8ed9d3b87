"""The filter grammar: conditions strung together as SQL would read them, AND before OR, no parentheses.

A comparison with a missing value is neither true nor false in SQL, and so keeps no row: `assignee_id not_equal_to 1`
leaves out the unassigned ones. Dates are whole UTC days and the comparisons strict.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sandbox.server import errors
from sandbox.server.finder import PRIORITIES
from sandbox.server.times import days_before, ruby_to_i, utc_day
from sandbox.world.records import Contact

Predicate = Callable[[Any], bool]

EQUALITY = ("equal_to", "not_equal_to")
PRESENCE = (*EQUALITY, "is_present", "is_not_present")
CONTAINING = (*EQUALITY, "contains", "does_not_contain")
DATES = ("is_greater_than", "is_less_than", "days_before")
CUSTOM = {
    "text": (*CONTAINING, "is_present", "is_not_present"),
    "link": (*CONTAINING, "is_present", "is_not_present"),
    "number": (*PRESENCE, "is_greater_than", "is_less_than"),
    "date": (*PRESENCE, *DATES),
    "checkbox": EQUALITY,
}
STATUSES = ("open", "resolved", "pending", "snoozed")
ISO_DAY = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})(?!\d)")


@dataclass(frozen=True, slots=True)
class Attribute:
    kind: str  # status | priority | integer | text | additional | labels | date | boolean
    operators: tuple[str, ...]
    since: tuple[int, int, int] = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class Grammar:
    attributes: Mapping[str, Attribute]
    model: str  # whose custom attributes are meant where the condition does not say
    # contacts compare one value, without regard to case
    single_value: bool = False


CONVERSATIONS = Grammar(
    {
        "status": Attribute("status", EQUALITY),
        "assignee_id": Attribute("integer", PRESENCE),
        "inbox_id": Attribute("integer", PRESENCE),
        "team_id": Attribute("integer", PRESENCE),
        "contact_id": Attribute("integer", EQUALITY, since=(4, 15, 0)),
        "priority": Attribute("priority", EQUALITY),
        "display_id": Attribute("integer", CONTAINING),
        "campaign_id": Attribute("integer", PRESENCE),
        "labels": Attribute("labels", PRESENCE),
        "browser_language": Attribute("additional", EQUALITY),
        "conversation_language": Attribute("additional", EQUALITY),
        "referer": Attribute("additional", CONTAINING),
        "created_at": Attribute("date", DATES),
        "last_activity_at": Attribute("date", DATES),
        "mail_subject": Attribute("additional", CONTAINING),
    },
    "conversation_attribute",
)
CONTACTS = Grammar(
    {
        "name": Attribute("text", CONTAINING),
        "phone_number": Attribute("text", (*CONTAINING, "starts_with")),
        "email": Attribute("text", CONTAINING),
        "identifier": Attribute("text", EQUALITY),
        "country_code": Attribute("additional", EQUALITY),
        "city": Attribute("additional", CONTAINING),
        "company_name": Attribute("additional", CONTAINING),
        "labels": Attribute("labels", PRESENCE),
        "created_at": Attribute("date", DATES),
        "last_activity_at": Attribute("date", DATES),
        "blocked": Attribute("boolean", EQUALITY),
    },
    "contact_attribute",
    single_value=True,
)


@dataclass(frozen=True, slots=True)
class Rows:
    """What a condition needs to know of the account."""

    now: datetime
    version: tuple[int, int, int]
    contacts: Mapping[int, Contact]
    custom_attributes: Mapping[tuple[str, str], str]


def predicate(payload: Any, grammar: Grammar, rows: Rows) -> Predicate:
    """True for the rows that the payload keeps; 422 for what Chatwoot refuses, 500 for what makes its SQL fail."""
    if not isinstance(payload, list) or not all(isinstance(condition, dict) for condition in payload):
        raise errors.internal_error()
    if not payload:
        return lambda row: True
    for condition in payload:
        operator = condition.get("query_operator")
        if operator is not None and str(operator).upper() not in ("AND", "OR"):
            raise errors.unprocessable('Query operator must be either "AND" or "OR".')
    tests = [_condition(condition, grammar, rows) for condition in payload]
    joins = [condition.get("query_operator") for condition in payload]
    if joins[-1] is not None or None in joins[:-1]:  # an operator that joins nothing, or two conditions side by side
        raise errors.internal_error()
    alternatives: list[list[Predicate]] = [[tests[0]]]
    for join, test in zip(joins[:-1], tests[1:], strict=True):
        if str(join).upper() == "OR":
            alternatives.append([test])
        else:
            alternatives[-1].append(test)
    return lambda row: any(all(test(row) for test in group) for group in alternatives)


def _condition(condition: dict[str, Any], grammar: Grammar, rows: Rows) -> Predicate:
    key, operator = str(condition.get("attribute_key")), str(condition.get("filter_operator"))
    attribute = grammar.attributes.get(key)
    if attribute is not None and rows.version >= attribute.since:
        _check_operator(key, operator, attribute.operators)
        return _standard(key, operator, condition, attribute, grammar, rows)
    model = str(condition.get("custom_attribute_type") or grammar.model)
    display_type = rows.custom_attributes.get((model, key))
    if display_type is None:
        known = ",".join(name for name, known in grammar.attributes.items() if rows.version >= known.since)
        raise errors.unprocessable(
            f"Invalid attribute key - [{key}]. The key should be one of [{known}] "
            "or a custom attribute defined in the account."
        )
    _check_operator(key, operator, CUSTOM[display_type])
    return _custom(key, operator, condition, model, display_type, rows)


def _check_operator(key: str, operator: str, allowed: tuple[str, ...]) -> None:
    if operator not in allowed:
        raise errors.unprocessable(f"Invalid operator. The allowed operators for {key} are [{','.join(allowed)}].")


def _standard(
    key: str, operator: str, condition: dict[str, Any], attribute: Attribute, grammar: Grammar, rows: Rows
) -> Predicate:
    def plain(row: Any) -> Any:
        return getattr(row, key, None)

    if attribute.kind == "labels":
        return _labels(operator, condition)
    if operator in ("is_present", "is_not_present"):
        return lambda row: (plain(row) is not None) == (operator == "is_present")
    values = _values(condition)
    if attribute.kind == "date":
        return _dates(key, operator, values, rows, lambda row: plain(row) and utc_day(plain(row)))
    if attribute.kind == "status":
        wanted: set[Any] = set(STATUSES) if "all" in values else {v for v in values if v in STATUSES}
        return _equality(operator, plain, wanted)
    if attribute.kind == "priority":
        return _equality(operator, plain, {v for v in values if v in PRIORITIES})
    if attribute.kind == "integer" and operator in EQUALITY:
        return _equality(operator, plain, {_integer(v) for v in values})
    if attribute.kind == "boolean":
        return _equality(operator, plain, {str(values[0]).lower() == "true"} if values else set())
    if key == "phone_number":
        values = ["+" + str(v).replace("+", "") for v in values]

    def text(row: Any) -> str | None:
        value = row.additional_attributes.get(key) if attribute.kind == "additional" else plain(row)
        return None if value is None else str(value).lower()

    return _text(operator, text, values[:1] if grammar.single_value else values)


def _labels(operator: str, condition: dict[str, Any]) -> Predicate:
    if operator in ("is_present", "is_not_present"):
        return lambda row: bool(getattr(row, "labels", ())) == (operator == "is_present")
    wanted = {str(value) for value in _values(condition)}
    return lambda row: wanted.isdisjoint(getattr(row, "labels", ())) == (operator == "not_equal_to")


def _custom(key: str, operator: str, condition: dict[str, Any], model: str, display_type: str, rows: Rows) -> Predicate:
    def value_of(row: Any) -> Any:
        if model == "contact_attribute" and not isinstance(row, Contact):
            contact = rows.contacts.get(row.contact_id)
            return contact.custom_attributes.get(key) if contact else None
        return row.custom_attributes.get(key)

    if operator in ("is_present", "is_not_present"):
        return lambda row: (value_of(row) is not None) == (operator == "is_present")
    values = _values(condition)
    if display_type == "date":

        def day(row: Any) -> date | None:
            value = value_of(row)
            return date.fromisoformat(str(value)[:10]) if value else None

        if operator in DATES:
            return _dates(key, operator, values, rows, day)
        return _or_missing(operator, _equality(operator, day, {_day(key, v) for v in values}), value_of)
    if display_type == "number":
        numbers = {_number(v) for v in values}
        if operator == "is_greater_than":
            return lambda row: value_of(row) is not None and float(value_of(row)) > min(numbers)
        if operator == "is_less_than":
            return lambda row: value_of(row) is not None and float(value_of(row)) < min(numbers)
        return _or_missing(operator, _equality(operator, value_of, numbers), value_of)
    if display_type == "checkbox":
        return _or_missing(
            operator, _equality(operator, value_of, {str(v).lower() == "true" for v in values}), value_of
        )

    def text(row: Any) -> str | None:
        return None if value_of(row) is None else str(value_of(row)).lower()

    return _or_missing(operator, _text(operator, text, values[:1]), value_of)


def _or_missing(operator: str, test: Predicate, value_of: Callable[[Any], Any]) -> Predicate:
    """`not_equal_to` of a custom attribute keeps the rows without it."""
    if operator != "not_equal_to":
        return test
    return lambda row: value_of(row) is None or test(row)


def _equality(operator: str, value_of: Callable[[Any], Any], wanted: set[Any]) -> Predicate:
    if operator == "equal_to":
        return lambda row: value_of(row) in wanted
    # NOT IN (NULL) keeps nothing, and neither does a missing value
    return lambda row: bool(wanted) and value_of(row) is not None and value_of(row) not in wanted


def _text(operator: str, text_of: Callable[[Any], str | None], values: list[Any]) -> Predicate:
    needles = [str(value).strip().lower() for value in values]
    if operator in EQUALITY:
        return _equality(operator, text_of, set(needles))
    if operator == "starts_with":
        return lambda row: (text_of(row) or "").startswith(tuple(needles))

    def contains(row: Any) -> bool:
        text = text_of(row)
        return text is not None and any(needle in text for needle in needles)

    if operator == "contains":
        return contains
    return lambda row: text_of(row) is not None and not contains(row)


def _dates(key: str, operator: str, values: list[Any], rows: Rows, day_of: Callable[[Any], date | None]) -> Predicate:
    if not values:
        raise _invalid_value(key)
    if operator == "days_before":
        operator, limit = "is_less_than", days_before(rows.now, ruby_to_i(str(values[0])))
    else:
        limit = _day(key, values[0])
    if operator == "is_greater_than":
        return lambda row: (day := day_of(row)) is not None and day > limit
    return lambda row: (day := day_of(row)) is not None and day < limit


def _day(key: str, value: Any) -> date:
    """A datetime is cut to its date; anything but an ISO day is refused."""
    match = ISO_DAY.match(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise _invalid_value(key)
    try:
        return date(*map(int, match.groups()))
    except ValueError as error:
        raise _invalid_value(key) from error


def _invalid_value(key: str) -> errors.ApiError:
    return errors.unprocessable(f"Invalid value. The values provided for {key} are invalid")


def _values(condition: dict[str, Any]) -> list[Any]:
    values = condition.get("values")
    if values is None:
        raise errors.internal_error()
    return values if isinstance(values, list) else [values]


def _integer(value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError) as error:
        raise errors.internal_error() from error


def _number(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise errors.internal_error() from error
