"""`funil analyze label`: a person says what conversations really were."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, get_args
from zoneinfo import ZoneInfo

from rich.prompt import Prompt

from funil.cli.console import err, out
from funil.cli.workspace import open_workspace
from funil.errors import FunilError

if TYPE_CHECKING:
    from analyzers import Transcript
    from funil.tenants import Tenant, TenantsFile

_WHO = {"customer": "[bold cyan]customer[/]", "human": "[green]human[/]", "bot": "[yellow]bot[/]"}
_YES, _NO, _SKIP, _QUIT = "y", "n", "s", "q"
_WHEN = re.compile(
    r"(?P<day>\d{1,2})/(?P<month>\d{1,2})(?:/(?P<year>\d{4}))?(?:\s+(?P<hour>\d{1,2}):(?P<minute>\d{2}))?"
)


class Stopped(Exception):
    """The person wants to stop."""


class Skipped(Exception):
    """The person has nothing to say of this conversation."""


def label_conversations(tenant_id: str, labelled_by: str, count: int) -> None:
    """Shows conversations one by one, asks, and keeps each answer at once. Raises FunilError."""
    from warehouse.connect import connect
    from warehouse.labels import conversations, save_label, unlabelled

    workspace = open_workspace()
    tenant = tenant_of(workspace.tenants(), tenant_id)
    kept = 0
    with connect(workspace.warehouse.dsn, autocommit=True) as connection:
        names = unlabelled(connection, tenant.slug, labelled_by, count)
        if not names:
            raise FunilError(
                f"'{labelled_by}' has no conversation of tenant '{tenant.slug}' to label: either all are labelled, or none "
                "is analysed yet; run 'funil run' first."
            )
        out.print(f"{len(names)} conversations. 's' skips one, 'q' stops; what you have answered is kept.")
        for number, stored in enumerate(conversations(connection, tenant.slug, names), start=1):
            transcript = transcript_of(tenant, stored.conversation_id, stored.messages)
            out.rule(f"{number} of {len(names)}: {stored.conversation_id}")
            show(transcript)
            try:
                fields = ask(transcript)
            except Skipped:
                continue
            except Stopped:
                break
            save_label(connection, tenant.slug, stored.conversation_id, labelled_by, transcript.content_hash, fields)
            kept += 1
    err.print(
        f"{kept} labels kept. 'funil analyze evaluate --on labels --tenant {tenant.slug}' says how right an engine is."
    )


def tenant_of(file: TenantsFile, tenant_id: str) -> Tenant:
    """The tenant of this name. Raises FunilError, also with what is wrong with its entry."""
    if tenant_id in file.errors:
        raise FunilError(file.errors[tenant_id])
    for tenant in file.tenants:
        if tenant.slug == tenant_id:
            return tenant
    raise FunilError(f"{file.path} has no tenant '{tenant_id}'.")


def transcript_of(tenant: Tenant, conversation_id: str, messages: Any) -> Transcript:
    from analyzers import Transcript, TranscriptMessage

    return Transcript(
        tenant.slug,
        conversation_id,
        tenant.vertical,
        tenant.timezone,
        tuple(TranscriptMessage(*message) for message in messages),
    )


def show(transcript: Transcript) -> None:
    """The conversation with local times, without phones, e-mail addresses and documents."""
    from rich.markup import escape

    from analyzers.redaction import Redaction

    redaction = Redaction()
    zone = ZoneInfo(transcript.timezone)
    for message in transcript.messages:
        at = message.sent_at.astimezone(zone)
        out.print(f"[dim]{at:%a %d/%m/%Y %H:%M}[/] {_WHO[message.speaker]}: {escape(redaction.hide(message.content))}")


def ask(transcript: Transcript) -> dict[str, Any]:
    """The fields of a label. Raises Skipped and Stopped."""
    from analyzers.label import Label
    from analyzers.result import Intent, Sentiment

    fields: dict[str, Any] = {"is_lead": _choice("May they buy something they do not have yet?", [_YES, _NO]) == _YES}
    fields["visit_scheduled"] = _choice("Did both sides agree on a visit, still standing?", [_YES, _NO]) == _YES
    if fields["visit_scheduled"]:
        fields["visit_at"] = _when(transcript)
    fields["intent"] = _choice("What do they mainly want?", get_args(Intent))
    fields["sentiment"] = _choice("How do they feel?", get_args(Sentiment), default="neutral")
    for name, question in (
        ("contact_name", "The name they give themselves"),
        ("goal", "What they want to reach"),
        ("condition", "A health condition of theirs"),
    ):
        fields[name] = _text(question)
    speakers = {message.speaker for message in transcript.messages}
    fields["handoff_reason"] = _text("Why a human took over from the bot") if {"bot", "human"} <= speakers else None
    return Label.model_validate(fields).model_dump()


def _choice(question: str, choices: Iterable[str], default: str | None = None) -> str:
    listed = [*choices, _SKIP, _QUIT]
    if default is None:
        return _answered(Prompt.ask(question, console=out, choices=listed))
    return _answered(Prompt.ask(question, console=out, choices=listed, default=default))


def _text(question: str) -> str | None:
    return (
        _answered(Prompt.ask(f"{question} (Enter: none)", console=out, default="", show_default=False)).strip() or None
    )


def _answered(answer: str) -> str:
    if answer == _QUIT:
        raise Stopped
    if answer == _SKIP:
        raise Skipped
    return answer


def _when(transcript: Transcript) -> datetime | date | None:
    while True:
        said = _text("When? day/month hour:minute, or day/month")
        if said is None:
            return None
        try:
            return parse_when(said, transcript)
        except ValueError:
            err.print(f"'{said}' is not such a time; write for example 13/03 15:00.")


def parse_when(said: str, transcript: Transcript) -> datetime | date:
    """ "13/03 15:00" in the tenant's time zone, or "13/03" alone; without a year the first such day from the conversation's
    first on. Raises ValueError."""
    match = _WHEN.fullmatch(said.strip())
    if match is None:
        raise ValueError(said)
    zone = ZoneInfo(transcript.timezone)
    began = transcript.messages[0].sent_at.astimezone(zone).date()
    day, month = int(match["day"]), int(match["month"])
    found = date(int(match["year"] or began.year), month, day)
    if match["year"] is None and found < began:
        found = date(began.year + 1, month, day)
    if match["hour"] is None:
        return found
    return datetime(found.year, found.month, found.day, int(match["hour"]), int(match["minute"]), tzinfo=zone)
