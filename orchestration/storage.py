"""Where Dagster keeps its runs: a database beside the warehouse, found through the settings.

dagster.yaml only names this class, so it holds no address and no password, and `dagster dev` starts the embedded server
like every other command does. Two things differ from dagster-postgres, whose tables and queries these are:

- connections are kept: a run over twenty tenants logs two thousand events, and a connection for each of them costs four
  times what the events do;
- a commit does not wait for the disk: what a crash of the machine can cost is the last half second of Dagster's log, never
  a row of the warehouse.
"""

from __future__ import annotations

from typing import Any, Self

from dagster._config.config_schema import UserConfigSchema
from dagster._serdes import ConfigurableClassData
from dagster_postgres import DagsterPostgresStorage
from sqlalchemy.engine import make_url

from funil.settings import load_settings
from orchestration.workspace import open_warehouse

LONGEST_STATEMENT_MS = 120_000
KEEP_CONNECTION_SECONDS = 600
CONNECTIONS_AT_ONCE = 20


class WarehouseStorage(DagsterPostgresStorage):
    """dagster-postgres in the database that belongs to the warehouse."""

    def __init__(self, inst_data: ConfigurableClassData | None = None) -> None:
        url = make_url(open_warehouse(load_settings()).dagster_dsn).set(drivername="postgresql+psycopg2")
        url = url.update_query_dict({"options": "-c synchronous_commit=off"})
        super().__init__(url.render_as_string(hide_password=False), inst_data=inst_data)
        for part in (self.run_storage, self.event_log_storage, self.schedule_storage):
            # named after the webserver, which is the one of Dagster's processes that keeps its connections
            part.optimize_for_webserver(
                statement_timeout=LONGEST_STATEMENT_MS,
                pool_recycle=KEEP_CONNECTION_SECONDS,
                max_overflow=CONNECTIONS_AT_ONCE,
            )

    @classmethod
    def config_type(cls) -> UserConfigSchema:
        return {}

    @classmethod
    def from_config_value(cls, inst_data: ConfigurableClassData | None, config_value: Any) -> Self:
        return cls(inst_data)
