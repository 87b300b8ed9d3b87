"""`funil erase` and `funil access-request`: who is meant, what there is of them, and a question before anything goes."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import typer
from rich.table import Table

from funil.cli.console import err, out
from funil.cli.workspace import open_workspace
from funil.errors import FunilError
from sources.phones import normalise_phone
from warehouse.audit import person_at_the_keyboard
from warehouse.privacy.erase import Preview, preview
from warehouse.privacy.exports import export_person
from warehouse.privacy.lift import lift
from warehouse.privacy.selection import Selection

_COUNTRY = "select country from config.tenants where tenant_id = %s"


def selection_of(
    tenant_id: str, phone: str | None, email: str | None, contact: str | None, *, shared_email: bool = False
) -> Selection:
    """Whom the options mean. Raises FunilError."""
    phone = _asked("Phone", phone)
    email = _asked("E-mail address", email)
    with open_workspace().warehouse.connect() as connection:
        # of a tenant that has left tenants.yaml there are rows too
        row = connection.execute(_COUNTRY, [tenant_id]).fetchone()
    if row is None:
        raise FunilError(f"The warehouse has no tenant '{tenant_id}'.")
    if phone is not None:
        normalised = normalise_phone(phone, row[0])
        if normalised is None:
            raise FunilError(f"That is no phone number as one dials it from {row[0]}. Write it with its area code.")
        phone = normalised
    member = f"contact-{contact}" if contact and contact.isdecimal() else contact
    return Selection(tenant_id, phone=phone, email=email, member=member, shared_email=shared_email)


def erase_person(selection: Selection, *, dry_run: bool, yes: bool) -> int:
    """Shows what there is, asks, and erases; returns 1 if the person said no."""
    workspace = open_workspace()
    with workspace.warehouse.connect() as connection:
        found = preview(connection, selection)
    _show(found)
    if dry_run:
        return 0
    if not yes and not typer.confirm("Erase all of it? Nothing brings it back", err=True):
        err.print("Nothing was erased.")
        return 1
    from orchestration.erasure import erase_person as erase_to_the_end
    from orchestration.run import stdout_to

    with stdout_to(workspace.settings.home / "logs"):
        erase_to_the_end(workspace.settings, selection, actor=person_at_the_keyboard(), say=err.print)
    return 0


def let_back(selection: Selection) -> None:
    """Lifts the erasure of whoever is meant, and says what brings them back."""
    erasures = lift(open_workspace().warehouse.dsn, selection, actor=person_at_the_keyboard())
    err.print(
        f"Lifted: erasure {', '.join(map(str, erasures))}. What the sources still have of them comes with "
        f"'funil run --tenant {selection.tenant_id} --full-refresh', or the weekly reconciliation."
    )


def export(selection: Selection, path: Path | None) -> None:
    """Writes the file and prints where it is."""
    workspace = open_workspace()
    folder = workspace.settings.home / "exports"
    try:
        with workspace.warehouse.connect() as connection:
            done = export_person(
                connection, selection, actor=person_at_the_keyboard(), folder=folder, path=path and path.expanduser()
            )
    except FileExistsError:
        raise FunilError(f"{path} exists already. Name another file with --output.") from None
    except OSError as error:
        raise FunilError(
            f"{path or folder} cannot be written: {error.strerror}. Name another file with --output."
        ) from None
    err.print(
        f"{sum(done.rows.values()):,} rows of {len(done.rows)} tables. Only you may read the file; send it safely:"
    )
    out.print(str(done.path), soft_wrap=True, markup=False)


def _asked(question: str, value: str | None) -> str | None:
    """What was given or, for a dash, what is typed: that is in no shell's history."""
    return typer.prompt(question, err=True) if value == "-" else value


def _show(found: Preview) -> None:
    for person in found.people:
        err.print(f"Known as {', '.join(person.members) or 'nobody, but for rows that could not be stored'}.")
    out.print(_table(found.rows))
    if found.sharing:
        names = ", ".join(person.members[0] for person in found.sharing)
        err.print(f"Others have the same e-mail address and stay: {names}. --shared-email means them too.")


def _table(rows: Mapping[str, int]) -> Table:
    table = Table("table")
    table.add_column("rows", justify="right")
    for name, count in sorted(rows.items()):
        table.add_row(name, f"{count:,}")
    table.add_section()
    table.add_row("all", f"{sum(rows.values()):,}")
    return table
