"""From a tenant's marts to what ml is asked, and from its answers to ml.model_versions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import psycopg

from funil.tenants import Tenant
from ml.versions import LEAD_SCORING
from orchestration.plain_rows import plain_rows
from warehouse.connect import connect
from warehouse.earlier_readings import update_earlier_readings
from warehouse.leads import (
    last_scored,
    read_outcomes,
    read_playbook_talks,
    read_snapshots,
    read_writing_hours,
)
from warehouse.model_versions import POOLED, ModelVersion, models_in_use, retire, store_version
from warehouse.replace_rows import replace_rows
from warehouse.source_clock import source_clock

if TYPE_CHECKING:
    from ml.lead_scoring import Candidate, Decision, LeadData


def lead_data(
    connection: psycopg.Connection,
    tenant: Tenant,
    moments: Sequence[datetime],
    now: datetime,
    *,
    with_outcomes: bool = False,
) -> LeadData:
    """The tenant's leads at these moments; to learn from, with what became of them."""
    from ml.lead_scoring import CUSTOMER_DAYS, SILENCE_DAYS, LeadData

    return LeadData(
        tenant.slug,
        tenant.timezone,
        snapshots=read_snapshots(connection, tenant.slug, moments),
        talks=read_playbook_talks(connection, tenant.slug),
        hours=read_writing_hours(connection, tenant.slug, tenant.timezone, now),
        outcomes=read_outcomes(connection, tenant.slug, moments, customer_days=CUSTOMER_DAYS, silence_days=SILENCE_DAYS)
        if with_outcomes
        else None,
    )


def past_leads(dsn: str, tenant: Tenant) -> tuple[LeadData, datetime] | None:
    """What there is to learn from, and until when; None before the tenant's first sync."""
    from analyzers import RegexAnalyzer, Transcript, TranscriptMessage
    from ml.lead_scoring import past_moments
    from warehouse.analysis import StoredConversation

    def transcript_of(conversation: StoredConversation) -> Transcript:
        messages = tuple(TranscriptMessage(*message) for message in conversation.messages)
        return Transcript(tenant.slug, conversation.conversation_id, tenant.vertical, tenant.timezone, messages)

    with connect(dsn, autocommit=True) as connection:
        connection.execute("set timezone to 'UTC'")
        now = source_clock(connection, tenant.slug)
        if now is None:
            return None
        moments = past_moments(now, tenant.timezone)
        # no other engine reads half a year of unfinished talks for nothing
        update_earlier_readings(dsn, tenant.slug, RegexAnalyzer(), transcript_of, moments)
        return lead_data(connection, tenant, moments, now, with_outcomes=True), now


def candidates_in_use(connection: psycopg.Connection, model: str) -> dict[str, Candidate]:
    """What answers now, by tenant; a model that looks at something which is no feature any more cannot go on."""
    import pandas as pd

    from ml.lead_scoring import AdditiveModel, Candidate, knows

    found = {}
    for tenant_id, version in models_in_use(connection, model).items():
        additive = AdditiveModel.from_plain(version.parameters["additive"])
        if version.code_version == LEAD_SCORING and knows(additive):
            found[tenant_id] = Candidate(
                tenant_id,
                version.method,  # type: ignore[arg-type]
                additive,
                pd.Timestamp(version.trained_from),
                pd.Timestamp(version.trained_until),
            )
    return found


def keep_decisions(
    connection: psycopg.Connection,
    model: str,
    decisions: dict[str, Decision],
    in_use: dict[str, Candidate],
    **parameters: Any,
) -> dict[str, ModelVersion]:
    """Stores each new model and puts it into use; a tenant without an answer of its own gets the pooled one."""
    kept = {}
    for tenant_id, decision in decisions.items():
        chosen, present = decision.chosen, in_use.get(tenant_id)
        kept[tenant_id] = _version(model, chosen, decision, decision.why, parameters)
        if present is None or chosen.model is not present.model:
            store_version(connection, kept[tenant_id], in_use=True)
        elif decision.rejected is not None:
            worse = _version(model, decision.rejected, decision, "worse than the one in use, on the same weeks", {})
            store_version(connection, worse, in_use=False)
    for tenant_id in models_in_use(connection, model).keys() - decisions.keys() - {POOLED}:
        retire(connection, tenant_id, model)
    return kept


def _version(
    model: str, candidate: Candidate, decision: Decision, verdict: str, parameters: dict[str, Any]
) -> ModelVersion:
    assert candidate.verdict is not None
    return ModelVersion(
        tenant_id=candidate.tenant_id,
        model=model,
        method=candidate.method,
        code_version=LEAD_SCORING,
        trained_from=candidate.trained_from.to_pydatetime(),
        trained_until=candidate.trained_until.to_pydatetime(),
        held_out_from=decision.held_out_from.to_pydatetime(),
        held_out_until=decision.held_out_until.to_pydatetime(),
        metrics={
            **candidate.verdict.as_plain(),
            "beside": {name: other.as_plain() for name, other in decision.beside.items()},
            "tenants": {slug: other.as_plain() for slug, other in decision.by_tenant.items()},
        },
        parameters={"additive": candidate.model.as_plain(), **parameters},
        verdict=verdict,
    )


@dataclass(frozen=True)
class Trained:
    """What one training came to: the version that answers now, by model and tenant (`*`: all without one of their own)."""

    tenants: int
    versions: Mapping[str, Mapping[str, ModelVersion]]


@dataclass(frozen=True)
class Scored:
    """What scoring one tenant came to; `note` says why nothing was scored."""

    note: str | None = None
    leads: int = 0
    written: int = 0
    deleted: int = 0
    expected_customers: float = 0.0
    models: Sequence[str] = ()
    reasons: Mapping[str, int] = field(default_factory=dict)
    """How often each reason was given."""


def train_models(dsn: str, tenants: Sequence[Tenant], *, failed: Callable[[str, Exception], None]) -> Trained:
    """Learns from all tenants together; one whose past cannot be read is told to `failed` and left out."""
    from ml.lead_scoring import OUTCOME_DAYS, own_hours_weight, train

    data, clocks = [], {}
    for tenant in tenants:
        try:
            past = past_leads(dsn, tenant)
        except Exception as error:
            failed(tenant.slug, error)
            continue
        if past is not None:
            data.append(past[0])
            clocks[tenant.slug] = past[1]
    versions = {}
    with connect(dsn, autocommit=True) as connection:
        for model in OUTCOME_DAYS:
            in_use = candidates_in_use(connection, model)
            decisions = train(data, model, clocks, in_use)
            if decisions:
                weight = own_hours_weight(data)
                versions[model] = keep_decisions(connection, model, decisions, in_use, own_hours_weight=weight)
    return Trained(len(data), versions)


def score_leads(dsn: str, tenant: Tenant, *, good_for: timedelta | None) -> Scored:
    """Scores the tenant's open leads as of its last sync, unless the scores there are good for longer."""
    with connect(dsn, autocommit=True) as connection:
        connection.execute("set timezone to 'UTC'")
        connection.execute("set work_mem to '128MB'")  # a hundred thousand leads are sorted without files
        now = source_clock(connection, tenant.slug)
        if now is None:
            return Scored(note="nothing has been synced yet")
        last = last_scored(connection, tenant.slug)
        if good_for is not None and last is not None and now - last < good_for:
            return Scored(note="the scores are recent; the nightly run makes them anew")
        conversion = _answering(connection, "lead_conversion", tenant.slug)
        silence = _answering(connection, "lead_silence", tenant.slug)
        if conversion is None or silence is None:
            return Scored(note="no model has been trained yet: the weekly training makes one once there is enough past")
        return _score(connection, tenant, now, conversion, silence)


def _answering(connection: psycopg.Connection, model: str, tenant_id: str) -> ModelVersion | None:
    """The tenant's own model if it has one, else the one over all tenants."""
    found = models_in_use(connection, model, [tenant_id])
    return found.get(tenant_id) or found.get(POOLED)


def _score(
    connection: psycopg.Connection, tenant: Tenant, now: datetime, conversion: ModelVersion, silence: ModelVersion
) -> Scored:
    from ml.lead_scoring import AdditiveModel, score

    scores = score(
        lead_data(connection, tenant, [now], now),
        AdditiveModel.from_plain(conversion.parameters["additive"]),
        AdditiveModel.from_plain(silence.parameters["additive"]),
        own_hours_weight=float(silence.parameters["own_hours_weight"]),
    )
    scores["method"] = conversion.method
    scores["model_version"] = conversion.name
    scores["is_checked"] = tenant.slug == conversion.tenant_id or tenant.slug in conversion.metrics["tenants"]
    stored = replace_rows(connection, tenant.slug, {"lead_scores": plain_rows(scores)})["lead_scores"]
    return Scored(
        leads=len(scores),
        written=stored.written,
        deleted=stored.deleted,
        expected_customers=float(scores["probability"].sum()),
        models=[f"{conversion.model}: {conversion.name}", f"{silence.model}: {silence.name}"],
        reasons=Counter(scores["reason_1"].dropna()),
    )
