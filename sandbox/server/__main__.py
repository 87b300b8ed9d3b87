"""`python -m sandbox.server --state-dir DIR`: serves the sandbox's world until it is told to stop.

Prints one line of JSON when every port answers: {"ready": true, "admin_url": ..., "openai_url": ..., "base_urls": {...}}.
"""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from sandbox.server.serve import SandboxServer
from sandbox.server.state import BOT_DSN_VARIABLE, StateDirectory


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m sandbox.server", description=__doc__)
    parser.add_argument("--state-dir", type=Path, required=True, help="where the world and the ports are remembered")
    parser.add_argument(
        "--bot-dsn",
        default=os.environ.get(BOT_DSN_VARIABLE),
        help=f"DSN of the bots' databases with {{slug}} in it; default: ${BOT_DSN_VARIABLE}; none: no bots",
    )
    parser.add_argument("--seed", type=int)
    parser.add_argument("--scale", type=float)
    parser.add_argument("--end", type=datetime.fromisoformat, help="the world's present, with its offset from UTC")
    parser.add_argument("--tenant", action="append", dest="slugs", help="repeat for several; default: the usual three")
    parser.add_argument("--engine", help="regex, openai or cascade for every tenant, from now on; default: as it was")
    parser.add_argument("--with-parent", action="store_true", help="stop when the process that started this one ends")
    asked = parser.parse_args()
    if asked.end is not None and asked.end.tzinfo is None:
        parser.error("--end needs an offset from UTC, as in 2026-03-01T12:00:00+00:00")
    try:
        # the world takes seconds to make: refuse before that, not after
        directory = StateDirectory(asked.state_dir)
        directory.check_unlocked()
        if asked.engine is not None:
            directory.save_engine(asked.engine)
        server = SandboxServer.open(
            asked.state_dir,
            seed=asked.seed,
            scale=asked.scale,
            end=asked.end,
            slugs=asked.slugs,
            bot_dsn=asked.bot_dsn,
        )
        # a world is millions of objects that stay: the garbage collector need not walk them during a request
        gc.collect()
        gc.freeze()
        if asked.with_parent:
            _stop_with_parent(server.shut_down)
        server.run(on_ready=_announce)
    except (RuntimeError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _announce(server: SandboxServer) -> None:
    ready = {
        "ready": True,
        "admin_url": server.admin_url,
        "openai_url": server.openai_url,
        "base_urls": server.base_urls,
    }
    print(json.dumps(ready), flush=True)


def _stop_with_parent(stop: Callable[[], None]) -> None:
    parent = os.getppid()

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        stop()

    threading.Thread(target=watch, name="parent", daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())
