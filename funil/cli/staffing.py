"""`funil staffing`: the coming week's plan as it would be with other people, another demand, another promise."""

from __future__ import annotations

from rich.table import Table

from funil.cli.console import out
from funil.cli.workspace import open_workspace

_ROWS = {
    "cost": ("cost", "{:,.2f}"),
    "person_hours": ("hours worked", "{:,.0f}"),
    "hours_short": ("people's hours short", "{:,.0f}"),
    "extra_people": ("people short in the worst hour", "{:,.0f}"),
    "service_level": ("customers answered in time", "{:.1%}"),
}


def show_what_if(
    slug: str, *, more_people: int, more_demand: float, target: float | None, within_seconds: float | None
) -> int:
    """Prints the week as it is and as it would be. Raises FunilError where there is nothing to plan from."""
    from orchestration.staffing import what_if

    workspace = open_workspace()
    tenant = workspace.tenants().named(slug)
    compared = what_if(
        workspace.warehouse.dsn,
        tenant,
        more_people=more_people,
        demand_times=1 + more_demand / 100,
        target=None if target is None else target / 100,
        within_seconds=within_seconds,
    )
    table = Table("the coming week", *compared.index)
    for column, (label, form) in _ROWS.items():
        unit = f" ({tenant.currency})" if column == "cost" else ""
        table.add_row(label + unit, *(form.format(value) for value in compared[column]))
    out.print(table)
    for name, row in compared.iterrows():
        if row["hours_short"] > 0:
            out.print(
                f"{name}: not enough people; {row['hours_short']:,.0f} people's hours are missing, "
                f"{row['extra_people']:.0f} people in the worst hour."
            )
    return 0
