"""Dagster's own home, FUNIL_HOME/dagster: its settings are written before anything of Dagster starts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from funil.settings import Settings
from warehouse.connect import Warehouse

if TYPE_CHECKING:
    import dagster as dg

SERVED, IN_PROCESS = "dagster.yaml", "in_process.yaml"
RUNS_AT_ONCE = 2


def prepare_instance(settings: Settings, warehouse: Warehouse) -> dict[str, str]:
    """Writes Dagster's settings, makes its database, and returns the variables its processes need."""
    home = settings.home / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    served = instance_settings(home)
    _write(home / SERVED, served)
    # A run inside the command line's process writes to the terminal's stdout: nothing is to be captured from it.
    quiet = {"module": "dagster._core.storage.noop_compute_log_manager", "class": "NoOpComputeLogManager"}
    _write(home / IN_PROCESS, served | {"compute_logs": quiet})
    _ = warehouse.dagster_dsn  # makes the database
    return {"DAGSTER_HOME": str(home), "DAGSTER_DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "1"}


def open_instance(settings: Settings, warehouse: Warehouse) -> dg.DagsterInstance:
    """The instance, for runs in this process."""
    import dagster as dg

    os.environ.update(prepare_instance(settings, warehouse))
    return dg.DagsterInstance.from_config(str(settings.home / "dagster"), IN_PROCESS)


def instance_settings(home: Path) -> dict[str, Any]:
    """dagster.yaml. It holds no address and no secret: `orchestration.storage` finds the database."""
    return {
        "storage": {"custom": {"module": "orchestration.storage", "class": "WarehouseStorage", "config": {}}},
        "telemetry": {"enabled": False},
        "nux": {"enabled": False},  # no invitation to a newsletter in front of the first page
        "concurrency": {
            "runs": {"max_concurrent_runs": RUNS_AT_ONCE},
            # dbt's pool; claimed by the step and not by its run, so that another run may sync meanwhile
            "pools": {"default_limit": 1, "granularity": "op"},
        },
        "run_monitoring": {
            "enabled": True,
            "start_timeout_seconds": 180,
            "poll_interval_seconds": 60,
            "free_slots_after_run_end_seconds": 60,
        },
        # the sources' clients retry what is worth it; a run that failed is for a person to look at
        "run_retries": {"enabled": False},
        "retention": {
            "schedule": {"purge_after_days": 30},
            "sensor": {"purge_after_days": {"skipped": 1, "failure": 30, "success": 30}},
        },
        "schedules": {"use_threads": True, "num_workers": 4},
        "sensors": {"use_threads": True, "num_workers": 4},
        "compute_logs": {
            "module": "dagster._core.storage.local_compute_log_manager",
            "class": "LocalComputeLogManager",
            "config": {"base_dir": str(home / "logs")},
        },
        "local_artifact_storage": {
            "module": "dagster._core.storage.root",
            "class": "LocalArtifactStorage",
            "config": {"base_dir": str(home)},
        },
    }


def _write(path: Path, content: dict[str, Any]) -> None:
    text = yaml.safe_dump(content, sort_keys=False)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        scratch = path.with_name(f".{path.name}.{os.getpid()}")
        scratch.write_text(text, encoding="utf-8")
        scratch.replace(path)
