"""`funil analyze ...`: how conversations are read, and how right that is."""

from __future__ import annotations

from typing import Annotated

import typer

analyze_app = typer.Typer(help="How conversations are read, and how right that is.", no_args_is_help=True)

ON = (
    "What is read: 'test' and 'development' come with Funil; 'labels' are what you have labelled of --tenant; "
    "'conversations' are --count of the tenant's own, labelled or not (compare only)."
)
On = Annotated[str, typer.Option(help=ON)]
Vertical = Annotated[str | None, typer.Option(help="Of test and development only this vertical.")]
OneTenant = Annotated[str | None, typer.Option("--tenant", help="Whose labels or conversations.")]
COMPARED = "An engine, engine:model, or 'stored': what the warehouse holds of the tenant, whoever read it."


@analyze_app.command()
def label(
    tenant: Annotated[str, typer.Option(help="Whose conversations.")],
    by: Annotated[str | None, typer.Option(help="Who labels; your login name if not given.")] = None,
    count: Annotated[int, typer.Option(min=1, help="How many at most.")] = 50,
) -> None:
    """Say what conversations really were: shows one at a time without phones and documents, asks, and keeps the answer."""
    import getpass

    from funil.cli.label import label_conversations

    label_conversations(tenant, by or getpass.getuser(), count)


@analyze_app.command()
def evaluate(
    engine: Annotated[str, typer.Option(help="As analyzer.engine in tenants.yaml, or 'stored'.")] = "regex",
    model: Annotated[str | None, typer.Option(help="As analyzer.model in tenants.yaml.")] = None,
    on: On = "test",
    vertical: Vertical = None,
    tenant: OneTenant = None,
) -> None:
    """Let an engine read labelled conversations and show how right it is, field by field."""
    from funil.cli.evaluate import evaluate_engine
    from funil.cli.readings import What

    evaluate_engine(f"{engine}:{model}" if model else engine, What(on, vertical, tenant))


@analyze_app.command()
def compare(
    first: Annotated[str, typer.Argument(help=COMPARED)],
    second: Annotated[str, typer.Argument(help=COMPARED)],
    on: On = "test",
    vertical: Vertical = None,
    tenant: OneTenant = None,
    count: Annotated[int, typer.Option(min=1, help="How many of the tenant's conversations at most.")] = 200,
) -> None:
    """Let two engines read the same conversations: agreement, McNemar's test, cost and latency side by side."""
    from funil.cli.evaluate import compare_engines
    from funil.cli.readings import What

    compare_engines(first, second, What(on, vertical, tenant, count))


@analyze_app.command()
def estimate(
    tenant: Annotated[list[str] | None, typer.Option("--tenant", help="Only this tenant; repeat for more.")] = None,
    everything: Annotated[bool, typer.Option("--everything", help="As a backfill would read.")] = False,
) -> None:
    """Show what the next run would have read, and about what it would cost; nothing is asked of anybody."""
    from funil.cli.backfill import show_estimate

    show_estimate(tenant or [], everything=everything)


@analyze_app.command()
def backfill(
    tenant: Annotated[list[str] | None, typer.Option("--tenant", help="Only this tenant; repeat for more.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before spending.")] = False,
) -> None:
    """Read every conversation whose reading is out of date or was regex standing in; the estimated cost is shown first."""
    from funil.cli.backfill import backfill_tenants

    raise typer.Exit(backfill_tenants(tenant or [], yes=yes))
