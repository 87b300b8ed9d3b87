"""PostgreSQL servers for tests: the embedded one, and the system's where one is installed."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import psutil
import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from warehouse.embedded import EmbeddedPostgres
from warehouse.migrate import migrate
from warehouse.postmaster import end

HOMES = "FUNIL_TEST_SERVERS"  # where this test session's servers live; pytest-xdist's workers inherit it
PREFIX = "funil-tests-"
TEMPLATE = "template_of_tests"
OLDEST_VERSION = 15

# Nobody pulls the plug on a test: without waiting for the disk, a fresh database takes a third of the time.
UNSAFE_BUT_QUICK = {"fsync": "off", "full_page_writes": "off", "shared_buffers": "128MB", "max_wal_size": "256MB"}

# A database of its own for nearly every test: in memory it is copied in 15 ms, on a disk in 100 to 300.
MEMORY, MEMORY_NEEDED = Path("/dev/shm"), 6 * 2**30

_COPY = sql.SQL("create database {} template {} strategy file_copy")


class Server:
    """A running server that gives out databases, migrated or empty."""

    def __init__(self, postgres: EmbeddedPostgres, home: Path, *, by_tcp: bool) -> None:
        self._postgres = postgres
        self._home = home
        self._by_tcp = by_tcp

    def url(self, database: str) -> str:
        address = self._postgres.ensure_running()
        return address.tcp_url(database) if self._by_tcp else address.url(database)

    def tcp_url(self, database: str) -> str:
        return self._postgres.ensure_running().tcp_url(database)

    def create(self, *, migrated: bool) -> str:
        """The address of a database of its own."""
        name = f"test_{uuid4().hex[:12]}"
        if migrated:
            self._ensure_template()
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            template = sql.Identifier(TEMPLATE if migrated else "template0")
            connection.execute(_COPY.format(sql.Identifier(name), template))
        return self.url(name)

    def copy(self, url: str) -> str:
        """The address of a database like that one, to which nobody may be connected."""
        name = f"test_{uuid4().hex[:12]}"
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            template = sql.Identifier(str(conninfo_to_dict(url)["dbname"]))
            # through the buffers, not as files: what is read from it is as warm as the original
            connection.execute(sql.SQL("create database {} template {}").format(sql.Identifier(name), template))
        return self.url(name)

    def drop(self, url: str) -> None:
        """Drops a database and those named after it (`<name>_dagster`)."""
        name = str(conninfo_to_dict(url)["dbname"])
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            found = connection.execute(
                "select datname from pg_database where starts_with(datname, %s)", [name]
            ).fetchall()
            for (database,) in found:
                connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(database)))

    def _ensure_template(self) -> None:
        with lock(self._home / "template.lock"), psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            if connection.execute("select 1 from pg_database where datname = %s", [TEMPLATE]).fetchone():
                return
            making = f"{TEMPLATE}_in_the_making"
            connection.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(making)))
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(making)))
            migrate(self.url(making))
            connection.execute(
                sql.SQL("alter database {} rename to {}").format(sql.Identifier(making), sql.Identifier(TEMPLATE))
            )


def embedded_server() -> Server:
    home = session_directory() / "embedded"
    return Server(EmbeddedPostgres(home, settings=UNSAFE_BUT_QUICK), home, by_tcp=False)


def system_server() -> Server | None:
    """A server of the system's binaries, reached as an external one: by TCP, with a password. None without any."""
    bin_dir = system_bin_dir()
    if bin_dir is None:
        return None
    home = session_directory() / "system"
    return Server(EmbeddedPostgres(home, bin_dir=bin_dir, settings=UNSAFE_BUT_QUICK), home, by_tcp=True)


def system_bin_dir(oldest: int = OLDEST_VERSION, newest: int = 1000) -> Path | None:
    """Where the newest installed PostgreSQL of these versions has its binaries."""
    found = {Path(path).resolve().parent for path in [shutil.which("postgres")] if path}
    found |= set(Path("/usr/lib/postgresql").glob("*/bin")) | set(Path("/usr/pgsql").glob("*/bin"))
    versions: dict[int, Path] = {}
    for bin_dir in found:
        if (bin_dir / "initdb").exists() and (bin_dir / "postgres").exists():
            text = subprocess.run(
                [bin_dir / "postgres", "--version"], capture_output=True, text=True, check=True
            ).stdout
            versions[int(text.split()[2].split(".")[0])] = bin_dir
    usable = [version for version in versions if oldest <= version <= newest]
    return versions[max(usable)] if usable else None


def begin_session() -> None:
    """Chooses where this session's servers live, and ends what a killed session left behind."""
    if HOMES in os.environ:
        return
    disk = Path(tempfile.gettempdir())
    for left in (left for place in (MEMORY, disk) for left in place.glob(f"{PREFIX}*")):
        number = left.name.removeprefix(PREFIX).partition("-")[0]
        if number.isdigit() and not psutil.pid_exists(int(number)):
            _remove(left)
    place = MEMORY if _has_room(MEMORY) else disk
    os.environ[HOMES] = tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=place)
    signal.signal(signal.SIGTERM, lambda *_: _interrupted())


def _has_room(memory: Path) -> bool:
    """Whether it is memory, things may be run from there, and there is more of it than a test session takes."""
    kinds = {disk.mountpoint: disk for disk in psutil.disk_partitions(all=True)}
    disk = kinds.get(str(memory))
    if disk is None or disk.fstype != "tmpfs" or "noexec" in disk.opts.split(",") or not os.access(memory, os.W_OK):
        return False
    return min(psutil.disk_usage(str(memory)).free, psutil.virtual_memory().available) >= MEMORY_NEEDED


def end_session() -> None:
    homes = os.environ.get(HOMES)
    if homes and Path(homes).name.startswith(f"{PREFIX}{os.getpid()}-"):
        _remove(Path(homes))
        del os.environ[HOMES]


def _remove(homes: Path) -> None:
    end(process for process in psutil.process_iter() if _is_server_in(process, homes))
    shutil.rmtree(homes, ignore_errors=True)


def _is_server_in(process: psutil.Process, directory: Path) -> bool:
    try:
        return process.name() == "postgres" and Path(process.cwd()).is_relative_to(directory)
    except psutil.Error:
        return False


def _interrupted() -> None:
    raise KeyboardInterrupt


def session_directory() -> Path:
    """Removed when the session ends, with every server whose data is in it."""
    return Path(os.environ[HOMES])


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Held by one of the session's processes at a time."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
