"""`funil tenants check`: is tenants.yaml right, and does every source open with its credentials?"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from rich.markup import escape
from rich.table import Table

from funil.cli.console import out
from funil.cli.sandbox import sandbox_if_used
from funil.cli.workspace import open_workspace
from funil.errors import FunilError
from funil.tenants import Tenant
from sources.bot.sync import check_bot
from sources.chatwoot.check import check_chatwoot

Finding = tuple[bool, str]
NOT_USED: Finding = (True, "-")


def check_tenants() -> int:
    """Prints a row per tenant; returns 1 if anything does not work."""
    workspace = open_workspace()
    file = workspace.tenants()
    with sandbox_if_used(workspace), ThreadPoolExecutor(max_workers=8) as pool:
        chatwoot = list(pool.map(_check_chatwoot, file.tenants))
        bots = list(pool.map(_check_bot, file.tenants))
    table = Table("tenant", "", "Chatwoot", "bot", show_lines=True)
    works = not file.errors
    for tenant, one, other in zip(file.tenants, chatwoot, bots, strict=True):
        fine = one[0] and other[0]
        works = works and fine
        table.add_row(tenant.slug, "[green]ok[/]" if fine else "[red]mend[/]", escape(one[1]), escape(other[1]))
    for slug, sentence in file.errors.items():
        table.add_row(slug, "[red]mend[/]", escape(sentence), "")
    out.print(table)
    return 0 if works else 1


def _check_chatwoot(tenant: Tenant) -> Finding:
    return NOT_USED if tenant.chatwoot is None else _found(lambda: check_chatwoot(tenant))


def _check_bot(tenant: Tenant) -> Finding:
    if tenant.bot is None:
        return NOT_USED

    def describe() -> str:
        found = check_bot(tenant)
        return " ".join([f"{len(found.tables)} tables.", *found.warnings])

    return _found(describe)


def _found(check: Callable[[], str]) -> Finding:
    try:
        return True, check()
    except FunilError as error:
        return False, str(error)
