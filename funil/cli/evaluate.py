"""`funil analyze evaluate` and `funil analyze compare`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from pydantic import ValidationError
from rich.table import Table

from funil.cli.console import err, out
from funil.errors import FunilError
from funil.tenants import AnalyzerSettings

if TYPE_CHECKING:
    from analyzers import Analyzer
    from analyzers.evaluation import Comparison, Evaluation, Figure
    from analyzers.labelled_conversations import LabelledConversation

_INTENTS_SHOWN = 8


def evaluate_engine(engine: str, model: str | None, *, on: str, vertical: str | None) -> None:
    """Prints how right the engine is on these labelled conversations. Raises FunilError."""
    from analyzers.evaluation import Judged, evaluate

    analyzer = _analyzer(engine, model)
    conversations = _labelled(on, vertical)
    results = analyzer.analyze([one.transcript for one in conversations])
    evaluation = evaluate(
        [Judged(one.label, result, one.transcript.timezone) for one, result in zip(conversations, results, strict=True)]
    )
    out.print(
        f"{_name(analyzer)}, {analyzer.prompt_version}, on {evaluation.count} conversations ({on}); "
        f"{sum(one.cost_usd for one in results):.4f} dollars. In brackets the 95 % interval."
    )
    out.print(_fields_table(evaluation))
    out.print(_confusion_table(evaluation))
    out.print(_calibration_table(evaluation))


def compare_engines(first: str, second: str, *, on: str, vertical: str | None) -> None:
    """Prints the two side by side. Raises FunilError."""
    from analyzers.evaluation import compare

    conversations = _labelled(on, vertical)
    transcripts = [one.transcript for one in conversations]
    analyzers = [_analyzer(*_engine_and_model(name)) for name in (first, second)]
    one, other = (analyzer.analyze(transcripts) for analyzer in analyzers)
    comparison = compare(one, other, [item.label for item in conversations], [item.timezone for item in transcripts])
    out.print(f"{comparison.count} conversations ({on}), read by {first} and by {second}.")
    out.print(_comparison_table(comparison, first, second))
    out.print(_price_table(comparison, first, second))


def _engine_and_model(name: str) -> tuple[str, str | None]:
    engine, _, model = name.partition(":")
    return engine, model or None


def _analyzer(engine: str, model: str | None) -> Analyzer:
    from analyzers import AnalyzerSettingsError, build_analyzer

    try:
        return build_analyzer(AnalyzerSettings.model_validate({"engine": engine, "model": model}))
    except ValidationError:
        raise FunilError(
            f"There is no engine '{engine}'; analyzer.engine in tenants.yaml knows the same ones."
        ) from None
    except AnalyzerSettingsError as error:
        raise FunilError(str(error)) from None


def _name(analyzer: Analyzer) -> str:
    return f"{analyzer.engine} ({analyzer.model})" if analyzer.model else analyzer.engine


def _labelled(on: str, vertical: str | None) -> Sequence[LabelledConversation]:
    from analyzers.labelled_conversations import labelled_conversations

    if on not in ("test", "development"):
        raise FunilError(f"--on is '{on}'; it can be test or development.")
    chosen = [one for one in labelled_conversations(on) if vertical in (None, one.transcript.vertical)]
    if not chosen:
        raise FunilError(f"There are no labelled conversations of the vertical '{vertical}'.")
    if on == "test":
        err.print("These judge: look at the totals, and change rules or prompts by the development half.", style="dim")
    return chosen


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


def _comparison_table(comparison: Comparison, first: str, second: str) -> Table:
    table = Table("field", "agree", "kappa", f"only {first} right", f"only {second} right", "McNemar's p")
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
