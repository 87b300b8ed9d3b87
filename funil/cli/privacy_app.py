"""The commands about one person's data: `funil erase`, `funil access-request`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Tenant = Annotated[str, typer.Option("--tenant", help="Of which tenant.")]
Phone = Annotated[str | None, typer.Option("--phone", help="Their phone, in any spelling; - asks for it.")]
Email = Annotated[str | None, typer.Option("--email", help="Their e-mail address; - asks for it.")]
Contact = Annotated[
    str | None, typer.Option("--contact", help="Number of the Chatwoot contact, or a person_id of the marts.")
]


def erase(
    tenant: Tenant,
    phone: Phone = None,
    email: Email = None,
    contact: Contact = None,
    shared_email: Annotated[
        bool, typer.Option("--shared-email", help="Also everybody else who has the same e-mail address.")
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show how many rows would go.")] = False,
    lift: Annotated[
        bool, typer.Option("--lift", help="The other way: let the sources bring back somebody who was erased.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Forget a person: all of their rows go, and no later sync brings them back."""
    from funil.cli.privacy import erase_person, let_back, selection_of

    selection = selection_of(tenant, phone, email, contact, shared_email=shared_email)
    if lift:
        let_back(selection)
        raise typer.Exit
    raise typer.Exit(erase_person(selection, dry_run=dry_run, yes=yes))


def access_request(
    tenant: Tenant,
    phone: Phone = None,
    email: Email = None,
    contact: Contact = None,
    output: Annotated[Path | None, typer.Option("--output", help="The file to write; else one in FUNIL_HOME.")] = None,
) -> None:
    """Write everything held of a person into one JSON file, for whoever asks what is known of them."""
    from funil.cli.privacy import export, selection_of

    export(selection_of(tenant, phone, email, contact), output)
