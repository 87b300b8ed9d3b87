"""Talks to a running sandbox server, and starts one in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import ProxyHandler, Request, build_opener

from sandbox.server.state import BOT_DSN_VARIABLE, StateDirectory

START_TIMEOUT = 120.0
ADVANCE_TIMEOUT = 600.0
# loopback never goes through a proxy
_OPENER = build_opener(ProxyHandler({}))
_REPOSITORY = Path(__file__).resolve().parents[2]


class SandboxClient:
    """The admin side of the server that runs on a state directory."""

    def __init__(self, state_dir: Path | str) -> None:
        self.directory = StateDirectory(Path(state_dir))

    @property
    def tenants_file(self) -> Path:
        return self.directory.tenants_file

    def is_running(self) -> bool:
        try:
            self.state()
        except RuntimeError:
            return False
        return True

    def state(self) -> dict[str, Any]:
        """Per tenant: base_url, now, row counts, requests by endpoint, statuses, faults."""
        return self._ask("/state", timeout=10)

    def advance(self, hours: float = 6, *, unannounced: bool = True) -> dict[str, Any]:
        return self._ask("/advance", {"hours": hours, "unannounced": unannounced}, ADVANCE_TIMEOUT)

    def misbehave(self, kind: str, tenant: str | None = None, **options: Any) -> dict[str, Any]:
        """See misbehaviour.Fault for kinds and options."""
        return self._ask("/misbehave", {"kind": kind, "tenant": tenant, **options})

    def behave(self, tenant: str | None = None) -> dict[str, Any]:
        return self._ask("/behave", {"tenant": tenant})

    def reset_counters(self, tenant: str | None = None) -> dict[str, Any]:
        return self._ask("/counters/reset", {"tenant": tenant})

    @property
    def openai_url(self) -> str:
        """What OPENAI_BASE_URL has to be for its language model."""
        url: str = self.state()["openai"]["url"]
        return url

    def language_model(self, **settings: Any) -> dict[str, Any]:
        """Changes the language model: latency_seconds, error_rate, limit, fault ...; see admin and LanguageModel.set."""
        return self._ask("/openai", settings)

    def answered(self) -> dict[str, int]:
        """How often the language model was asked about each conversation, `tenant:conversation_id`, and answered."""
        return self._ask("/openai/answered")

    def shut_down(self, wait: float = 10) -> None:
        """Returns when the server has gone; nothing to do if none runs."""
        if not self.is_running():
            return
        self._ask("/shutdown", {})
        deadline = time.monotonic() + wait
        while self.directory.running() is not None and time.monotonic() < deadline:
            time.sleep(0.05)

    def _ask(self, path: str, body: dict[str, Any] | None = None, timeout: float = 30) -> dict[str, Any]:
        """RuntimeError with a sentence if no server runs, ValueError if it refuses."""
        running = self.directory.running()
        missing = f"No sandbox server is running on {self.directory.path}; start it with `funil sandbox`."
        if running is None:
            raise RuntimeError(missing)
        data = None if body is None else json.dumps(body).encode()
        try:
            with _OPENER.open(Request(running["admin_url"] + path, data), timeout=timeout) as answer:
                shown: dict[str, Any] = json.load(answer)
        except HTTPError as refusal:
            raise ValueError(json.load(refusal).get("error", str(refusal))) from refusal
        except (URLError, ConnectionError, TimeoutError) as error:
            raise RuntimeError(missing) from error
        return shown


def start_process(
    state_dir: Path | str,
    *,
    bot_dsn: str | None = None,
    seed: int | None = None,
    scale: float | None = None,
    end: datetime | None = None,
    slugs: Sequence[str] = (),
    engine: str | None = None,
    with_parent: bool = True,
    timeout: float = START_TIMEOUT,
) -> subprocess.Popen[str]:
    """The server in a process of its own, once it is ready; its log is server.log in the state directory.

    The DSN travels in the environment, not on the command line, for it holds a password.
    """
    directory = StateDirectory(Path(state_dir))
    command = [sys.executable, "-m", "sandbox.server", "--state-dir", str(directory.path.resolve())]
    options = {"--seed": seed, "--scale": scale, "--end": end.isoformat() if end else None, "--engine": engine}
    for name, value in options.items():
        command += [] if value is None else [name, str(value)]
    command += [part for slug in slugs for part in ("--tenant", slug)]
    command += ["--with-parent"] if with_parent else []
    environment = {key: value for key, value in os.environ.items() if key != BOT_DSN_VARIABLE}
    if bot_dsn is not None:
        environment[BOT_DSN_VARIABLE] = bot_dsn
    log = directory.path / "server.log"
    with log.open("w", encoding="utf-8") as errors:
        process = subprocess.Popen(
            command, cwd=_REPOSITORY, env=environment, stdout=subprocess.DEVNULL, stderr=errors, text=True
        )
    client = SandboxClient(directory.path)
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(log.read_text(encoding="utf-8").strip() or "The sandbox server ended at once.")
        running = directory.running()
        if running is not None and running["pid"] == process.pid and client.is_running():
            return process
        time.sleep(0.05)
    process.kill()
    raise RuntimeError(f"The sandbox server was not ready within {timeout:.0f} seconds; see {log}.")
