"""dbt's command line, begun so that a tick pays less for it: `python -m orchestration.dbt_process build ...`.

dbt 1.11 spends more processor time on itself than PostgreSQL spends on a tick in which little changed. Seven of its habits are
most of that, and none of them is needed by a process that builds and ends:

- it logs in anew for each model and test (5 ms, and a cold catalogue for the plan): a thread keeps its login here;
- it generates the code of all classes it might read or write when it starts: here when one is first used;
- it compiles the same templates and classes at every start: they are kept (`orchestration/dbt_code.py`);
- it makes a message of each of some two thousand events before it asks who logs them: here it asks first;
- it works out JSON schemas of its settings, to check them again: `orchestration/dbt_manifest.py` did, when it parsed them;
- it writes the whole manifest, which nobody reads of a build: that file has its own;
- Python looks for cycles among objects that all stay until the end: it looks less often here.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
from pathlib import Path
from typing import Any

# a build of 130 nodes makes some two million objects, and next to no cycles
OBJECTS_BETWEEN_COLLECTIONS = 100_000


def main() -> None:
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)
    atexit.register(gc.freeze)  # nor once more at the end
    from mashumaro.config import BaseConfig

    from orchestration.dbt_code import keep_compiled_code

    # both before dbt's classes are defined
    BaseConfig.lazy_compilation = True
    if target := os.environ.get("DBT_TARGET_PATH"):
        keep_compiled_code(Path(target))
    from dbt.adapters.postgres.connections import PostgresConnectionManager
    from dbt.cli.main import cli
    from dbt.parser import manifest
    from dbt_common.dataclass_schema import dbtClassMixin

    from orchestration.dbt_events import make_only_events_that_are_logged

    make_only_events_that_are_logged()
    PostgresConnectionManager.release = keep_login  # type: ignore[method-assign]
    if "build" in sys.argv[1:2]:
        manifest.write_manifest = do_nothing
        dbtClassMixin.validate = do_nothing  # type: ignore[method-assign]
    cli()


def keep_login(self: Any) -> None:
    """Leaves the thread's connection as a new one would be: no transaction, no temporary table."""
    connection = self.get_if_exists()
    if connection is None or connection.state != "open":
        return
    try:
        if connection.transaction_open:
            self._rollback(connection)
        with connection.handle.cursor() as cursor:
            cursor.execute("discard temp")
        connection.handle.commit()
    except Exception:
        self.clear_thread_connection()  # the next node logs in anew
        raise


def do_nothing(*_: object, **__: object) -> None:
    return None


if __name__ == "__main__":
    main()
