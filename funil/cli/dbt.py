"""`funil dbt`: dbt as its users know it, with the connection set."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from funil.cli.workspace import open_workspace
from funil.settings import PROJECT_ROOT


def run_dbt(arguments: Sequence[str]) -> int:
    """Runs dbt in dbt_project/ and returns its exit code."""
    from orchestration.dbt_environment import dbt_environment

    workspace = open_workspace()
    project = PROJECT_ROOT / "dbt_project"
    environment = {**os.environ, **dbt_environment(workspace.warehouse.dsn), "DBT_PROFILES_DIR": str(project)}
    executable = Path(sys.executable).with_name("dbt")
    return subprocess.run([str(executable), *arguments], cwd=project, env=environment, check=False).returncode
