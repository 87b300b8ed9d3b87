"""`funil analyze evaluate` and `funil analyze compare`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from funil.cli.console import out
from funil.cli.readings import What, choose, read
from funil.errors import FunilError

if TYPE_CHECKING:
    from analyzers.evaluation import Comparison, Evaluation, Figure

_INTENTS_SHOWN = 8


def evaluate_engine(engine: str, what: What) -> None:
    """Prints how right the engine is on these labelled conversations. Raises FunilError."""
    from analyzers.evaluation import Judged, evaluate

    chosen = choose(what)
    if chosen.labels is None:
        raise FunilError(f"--on {what.on} has no labels to judge by; use labels, test or development.")
    version, results = read(engine, what, chosen)
    evaluation = evaluate(
        [
            Judged(label, result, transcript.timezone)
            for label, result, transcript in zip(chosen.labels, results, chosen.transcripts, strict=True)
        ]
    )
    out.print(
        f"{version}, on {evaluation.count} conversations ({what.on}); {sum(one.cost_usd for one in results):.4f} dollars. "
        "In brackets the 95 % interval."
    )
    out.print(_fields_table(evaluation))
    out.print(_confusion_table(evaluation))
    out.print(_calibration_table(evaluation))


def compare_engines(first: str, second: str, what: What) -> None:
    """Prints the two side by side. Raises FunilError."""
    from analyzers.evaluation import compare

    chosen = choose(what)
    (one_version, one), (other_version, other) = (read(name, what, chosen) for name in (first, second))
    comparison = compare(one, other, chosen.labels, [item.timezone for item in chosen.transcripts])
    out.print(f"{comparison.count} conversations ({what.on}), first by {one_version}, then by {other_version}.")
    out.print(_comparison_table(comparison))
    out.print(_price_table(comparison, first, second))


def _fields_table(evaluation: Evaluation) -> Table:
    table = Table("field", "occurs", "accuracy", "precision", "recall", "F1")
    for name, field in evaluation.fields.items():
        figures = (field.accuracy, field.precision, field.recall, field.f1)
        table.add_row(name, str(field.occurs), *map(_figure, figures))
    return table


def _figure(figure: Figure) -> str:
    if figure.value is None or figure.low is None or figure.high is None:
        return "-"
    return f"{figure.value:.1%} [{figure.low:.0%}, {figure.high:.0%}]".replace("[", "\\[")


def _confusion_table(evaluation: Evaluation) -> Table:
    table = Table("field", "really", "read as", "conversations", title="what was taken for what, most often first")
    for field in ("is_lead", "visit_scheduled", "intent"):
        wrong = [(pair, count) for pair, count in evaluation.confusion[field].items() if pair[0] != pair[1]]
        for (was, said), count in wrong[:_INTENTS_SHOWN]:
            table.add_row(field, _word(was), _word(said), str(count))
    return table


def _word(value: object) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _calibration_table(evaluation: Evaluation) -> Table:
    title = (
        f"lead_probability / 5 and the share that were leads; Brier score {evaluation.brier:.3f}, "
        f"calibration error {evaluation.calibration_error:.3f}"
    )
    table = Table("between", "conversations", "mean said", "were leads", title=title)
    for one in evaluation.calibration:
        shares = ["-" if share is None else f"{share:.0%}" for share in (one.mean, one.share_of_leads)]
        table.add_row(f"{one.low:.1f} and {one.high:.1f}", str(one.count), *shares)
    return table


def _comparison_table(comparison: Comparison) -> Table:
    only = "right" if comparison.judged_by_labels else "says yes"
    table = Table("field", "agree", "kappa", f"only the first {only}", f"only the second {only}", "McNemar's p")
    for name, field in comparison.fields.items():
        table.add_row(
            name,
            f"{field.agreement:.1%}",
            "-" if field.kappa is None else f"{field.kappa:.2f}",
            *("-" if count is None else str(count) for count in (field.only_first, field.only_second)),
            "-" if field.p_value is None else f"{field.p_value:.3f}",
        )
    return table


def _price_table(comparison: Comparison, first: str, second: str) -> Table:
    table = Table("", first, second)
    table.add_row("cost", *(f"{cost:.4f} dollars" for cost in comparison.cost_usd))
    table.add_row("latency, median", *("-" if ms is None else f"{ms:,.2f} ms" for ms in comparison.median_latency_ms))
    return table
