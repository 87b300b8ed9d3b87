"""How right the engines are, as tables that a materialization shows."""

from __future__ import annotations

from collections.abc import Mapping

from analyzers.evaluation import Evaluation, Figure
from analyzers.local_training import Trained

_WORST_SHOWN = 10


def accuracy_table(evaluated: Mapping[str, Evaluation]) -> str:
    """A row per reader and field, with 95 % intervals."""
    lines = [
        "| read by, judged by | field | conversations | accuracy | precision | recall | F1 |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, evaluation in evaluated.items():
        for field, one in evaluation.fields.items():
            figures = " | ".join(map(_figure, (one.accuracy, one.precision, one.recall, one.f1)))
            lines.append(f"| {name} | {field} | {evaluation.count} | {figures} |")
    return "\n".join(lines)


def confusion_table(evaluated: Mapping[str, Evaluation]) -> str:
    """What was taken for what, most often first."""
    lines = ["| read by, judged by | field | really | read as | conversations |", "|---|---|---|---|---|"]
    for name, evaluation in evaluated.items():
        for field in ("is_lead", "visit_scheduled", "intent"):
            wrong = [(pair, count) for pair, count in evaluation.confusion[field].items() if pair[0] != pair[1]]
            lines += [f"| {name} | {field} | {was} | {said} | {count} |" for (was, said), count in wrong[:_WORST_SHOWN]]
    return "\n".join(lines)


def worth_table(trained: Mapping[str, Trained]) -> str:
    """What the small models are worth on labels they have not seen."""
    if not trained:
        return "No vertical has labels enough: `funil analyze label` makes them."
    lines = [
        "| vertical | labels | field | rules right | model right | McNemar's p | counts | threshold |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for vertical, found in trained.items():
        lines += [
            f"| {vertical} | {found.labels} | {field} | {one.rules:.1%} | {one.model:.1%} | {one.p_value:.3f} | "
            f"{'yes' if one.earned else 'no'} | {found.model.threshold:.2f} |"
            for field, one in found.fields.items()
        ]
    return "\n".join(lines)


def _figure(figure: Figure) -> str:
    if figure.value is None or figure.low is None or figure.high is None:
        return "-"
    return f"{figure.value:.1%} ({figure.low:.0%} to {figure.high:.0%})"
