"""Every model that was trained, in ml.model_versions: as JSON of numbers and names, of which at most one per tenant is in use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

POOLED = "*"

_IN_USE = """
select tenant_id, model, method, code_version, trained_from, trained_until, held_out_from, held_out_until, metrics,
    parameters, verdict, version
from ml.model_versions
where in_use and model = %s and (%s::text[] is null or tenant_id = any(%s))
"""
_RETIRE = "update ml.model_versions set in_use = false where tenant_id = %s and model = %s and in_use"
_STORE = """
insert into ml.model_versions (
    tenant_id, model, version, method, code_version, trained_from, trained_until, held_out_from, held_out_until, metrics,
    parameters, in_use, verdict
)
select %(tenant_id)s, %(model)s, coalesce(max(version), 0) + 1, %(method)s, %(code_version)s, %(trained_from)s,
    %(trained_until)s, %(held_out_from)s, %(held_out_until)s, %(metrics)s, %(parameters)s, %(in_use)s, %(verdict)s
from ml.model_versions
where tenant_id = %(tenant_id)s and model = %(model)s
returning version
"""


@dataclass(frozen=True)
class ModelVersion:
    """`parameters` and `metrics` are plain values; `version` is null until it is stored."""

    tenant_id: str
    model: str
    method: str
    code_version: str
    trained_from: datetime
    trained_until: datetime
    held_out_from: datetime | None
    held_out_until: datetime | None
    metrics: Mapping[str, Any]
    parameters: Mapping[str, Any]
    verdict: str
    version: int | None = None

    @property
    def name(self) -> str:
        """As scores name what they are made by: `pooled 3`, or `own 3`."""
        return f"{'pooled' if self.tenant_id == POOLED else 'own'} {self.version}"


def models_in_use(
    connection: psycopg.Connection, model: str, tenants: list[str] | None = None
) -> dict[str, ModelVersion]:
    """The model in use by tenant, the pooled one as `*`; of all tenants, or of these and the pooled one."""
    wanted = None if tenants is None else [*tenants, POOLED]
    with connection.cursor(row_factory=class_row(ModelVersion)) as cursor:
        found = cursor.execute(_IN_USE.encode(), [model, wanted, wanted]).fetchall()
    return {version.tenant_id: version for version in found}


def store_version(connection: psycopg.Connection, version: ModelVersion, *, in_use: bool) -> int:
    """Keeps a trained model and, if it is to be used, retires the tenant's present one. Returns its number."""
    with connection.transaction():
        if in_use:
            retire(connection, version.tenant_id, version.model)
        parameters = vars(version) | {
            "metrics": Jsonb(version.metrics),
            "parameters": Jsonb(version.parameters),
            "in_use": in_use,
        }
        row = connection.execute(_STORE.encode(), parameters).fetchone()
    assert row is not None
    return int(row[0])


def retire(connection: psycopg.Connection, tenant_id: str, model: str) -> None:
    """Takes the tenant's model out of use: the pooled one answers."""
    connection.execute(_RETIRE.encode(), [tenant_id, model])
