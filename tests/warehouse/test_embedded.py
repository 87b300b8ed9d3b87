"""The embedded server: one per home, shared by every process, closed to strangers, back after whatever killed it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from funil.errors import FunilError
from tests import servers
from warehouse.access import Kind, grant_login
from warehouse.address import LOOPBACK
from warehouse.connect import Warehouse
from warehouse.embedded import EmbeddedPostgres
from warehouse.migrate import migrate
from warehouse.postmaster import processes_of, running_postmaster

QUICK = servers.UNSAFE_BUT_QUICK

Make = Callable[[Path], EmbeddedPostgres]


@pytest.fixture
def place() -> Iterator[Path]:
    """A short directory (a socket's path is limited), removed with whatever still runs in it."""
    directory = Path(tempfile.mkdtemp(dir=servers.session_directory()))
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def make() -> Iterator[Make]:
    made: list[EmbeddedPostgres] = []

    def of(home: Path) -> EmbeddedPostgres:
        made.append(EmbeddedPostgres(home, settings=QUICK))
        return made[-1]

    yield of
    for server in made:
        server.stop()


def answer(url: str) -> int:
    with psycopg.connect(url, connect_timeout=5) as connection:
        row = connection.execute("select 42").fetchone()
    assert row is not None
    return int(row[0])


def postmaster(server: EmbeddedPostgres) -> psutil.Process:
    process = running_postmaster(server.data_directory)
    assert process is not None
    return process


def kill(process: psutil.Process) -> None:
    process.send_signal(signal.SIGKILL)
    with suppress(psutil.TimeoutExpired):  # without an init that reaps, it stays as a zombie
        process.wait(1)


def test_it_starts_once_and_answers_by_socket_and_by_tcp(place: Path, make: Make) -> None:
    server = make(place / "home")
    address = server.ensure_running()
    assert answer(address.url()) == answer(address.tcp_url()) == 42
    first = postmaster(server).pid
    assert make(place / "home").ensure_running() == address
    assert postmaster(server).pid == first
    began = time.perf_counter()
    server.ensure_running()
    assert time.perf_counter() - began < 0.1


def test_it_keeps_its_data_port_and_password_over_a_stop(place: Path, make: Make) -> None:
    server = make(place)
    address = server.ensure_running()
    with psycopg.connect(address.url()) as connection:
        connection.execute("create table kept as select 'São Paulo' as city")
    server.stop()
    assert processes_of(server.data_directory) == []
    assert server.ensure_running() == address
    with psycopg.connect(address.tcp_url()) as connection:
        assert connection.execute("select lower(city) from kept").fetchone() == ("são paulo",)


def test_eight_processes_at_once_get_one_server(place: Path, make: Make) -> None:
    program = (
        "import sys; from pathlib import Path; from warehouse.embedded import EmbeddedPostgres;"
        "print(EmbeddedPostgres(Path(sys.argv[1])).ensure_running().tcp_url())"
    )
    processes = [
        subprocess.Popen([sys.executable, "-c", program, str(place)], stdout=subprocess.PIPE, text=True)
        for _ in range(8)
    ]
    urls = {process.communicate(timeout=120)[0].strip() for process in processes}
    assert [process.returncode for process in processes] == [0] * 8
    assert len(urls) == 1
    assert answer(urls.pop()) == 42
    server = make(place)
    parents = [process for process in processes_of(server.data_directory) if process.pid == postmaster(server).pid]
    assert len(parents) == 1


@pytest.mark.parametrize("name", ["with a space", 'a "quote", it\'s $HOME 100% ünïcode', "long/" + "x" * 120])
def test_any_path_will_do(place: Path, make: Make, name: str) -> None:
    server = make(place / name)
    address = server.ensure_running()
    assert answer(address.url()) == answer(address.tcp_url()) == 42
    assert "host" in conninfo_to_dict(address.url())
    server.stop()
    assert server.ensure_running() == address


def test_tcp_asks_for_the_password(place: Path, make: Make) -> None:
    address = make(place).ensure_running()
    url = f"host={LOOPBACK} port={address.port} user={address.user} dbname=funil"
    with pytest.raises(psycopg.OperationalError, match="no password supplied"):
        answer(url + " passfile=/dev/null")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        answer(url + " password=wrong")
    assert answer(f"{url} password={address.password}") == 42
    assert address.password not in repr(address)
    others = f"host={LOOPBACK} port={address.port} user={address.user} password={address.password} dbname=funil"
    assert answer(others + " require_auth=scram-sha-256") == 42


def test_only_its_user_can_reach_what_it_keeps(place: Path, make: Make) -> None:
    server = make(place)
    address = server.ensure_running()
    server_user = postmaster(server).uids().effective
    assert server_user != 0
    for directory in (address.socket_dir, server.data_directory, place / "postgres" / "log"):
        status = directory.stat()
        assert (stat.S_IMODE(status.st_mode), status.st_uid) == (0o700, server_user)
    kept = place / "postgres" / "server.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert kept.stat().st_uid == os.geteuid()
    for process in processes_of(server.data_directory):
        assert address.password not in " ".join(process.cmdline())
    for log in (place / "postgres" / "log").iterdir():
        assert address.password not in log.read_text()


def test_a_socket_in_tmp_is_not_shared_with_whoever_came_first(place: Path, make: Make) -> None:
    home = place / ("x" * 120)
    server = make(home)
    expected = server.ensure_running().socket_dir
    server.stop()
    assert not expected.exists()
    expected.symlink_to(place)  # somebody else's
    try:
        assert server.ensure_running().socket_dir != expected
    finally:
        expected.unlink()


def test_it_comes_back_after_its_postmaster_was_killed(place: Path, make: Make) -> None:
    server = make(place)
    address = server.ensure_running()
    with psycopg.connect(address.url(), autocommit=True) as connection:
        connection.execute("create table kept as select 1 as n")
    for _ in range(3):
        kill(postmaster(server))
        assert server.ensure_running() == address
        with psycopg.connect(address.url()) as connection:
            assert connection.execute("select n from kept").fetchone() == (1,)


def test_a_child_that_outlives_its_postmaster_does_not_stop_the_next_start(place: Path, make: Make) -> None:
    server = make(place)
    address = server.ensure_running()

    def spin() -> None:
        with suppress(psycopg.OperationalError), psycopg.connect(address.url()) as connection:
            connection.execute("do $$ begin loop end loop; end $$")  # never looks whether its postmaster lives

    thread = threading.Thread(target=spin)
    thread.start()
    with psycopg.connect(address.url(), autocommit=True) as connection:
        busy = "select count(*) from pg_stat_activity where query like 'do %'"
        while connection.execute(busy).fetchone() == (0,):
            time.sleep(0.02)
    kill(postmaster(server))
    assert server.ensure_running() == address
    assert answer(address.url()) == 42
    thread.join(10)
    assert not thread.is_alive()


def test_files_of_a_dead_server_naming_a_living_process_do_not_stop_the_next_start(place: Path, make: Make) -> None:
    server = make(place)
    address = server.ensure_running()
    process = postmaster(server)
    lines = (server.data_directory / "postmaster.pid").read_text().split("\n")
    kill(process)
    while processes_of(server.data_directory):
        time.sleep(0.02)
    lines[0] = str(os.getpid())  # numbers are used again, after a reboot above all
    (server.data_directory / "postmaster.pid").write_text("\n".join(lines))
    (address.socket_dir / f".s.PGSQL.{address.port}.lock").write_text("\n".join(lines))
    assert server.ensure_running() == address
    assert answer(address.url()) == 42


def test_a_port_taken_by_something_else_is_left_to_it(place: Path, make: Make) -> None:
    server = make(place)
    address = server.ensure_running()
    server.stop()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind((LOOPBACK, address.port))
        other.listen()
        moved = server.ensure_running()
    assert moved.port != address.port
    assert moved.password == address.password
    assert answer(moved.url()) == answer(moved.tcp_url()) == 42
    assert make(place).ensure_running() == moved


def test_two_homes_have_servers_of_their_own(place: Path, make: Make) -> None:
    one, other = make(place / "one").ensure_running(), make(place / "other").ensure_running()
    assert one.port != other.port
    assert one.password != other.password


def test_a_home_deleted_under_its_server_begins_anew(place: Path, make: Make) -> None:
    server = make(place / "home")
    before = server.ensure_running()
    shutil.rmtree(place / "home")
    address = server.ensure_running()
    assert address.password != before.password
    assert answer(address.url()) == answer(address.tcp_url()) == 42
    shutil.rmtree(place / "home")
    server.stop()
    assert processes_of(server.data_directory) == []
    assert not (place / "home").exists()


def test_a_forgotten_password_is_set_anew(place: Path, make: Make) -> None:
    server = make(place)
    before = server.ensure_running()
    (place / "postgres" / "server.json").write_text("{")
    address = server.ensure_running()
    assert address.password != before.password
    assert answer(address.tcp_url()) == 42


def test_a_socket_that_a_cleaner_removed_leaves_tcp(place: Path, make: Make) -> None:
    server = make(place)
    address = server.ensure_running()
    (address.socket_dir / f".s.PGSQL.{address.port}").unlink()
    assert answer(server.ensure_running().url()) == 42
    server.stop()
    assert "host=%2F" in server.ensure_running().url()


def test_a_process_killed_while_starting_it_leaves_nothing_in_the_way(
    place: Path, make: Make, long_tests: bool
) -> None:
    program = (
        "import sys; from pathlib import Path; from warehouse.embedded import EmbeddedPostgres; print(flush=True);"
        "EmbeddedPostgres(Path(sys.argv[1])).ensure_running()"
    )
    for number in range(20 if long_tests else 4):
        home = place / str(number)
        starter = subprocess.Popen([sys.executable, "-c", program, str(home)], stdout=subprocess.PIPE)
        assert starter.stdout is not None
        starter.stdout.readline()
        time.sleep(0.2 * (number % 4) + 0.01 * number)
        starter.kill()
        starter.wait()
        starter.stdout.close()
        server = make(home)
        address = server.ensure_running()
        assert answer(address.url()) == answer(address.tcp_url()) == 42
        server.stop()


def test_a_server_that_cannot_start_says_why(place: Path) -> None:
    server = EmbeddedPostgres(place, settings={**QUICK, "shared_buffers": "8 bananas"})
    with pytest.raises(FunilError, match=r"did not start.*bananas.*log"):
        server.ensure_running()


def test_a_cluster_of_another_version_is_left_alone(place: Path, make: Make) -> None:
    server = make(place)
    server.ensure_running()
    server.stop()
    (server.data_directory / "PG_VERSION").write_text("9.6\n")
    with pytest.raises(FunilError, match=r"PostgreSQL 9\.6.*FUNIL_HOME"):
        server.ensure_running()
    (server.data_directory / "PG_VERSION").unlink()
    with pytest.raises(FunilError, match="no longer a whole"):
        server.ensure_running()


def test_the_warehouse_of_a_home_has_its_databases(place: Path, make: Make) -> None:
    make(place)
    warehouse = Warehouse.open(place, None)
    assert warehouse.is_embedded
    assert conninfo_to_dict(warehouse.dagster_dsn)["dbname"] == "funil_dagster"
    assert answer(warehouse.dagster_dsn) == answer(warehouse.bi_dsn) == 42
    assert conninfo_to_dict(warehouse.bi_dsn)["host"] == LOOPBACK
    assert json.loads((place / "postgres" / "server.json").read_text())["password"] not in repr(warehouse)


def test_a_reader_of_the_warehouse_enters_no_other_database(place: Path, make: Make) -> None:
    make(place)
    warehouse = Warehouse.open(place, None)
    migrate(warehouse.dsn)
    granted = grant_login(warehouse.dsn, warehouse.bi_dsn, "grafana", Kind.AGENCY, actor="tests")
    assert answer(granted.dsn or "") == 42
    others = {conninfo_to_dict(warehouse.dagster_dsn)["dbname"], "postgres", "template1"}
    for database in others:
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            answer(make_conninfo(granted.dsn or "", dbname=database))
    assert granted.other_databases == ()
    with warehouse.connect(autocommit=True) as connection:
        connection.execute("create database shop")
    again = grant_login(warehouse.dsn, warehouse.bi_dsn, "grafana", Kind.AGENCY, actor="tests")
    assert again.other_databases == ("shop",), "its owner left it open, which is said"


@pytest.mark.skipif(os.geteuid() != 0, reason="the whole suite runs as an ordinary user already")
def test_an_ordinary_user_has_it_too_and_root_may_look_after_it(place: Path, make: Make) -> None:
    import pwd

    nobody = pwd.getpwnam("nobody")
    home = place / "home"
    home.mkdir()
    place.chmod(0o755)
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    child = os.fork()
    if child == 0:  # forked, not executed: another user may be unable to reach this Python
        status = 1
        try:
            os.setgroups([])
            os.setgid(nobody.pw_gid)
            os.setuid(nobody.pw_uid)
            status = 0 if answer(EmbeddedPostgres(home, settings=QUICK).ensure_running().url()) == 42 else 2
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    server = make(home)
    assert postmaster(server).uids().effective == nobody.pw_uid
    assert answer(server.ensure_running().url()) == 42
    kill(postmaster(server))
    server.ensure_running()
    assert postmaster(server).uids().effective == nobody.pw_uid
    assert {path.stat().st_uid for path in (home / "postgres").iterdir()} == {nobody.pw_uid}
