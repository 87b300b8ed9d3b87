"""Every week: the small local models anew, and how right each engine was by what people have labelled."""

import dagster as dg

from orchestration.keys import ANALYSIS, OWNER, READING_MODELS
from orchestration.workspace import Workspace


@dg.asset(
    key=READING_MODELS,
    deps=[ANALYSIS],
    group_name="analysis",
    kinds={"python", "postgres"},
    owners=[OWNER],
    description="Small models that read conversations locally, one per vertical, trained on labels and earlier OpenAI answers; "
    "in a cascade they count for what they read better than the rules on labels they have not seen. Shows how right each "
    "engine is by those labels.",
)
def reading_models(context: dg.AssetExecutionContext, workspace: Workspace) -> dg.MaterializeResult:
    """Trains what has labels enough, and judges what was read."""
    from orchestration.plots import readings_plot
    from orchestration.reading_tables import accuracy_table, confusion_table, worth_table
    from orchestration.reading_truth import evaluations, gather, train_and_keep

    truth = gather(workspace.dsn, workspace.tenants().tenants)
    trained = train_and_keep(workspace.dsn, truth)
    evaluated = evaluations(truth)
    labels = sum(one.source == "person" for one in truth.examples)
    context.log.info(f"{labels} labels, {len(truth.examples)} examples, {len(trained)} models trained.")
    return dg.MaterializeResult(
        metadata={
            "labels": labels,
            "models_trained": len(trained),
            "worth": dg.MetadataValue.md(worth_table(trained)),
            "accuracy": dg.MetadataValue.md(accuracy_table(evaluated)),
            "confusion": dg.MetadataValue.md(confusion_table(evaluated)),
            "calibration": readings_plot(evaluated),
        }
    )
