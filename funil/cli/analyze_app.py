"""`funil analyze ...`: how conversations are read, and how right that is."""

from __future__ import annotations

from typing import Annotated

import typer

analyze_app = typer.Typer(help="How conversations are read, and how right that is.", no_args_is_help=True)

ON = "Labelled conversations: 'test' and 'development' come with Funil, 'labels' are your own (funil analyze label)."


@analyze_app.command()
def evaluate(
    engine: Annotated[str, typer.Option(help="As analyzer.engine in tenants.yaml.")] = "regex",
    model: Annotated[str | None, typer.Option(help="As analyzer.model in tenants.yaml.")] = None,
    on: Annotated[str, typer.Option(help=ON)] = "test",
    vertical: Annotated[str | None, typer.Option(help="Only conversations of this vertical.")] = None,
) -> None:
    """Let an engine read labelled conversations and show how right it is, field by field."""
    from funil.cli.evaluate import evaluate_engine

    evaluate_engine(engine, model, on=on, vertical=vertical)


@analyze_app.command()
def compare(
    first: Annotated[str, typer.Argument(help="An engine, or engine:model.")],
    second: Annotated[str, typer.Argument(help="Another engine, or engine:model.")],
    on: Annotated[str, typer.Option(help=ON)] = "test",
    vertical: Annotated[str | None, typer.Option(help="Only conversations of this vertical.")] = None,
) -> None:
    """Let two engines read the same labelled conversations: agreement, McNemar's test, cost and latency side by side."""
    from funil.cli.evaluate import compare_engines

    compare_engines(first, second, on=on, vertical=vertical)
