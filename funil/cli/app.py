"""The `funil` command: its options, its subcommands, and how errors reach a person.

Imports are inside the commands, so that `funil --help` and `funil db url` do not wait for Dagster or pandas.
"""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Annotated

import typer

from funil.cli.access_app import access_app
from funil.cli.analyze_app import analyze_app
from funil.cli.console import err
from funil.cli.privacy_app import access_request, erase
from funil.errors import FunilError

app = typer.Typer(
    help="From a tenant's Chatwoot and WhatsApp bot to funnel, ROI, SLA and NPS marts.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
tenants_app = typer.Typer(help="The tenants of tenants.yaml.", no_args_is_help=True)
db_app = typer.Typer(help="The warehouse.", no_args_is_help=True)
sandbox_app = typer.Typer(help="A pretend world to try everything on.", invoke_without_command=True)
app.add_typer(tenants_app, name="tenants")
app.add_typer(db_app, name="db")
app.add_typer(sandbox_app, name="sandbox")
app.add_typer(analyze_app, name="analyze")
app.add_typer(access_app, name="access")
app.command()(erase)
app.command()(access_request)

_debug = False


@app.callback()
def options(debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False) -> None:
    global _debug
    _debug = debug


@app.command()
def demo(
    scale: Annotated[
        float | None, typer.Option(min=0.01, help="Size of a new world; 1 is about 4,200 conversations.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Another seed, another new world.")] = None,
    engine: Annotated[
        str | None, typer.Option(help="Read every tenant's conversations with regex, openai or cascade.")
    ] = None,
) -> None:
    """Run the whole pipeline for the sandbox's tenants and print their headline figures."""
    from funil.cli.demo import run_demo

    raise typer.Exit(run_demo(scale=scale, seed=seed, engine=engine))


@app.command()
def up(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port of the Dagster UI.")] = 3000,
) -> None:
    """Run the Dagster UI and daemon (and the sandbox, if the tenants are its own); Ctrl-C stops all of it."""
    from funil.cli.up import run_up

    raise typer.Exit(run_up(port=port))


@app.command()
def run(
    tenant: Annotated[list[str] | None, typer.Option("--tenant", help="Only this tenant; repeat for more.")] = None,
    full_refresh: Annotated[bool, typer.Option("--full-refresh", help="Reconcile with the sources, rebuild.")] = False,
    since: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Read again from this date.")] = None,
) -> None:
    """Run the tick the schedules run, here and now; exit 1 if any tenant failed."""
    from funil.cli.run import run_tenants

    raise typer.Exit(run_tenants(tenant or [], full_refresh=full_refresh, since=since.date() if since else None))


@app.command()
def staffing(
    tenant: Annotated[str, typer.Option("--tenant", help="The tenant, by its slug.")],
    more_people: Annotated[int, typer.Option(min=0, max=100, help="So many more, who can do all.")] = 0,
    more_demand: Annotated[float, typer.Option(min=-99, help="So many percent more conversations; -20: fewer.")] = 0.0,
    target: Annotated[float | None, typer.Option(min=1, max=99.9, help="Answer so many percent in time.")] = None,
    within: Annotated[str | None, typer.Option(help="In time is within this, such as 5m.")] = None,
) -> None:
    """The coming week's plan as it is, and as it would be."""
    from funil.cli.staffing import show_what_if
    from funil.service_levels import parse_duration

    try:
        seconds = parse_duration(within).total_seconds() if within else None
    except ValueError as error:
        raise FunilError(f"--within: {error}.") from None
    raise typer.Exit(
        show_what_if(tenant, more_people=more_people, more_demand=more_demand, target=target, within_seconds=seconds)
    )


@tenants_app.command("check")
def tenants_check() -> None:
    """Validate tenants.yaml and reach every source with its credentials."""
    from funil.cli.tenants_check import check_tenants

    raise typer.Exit(check_tenants())


@db_app.command("url")
def db_url() -> None:
    """Print the warehouse's address, for psql and BI tools; starts the embedded server if that is what is in use."""
    from funil.cli.database import print_url

    print_url()


@db_app.command("stop")
def db_stop() -> None:
    """Stop the embedded server; the next command starts it again."""
    from funil.cli.database import stop

    stop()


@sandbox_app.callback()
def sandbox(
    context: typer.Context,
    scale: Annotated[
        float | None, typer.Option(min=0.01, help="Size of a new world; 1 is about 4,200 conversations.")
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Another seed, another new world.")] = None,
    engine: Annotated[
        str | None, typer.Option(help="Read every tenant's conversations with regex, openai or cascade.")
    ] = None,
) -> None:
    """Serve the sandbox's Chatwoot, bots and language model until Ctrl-C."""
    if context.invoked_subcommand is None:
        from funil.cli.sandbox import serve

        raise typer.Exit(serve(scale, seed, engine))


@sandbox_app.command("advance")
def sandbox_advance(
    hours: Annotated[float, typer.Option(min=0.01, help="How far the world goes on.")] = 6.0,
    announced_only: Annotated[
        bool, typer.Option("--announced-only", help="Leave out what Chatwoot never announces, such as deletions.")
    ] = False,
) -> None:
    """Let the world go on: messages, new conversations, edits, deletions, bookings attended or missed."""
    from funil.cli.sandbox import advance

    raise typer.Exit(advance(hours, unannounced=not announced_only))


@sandbox_app.command("misbehave")
def sandbox_misbehave(
    kind: Annotated[str, typer.Argument(help="A fault such as throttle, error, slow or cut; 'behave' ends all.")],
    tenant: Annotated[str | None, typer.Option(help="Only this tenant.")] = None,
    count: Annotated[int | None, typer.Option(min=1, help="How many requests.")] = None,
    probability: Annotated[float | None, typer.Option(min=0, max=1, help="Which share of requests.")] = None,
) -> None:
    """Ask the running sandbox for faults."""
    from funil.cli.sandbox import misbehave

    raise typer.Exit(misbehave(kind, tenant, count, probability))


@app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []})
def dbt(context: typer.Context) -> None:
    """dbt in dbt_project/ with the warehouse's environment set: funil dbt run -s marts."""
    from funil.cli.dbt import run_dbt

    raise typer.Exit(run_dbt(context.args))


@app.command()
def docs(
    site: Annotated[bool, typer.Option(help="Also dbt's own documentation, as one page.")] = True,
) -> None:
    """Write docs/metrics.md and dbt's documentation from the models' descriptions."""
    from funil.cli.docs import write_docs

    raise typer.Exit(write_docs(site=site))


@app.command()
def doctor() -> None:
    """Check versions, services, disk and migrations, and give a verdict."""
    from funil.cli.doctor import examine

    raise typer.Exit(examine())


def main() -> None:
    """Entry point of the console script: errors a person can mend are sentences, not tracebacks."""
    try:
        app()
    except FunilError as error:
        if _debug:
            raise
        err.print(f"[bold red]error:[/] {_plain(str(error))}")
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except Exception as error:
        if _debug:
            raise
        err.print(f"[bold red]error:[/] {_plain(type(error).__name__ + ': ' + str(error))}")
        err.print("This is not an error Funil knows. 'funil --debug ...' shows where it happened.")
        sys.exit(1)


def _plain(text: str) -> str:
    from rich.markup import escape

    return escape(text)
