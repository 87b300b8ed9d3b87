"""The models that score leads, learned every week from what has come true, into ml.model_versions."""

import traceback
from collections.abc import Mapping

import dagster as dg

from orchestration.keys import MODEL_VERSIONS, OWNER
from orchestration.leads import Trained, train_models
from orchestration.plots import calibration_plot
from orchestration.tenant_work import TenantsFailed, as_failure, sentence_of
from orchestration.workspace import Workspace
from warehouse.model_versions import ModelVersion


@dg.asset(
    key=MODEL_VERSIONS,
    deps=[
        dg.AssetKey(["marts", "fct_conversations"]),
        dg.AssetKey(["marts", "fct_leads"]),
        dg.AssetKey(["marts", "dim_contacts"]),
        dg.AssetKey(["intermediate", "int_conversation_events"]),
    ],
    description="Models of who becomes a customer and who falls silent, one over all tenants and a tenant's own where it is "
    "clearly better. Judged on the last eight weeks, which they have not seen, beside the simple answers. A new one "
    "replaces the old only if it is not worse on the same weeks.",
    group_name="ml",
    kinds={"python", "scikitlearn"},
    owners=[OWNER],
)
def lead_models(context: dg.AssetExecutionContext, workspace: Workspace) -> dg.MaterializeResult:
    """All tenants together. One whose past cannot be read is left out, and fails the run when the others are done."""
    with as_failure():
        failures: dict[str, str] = {}

        def failed(tenant_id: str, error: Exception) -> None:
            context.log.error("".join(traceback.format_exception(error)))
            failures[tenant_id] = sentence_of(error)

        trained = train_models(workspace.dsn, workspace.tenants().tenants, failed=failed)
        result: dg.MaterializeResult[None] = dg.MaterializeResult(metadata=_metadata(trained))
        if failures:
            context.log_event(dg.AssetMaterialization(MODEL_VERSIONS, metadata=result.metadata))
            raise TenantsFailed(failures, healthy=trained.tenants)
    return result


def _metadata(trained: Trained) -> dict[str, dg.MetadataValue]:
    metadata: dict[str, dg.MetadataValue] = {"tenants": dg.MetadataValue.int(trained.tenants)}
    if not trained.versions:
        metadata["note"] = dg.MetadataValue.text("There is not enough past yet to learn from, or to judge anything on.")
    for model, versions in trained.versions.items():
        pooled = versions["*"].metrics
        metadata[f"{model}_calibration"] = calibration_plot(pooled["bins"])
        metadata[model] = dg.MetadataValue.md(_table(versions))
    return metadata


def _table(versions: Mapping[str, ModelVersion]) -> str:
    lines = [
        "| whose | method | rows | outcomes | AUC | Brier | calibration error | why |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for tenant_id, version in sorted(versions.items()):
        metrics = version.metrics
        auc = "" if metrics["auc"] is None else f"{metrics['auc']:.3f}"
        lines.append(
            f"| {'all tenants' if tenant_id == '*' else tenant_id} | {version.method} | {metrics['rows']:,} "
            f"| {metrics['happened']:,} | {auc} | {metrics['brier']:.5f} | {metrics['ece']:.4f} | {version.verdict} |"
        )
    return "\n".join(lines)
