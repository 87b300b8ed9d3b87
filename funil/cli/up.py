"""`funil up`: the Dagster UI and daemon, and the sandbox if the tenants are its own, until Ctrl-C."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from funil.cli.console import out
from funil.cli.workspace import open_workspace
from funil.errors import FunilError
from funil.settings import PROJECT_ROOT

HOST = "127.0.0.1"
STOP_SECONDS = 20


def run_up(port: int) -> int:
    """Returns when a person stops it, or with 1 when one of its processes ended by itself."""
    _require_free(port)
    workspace = open_workspace()
    with ExitStack() as stack:
        if workspace.settings.uses_sandbox:
            from funil.cli.sandbox import sandbox_running

            out.print("Starting the sandbox ...")
            stack.enter_context(sandbox_running(workspace))
        from orchestration.instance import prepare_instance

        environment = {**os.environ, **prepare_instance(workspace.settings, workspace.warehouse)}
        webserver = ["dagster-webserver", "-w", "workspace.yaml", "-h", HOST, "-p", str(port)]
        daemon = ["dagster-daemon", "run", "-w", "workspace.yaml"]
        children = {command[0]: stack.enter_context(_child(command, environment)) for command in (webserver, daemon)}
        out.print(f"Dagster UI: http://localhost:{port}   (Ctrl-C stops it)")
        return _wait(children)


def _wait(children: dict[str, subprocess.Popen[bytes]]) -> int:
    stopped = False

    def stop(number: int, frame: object) -> None:
        nonlocal stopped
        stopped = True

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    while not stopped:
        for name, child in children.items():
            if child.poll() is not None:
                raise FunilError(f"{name} ended by itself with exit code {child.returncode}; its last lines are above.")
        time.sleep(0.5)
    return 0


@contextmanager
def _child(command: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """A process in a group of its own, so that Ctrl-C reaches us alone and we stop it in order."""
    executable = str(Path(sys.executable).with_name(command[0]))
    process = subprocess.Popen(
        [executable, *command[1:]], cwd=PROJECT_ROOT, env=environment, start_new_session=True, stdin=subprocess.DEVNULL
    )
    try:
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _require_free(port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            raise FunilError(f"Port {port} is taken by another program. Choose one with: funil up --port N.") from None
