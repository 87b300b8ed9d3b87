"""dbt's manifest, from which Dagster learns the models: made when the project changed, read otherwise.

It is kept under FUNIL_HOME, named after the content it was made from. So it cannot be stale, an unchanged project costs a
look at its files, and whoever changes a model sees it after a reload, under `dagster dev` as under `funil up`.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from funil.errors import FunilError
from funil.settings import load_settings
from orchestration.dbt_environment import DBT_PROJECT

DBT = (sys.executable, "-m", "orchestration.dbt_process")
PARSED = "partial_parse.msgpack"


def load_manifest(environment: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The manifest of the project as it is now. Raises FunilError with what dbt says if it cannot be parsed.

    `environment` is dbt's for a warehouse, where one is already open: dbt then need not parse again when it runs.
    """
    folder = dbt_home()
    path = folder / f"manifest-{_content_hash()}.json"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "parse.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not path.exists():  # nobody else was quicker
                _parse(path, environment or {})
    return dict(json.loads(path.read_bytes()))


def dbt_home() -> Path:
    """Where dbt's own files go: what it parsed, its logs, its results."""
    return load_settings().home / "dbt"


def dbt_target() -> Path:
    """dbt's target directory: one for all, because only one dbt runs at a time."""
    return dbt_home() / "target"


def _content_hash() -> str:
    """Of everything dbt parses, tests and descriptions included."""
    digest = hashlib.sha256()
    for path in sorted(DBT_PROJECT.rglob("*")):
        parts = path.relative_to(DBT_PROJECT).parts
        if path.suffix in {".sql", ".yml", ".yaml", ".md", ".csv"} and parts[0] not in {"target", "logs"}:
            content = path.read_bytes()
            digest.update(f"{'/'.join(parts)}\0{len(content)}\0".encode())
            digest.update(content)
    return digest.hexdigest()[:16]


def _parse(path: Path, environment: Mapping[str, str]) -> None:
    # not the target directory of builds: this may happen while one is under way
    scratch = path.parent / "parse"
    variables = {
        **os.environ,
        "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        "DBT_PROFILES_DIR": str(DBT_PROJECT),
        **environment,
        "DBT_TARGET_PATH": str(scratch),
        "DBT_LOG_PATH": str(scratch),
    }
    done = subprocess.run(
        [*DBT, "--quiet", "parse"], cwd=DBT_PROJECT, env=variables, capture_output=True, text=True, check=False
    )
    if done.returncode:
        said = " ".join((done.stdout + done.stderr).split())
        raise FunilError(f"dbt cannot parse {DBT_PROJECT}: {said[:600]}. 'funil dbt parse' shows all of it.")
    # builds go on from what was parsed here
    dbt_target().mkdir(parents=True, exist_ok=True)
    parsed = shutil.copy(scratch / PARSED, dbt_target() / f"{PARSED}.{os.getpid()}")
    Path(parsed).replace(dbt_target() / PARSED)
    (scratch / "manifest.json").replace(path)
    for old in path.parent.glob("manifest-*.json"):
        if old != path:
            old.unlink(missing_ok=True)
