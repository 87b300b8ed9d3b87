"""Where an embedded server may listen: a free TCP port and a directory for its unix socket."""

from __future__ import annotations

import hashlib
import os
import socket
import stat
from contextlib import suppress
from pathlib import Path

from psycopg import pq

from funil.errors import FunilError
from warehouse.address import LOOPBACK, ServerAddress
from warehouse.os_user import ServerUser

LONGEST_SOCKET_PATH = 107  # bytes; the system's limit
FIRST_PORT, PORTS = 15_432, 10_000  # below the range from which systems take ports for outgoing connections


def make_socket_dir(root: Path, user: ServerUser) -> Path:
    """A directory that only the server's user may enter, free of a dead server's sockets."""
    inside = root / "socket"
    candidates = [inside]
    # libpq takes a comma for the beginning of a second host
    if len(os.fsencode(inside / ".s.PGSQL.65535")) > LONGEST_SOCKET_PATH or "," in str(inside):
        name = f"funil-{_digest(root).hex()[:10]}"
        candidates = [Path("/tmp", f"{name}{suffix}") for suffix in ("", "-1", "-2", "-3")]
    for directory in candidates:
        with suppress(FileExistsError):
            directory.mkdir(mode=0o700)
            user.own(directory)
        status = directory.lstat()
        if stat.S_ISDIR(status.st_mode) and status.st_uid == user.uid:  # in /tmp a stranger may have been first
            directory.chmod(0o700)
            for leftover in directory.glob(".s.PGSQL.*"):
                leftover.unlink()
            return directory
    raise FunilError(
        f"PostgreSQL's socket has no place: {root.parent} is too long a path, or has a comma in it, and /tmp has no "
        "room that is ours. Set FUNIL_HOME to a shorter path."
    )


def choose_port(root: Path) -> int:
    """A free port; for one directory always the same one, as long as nothing else has it."""
    first = int.from_bytes(_digest(root)[:4], "big")
    for step in range(PORTS):
        port = FIRST_PORT + (first + step) % PORTS
        if is_free(port):
            return port
    raise FunilError(
        f"The embedded PostgreSQL found no free TCP port on {LOOPBACK} from {FIRST_PORT} to {FIRST_PORT + PORTS - 1}. "
        "Free one, or set FUNIL_DATABASE_URL to a server of your own."
    )


def is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as PostgreSQL does
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
        return True


def answers(address: ServerAddress) -> bool:
    """Whether a server there accepts connections."""
    url = address.url("postgres")
    url += ("&" if "?" in url else "?") + "connect_timeout=5"
    return pq.PGconn.ping(url.encode()) == pq.Ping.OK


def _digest(root: Path) -> bytes:
    return hashlib.sha256(os.fsencode(root)).digest()
