"""What the sandbox remembers between starts: which world it is, which ports it had, and who is running."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from collections.abc import Iterable
from pathlib import Path
from typing import Any

LOOPBACK = "127.0.0.1"
# the address of the bots' databases with {slug} in it; not an option, for it may hold a password
BOT_DSN_VARIABLE = "SANDBOX_BOT_DSN"


class StateDirectory:
    """world.json, ports.json, analyzer.json, tenants.yaml; server.json and a lock while a server runs."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        self._lock: int | None = None

    @property
    def tenants_file(self) -> Path:
        return self.path / "tenants.yaml"

    def lock(self) -> None:
        """One server per state directory; the lock goes with the process, however it ends."""
        descriptor = os.open(self.path / "server.lock", os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            raise RuntimeError(f"A sandbox server is already running on {self.path}; stop it first.") from error
        self._lock = descriptor

    def check_unlocked(self) -> None:
        self.lock()
        self._unlock()

    def unlock(self) -> None:
        (self.path / "server.json").unlink(missing_ok=True)
        self._unlock()

    def _unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def recipe(self) -> dict[str, Any] | None:
        """Seed, scale, end, tenants and advances: all it takes to make the same world again."""
        return self._read("world.json")

    def save_recipe(self, recipe: dict[str, Any]) -> None:
        self._write("world.json", recipe)

    def engine(self) -> str | None:
        """Which engine the tenants' conversations are read with; None leaves it to each tenant."""
        return (self._read("analyzer.json") or {}).get("engine")

    def save_engine(self, engine: str) -> None:
        self._write("analyzer.json", {"engine": engine})

    def ports(self) -> dict[str, int]:
        return dict(self._read("ports.json") or {})

    def save_ports(self, ports: dict[str, int]) -> None:
        self._write("ports.json", ports)

    def save_running(self, running: dict[str, Any]) -> None:
        self._write("server.json", running)

    def running(self) -> dict[str, Any] | None:
        """What a server said of itself when it started; it may have died since (see client.SandboxClient)."""
        return self._read("server.json")

    def write(self, name: str, text: str) -> None:
        """Whole or not at all, and only if it differs; readable by its owner alone, for it may hold tokens."""
        target = self.path / name
        if target.exists() and target.read_text(encoding="utf-8") == text:
            return
        draft = target.with_suffix(f".{os.getpid()}.new")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
        draft.replace(target)

    def _read(self, name: str) -> dict[str, Any] | None:
        try:
            stored: dict[str, Any] = json.loads((self.path / name).read_text(encoding="utf-8"))
            return stored
        except FileNotFoundError:
            return None

    def _write(self, name: str, value: dict[str, Any]) -> None:
        self.write(name, json.dumps(value, indent=2) + "\n")


def listen(names: Iterable[str], remembered: dict[str, int]) -> dict[str, socket.socket]:
    """A listening loopback socket per name, at its remembered port where that is free, else at any other."""
    sockets = {}
    for name in names:
        try:
            sockets[name] = _listen(remembered.get(name, 0))
        except OSError:
            sockets[name] = _listen(0)
    return sockets


def _listen(port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((LOOPBACK, port))
        listening.listen(512)
        listening.setblocking(False)
    except OSError:
        listening.close()
        raise
    return listening
