"""`funil access`: logins for people and BI tools, each seeing only what it should."""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table

from funil.cli.console import err, out
from funil.cli.workspace import open_workspace
from funil.errors import FunilError
from warehouse.access import Kind, grant_login, list_logins, revoke_login
from warehouse.audit import breaks, last_entry, person_at_the_keyboard


def kind_named(name: str) -> Kind:
    """The kind of login so named; FunilError lists those there are."""
    try:
        return Kind(name)
    except ValueError:
        raise FunilError(f"'{name}' is no kind of login. There are: {', '.join(Kind)}.") from None


def grant(name: str, kind: Kind, tenants: Sequence[str], agent_id: int | None, new_password: bool) -> None:
    """Grants, and prints the login's address on stdout if it has a new password."""
    warehouse = open_workspace().warehouse
    granted = grant_login(
        warehouse.dsn,
        warehouse.bi_dsn,
        name,
        kind,
        tenants=tenants,
        agent_id=agent_id,
        actor=person_at_the_keyboard(),
        new_password=new_password,
    )
    reads = ", ".join(granted.login.tenants) or ("the tenant it names" if kind is Kind.GATEWAY else "every tenant")
    err.print(f"{name} ({kind}) reads {reads}, in the schema marts.")
    if granted.other_databases:
        err.print(
            f"[yellow]It may also connect to {', '.join(granted.other_databases)} on this server[/], which are open to "
            "every login: their owner closes them with 'revoke connect on database ... from public'."
        )
    if granted.dsn is None:
        err.print("Its password is the one it had; --new-password makes another.")
    else:
        err.print("Its address, with the password. It is shown this once and stored nowhere:")
        out.print(granted.dsn, soft_wrap=True, markup=False)


def revoke(name: str, tenants: Sequence[str]) -> None:
    """Takes tenants from a login, or the login itself."""
    left = revoke_login(open_workspace().warehouse.dsn, name, tenants=tenants, actor=person_at_the_keyboard())
    if left is None:
        err.print(f"{name} is gone.")
    else:
        err.print(f"{name} reads {', '.join(left.tenants) or 'nothing any more'}.")


def show() -> int:
    """A row per login; exit code 1 if the log of grants was meddled with."""
    table = Table("login", "kind", "tenants", "agent")
    with open_workspace().warehouse.connect() as connection:
        for login in list_logins(connection):
            # made by hand: it has tenants, but nothing to read them with
            kind = login.kind.value if login.kind else "[red]none[/]"
            table.add_row(login.name, kind, ", ".join(login.tenants), ", ".join(login.agents))
        broken, latest = breaks(connection), last_entry(connection)
    out.print(table)
    if latest:
        # whoever keeps it elsewhere would see that the log's end, or all of it, was written anew
        err.print(f"ops.audit_log has {latest[0]} entries; the digest of the last is {latest[1]}")
    for number, happened_at, action, subject in broken:
        err.print(
            f"[red]ops.audit_log was changed at entry {number}[/] ({happened_at:%Y-%m-%d %H:%M}, {action} {subject})."
        )
    return 1 if broken else 0
