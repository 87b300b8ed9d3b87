"""The commands of `funil access`."""

from __future__ import annotations

from typing import Annotated

import typer

access_app = typer.Typer(help="Logins for people and BI tools: who may read what.", no_args_is_help=True)


@access_app.command("grant")
def access_grant(
    login: Annotated[str, typer.Argument(help="Name of the login; made unless it is there.")],
    kind: Annotated[str, typer.Option(help="admin, manager, secretary, marketing, agency or gateway.")],
    tenant: Annotated[list[str] | None, typer.Option("--tenant", help="A tenant it may read; repeat for more.")] = None,
    agent: Annotated[int | None, typer.Option(help="Id of the agent that a secretary is.")] = None,
    new_password: Annotated[bool, typer.Option("--new-password", help="Give an existing login another one.")] = False,
) -> None:
    """Make a login, or let one read more; prints its address once."""
    from funil.cli.access import grant, kind_named

    grant(login, kind_named(kind), tenant or [], agent, new_password)


@access_app.command("revoke")
def access_revoke(
    login: Annotated[str, typer.Argument(help="Name of the login.")],
    tenant: Annotated[list[str] | None, typer.Option("--tenant", help="Only this tenant; repeat for more.")] = None,
) -> None:
    """Take a login away, or single tenants from it; its connections end."""
    from funil.cli.access import revoke

    revoke(login, tenant or [])


@access_app.command("list")
def access_list() -> None:
    """Show every login and what it may read."""
    from funil.cli.access import show

    raise typer.Exit(show())
