"""Finding and ending the processes of an embedded server, also the ones a kill -9 left behind."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import psutil


def running_postmaster(data: Path) -> psutil.Process | None:
    """The living postmaster that postmaster.pid names; None if there is none, or its number is another program's."""
    try:
        process = psutil.Process(int((data / "postmaster.pid").read_text().split("\n", 1)[0]))
    except (OSError, ValueError, psutil.NoSuchProcess):
        return None
    return process if _serves(process, data) else None


def processes_of(data: Path) -> list[psutil.Process]:
    """Every process of any server on this data directory, also when the directory was deleted under it.

    A server and its children stand in their data directory, which is how they are told from other servers.
    """
    return [process for process in psutil.process_iter() if _serves(process, data)]


def end(processes: Iterable[psutil.Process], patience: float = 5.0) -> None:
    """Ends leftover processes: SIGQUIT, PostgreSQL's immediate shutdown, then SIGKILL.

    Only for servers without a postmaster or without data: the next start recovers from the log of transactions.
    """
    waiting = list(processes)
    for number in (signal.SIGQUIT, signal.SIGKILL):
        for process in waiting:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(number)
        until = time.monotonic() + patience
        while waiting and time.monotonic() < until:
            time.sleep(0.02)
            waiting = [process for process in waiting if _is_alive(process)]


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _serves(process: psutil.Process, data: Path) -> bool:
    try:
        return process.name().startswith("postgres") and Path(process.cwd()) == data and _is_alive(process)
    except (psutil.NoSuchProcess, psutil.AccessDenied, OSError):
        return False
