"""A served world: in this process and in one of its own, moved on, stopped, killed and started again."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml

from sandbox.server.client import SandboxClient, start_process
from sandbox.server.serve import SandboxServer
from sandbox.world.world import World

END = datetime(2026, 3, 2, 15, tzinfo=UTC)
SMALL: dict[str, Any] = {"seed": 3, "scale": 0.05, "end": END, "slugs": ["boxcentral", "bellapele"]}


@pytest.fixture
def state_dir(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "sandbox"
    SandboxClient(tmp_path / "sandbox").shut_down()


def everything(base_url: str, token: str) -> list[Any]:
    answer = requests.get(
        base_url + "/api/v1/accounts/1/conversations",
        params={"status": "all", "updated_within": str(10**9), "sort_by": "created_at_asc"},
        headers={"api_access_token": token},
        timeout=30,
    )
    rows: list[Any] = answer.json()["data"]["payload"]
    return sorted(rows, key=lambda row: row["id"])


def token_of(state_dir: Path, slug: str) -> str:
    tenants = yaml.safe_load((state_dir / "tenants.yaml").read_text(encoding="utf-8"))["tenants"]
    return str(next(tenant["chatwoot"]["api_token"] for tenant in tenants if tenant["slug"] == slug))


def test_a_restart_shows_the_same_world_at_the_same_addresses(state_dir: Path) -> None:
    with SandboxServer.open(state_dir, **SMALL) as server:
        server.advance(hours=6)
        server.advance(hours=2.5, unannounced=False)
        urls, token = server.base_urls, token_of(state_dir, "boxcentral")
        before = everything(urls["boxcentral"], token)
        tenants = (state_dir / "tenants.yaml").read_text(encoding="utf-8")
    with SandboxServer.open(state_dir) as again:
        assert again.base_urls == urls
        assert [(a["hours"], a["unannounced"]) for a in again.world.recipe()["advances"]] == [(6, True), (2.5, False)]
        assert everything(urls["boxcentral"], token) == before
        assert (state_dir / "tenants.yaml").read_text(encoding="utf-8") == tenants
    assert before


def test_another_world_is_refused(state_dir: Path) -> None:
    with SandboxServer.open(state_dir, **SMALL):
        pass
    with pytest.raises(ValueError, match=r"holds another world \(seed 3"):
        SandboxServer.open(state_dir, seed=4)


def test_tenants_yaml_names_the_addresses_and_is_private(state_dir: Path) -> None:
    with SandboxServer.open(state_dir, **SMALL) as server:
        path = state_dir / "tenants.yaml"
        assert path.stat().st_mode & 0o777 == 0o600
        box, bella = yaml.safe_load(path.read_text(encoding="utf-8"))["tenants"]
        assert (box["slug"], box["timezone"]) == ("boxcentral", "America/Sao_Paulo")
        assert box["chatwoot"]["base_url"] == server.base_url("boxcentral")
        assert box["chatwoot"]["requests_per_second"] == 500
        assert "bot" not in bella  # it has none


def test_a_taken_port_is_chosen_again(state_dir: Path) -> None:
    with SandboxServer.open(state_dir, **SMALL) as server:
        port = int(server.base_url("boxcentral").rsplit(":", 1)[1])
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        with SandboxServer.open(state_dir) as again:
            assert not again.base_url("boxcentral").endswith(f":{port}")
            assert again.base_url("boxcentral") in (state_dir / "tenants.yaml").read_text(encoding="utf-8")


def test_one_server_per_state_directory(state_dir: Path) -> None:
    with SandboxServer.open(state_dir, **SMALL), pytest.raises(RuntimeError, match="already running"):
        SandboxServer.open(state_dir).start()


def test_what_an_advance_changes_is_seen(state_dir: Path) -> None:
    with SandboxServer(World.generate(**SMALL)) as server:
        account = server.installation("boxcentral").account
        before, clock = len(account.messages), account.now
        server.advance(hours=48)
        url = f"{server.base_url('boxcentral')}/api/v1/accounts/1/conversations"
        answer = requests.get(
            url,
            params={"status": "all", "updated_within": str(48 * 3600)},
            headers={"api_access_token": account.api_token},
            timeout=10,
        )
        assert len(account.messages) > before
        assert answer.headers["Date"] == "Wed, 04 Mar 2026 15:00:00 GMT"
        changed = [c for c in account.conversations.values() if c.updated_at > clock]
        assert {row["id"] for row in answer.json()["data"]["payload"]} == {c.display_id for c in changed}


def test_a_process_of_its_own(state_dir: Path) -> None:
    client = SandboxClient(state_dir)
    assert not client.is_running()
    with pytest.raises(RuntimeError, match="No sandbox server is running"):
        client.advance()
    process = start_process(state_dir, **SMALL)
    state = client.state()
    assert set(state["tenants"]) == {"boxcentral", "bellapele"}
    assert state["tenants"]["bellapele"]["enterprise"] is False
    url, token = state["tenants"]["boxcentral"]["base_url"], token_of(state_dir, "boxcentral")
    assert client.advance(hours=3)["tenants"]["boxcentral"]["now"] == "2026-03-02T18:00:00.000Z"
    client.misbehave("throttle", "boxcentral", count=1)
    assert requests.get(url + "/api", timeout=5).status_code == 429
    with pytest.raises(ValueError, match="There is no tenant nobody"):
        client.misbehave("throttle", "nobody")
    before = everything(url, token)
    assert client.state()["tenants"]["boxcentral"]["requests"] == {"version": 1, "conversations.list": 1}

    process.send_signal(signal.SIGKILL)
    process.wait(10)
    assert not client.is_running()
    second = start_process(state_dir)
    assert everything(url, token) == before
    second.terminate()
    assert second.wait(10) == 0
    assert not client.is_running()
    assert not (state_dir / "server.json").exists()

    third = start_process(state_dir)
    client.shut_down()
    assert third.wait(10) == 0


def test_it_stops_with_its_parent(state_dir: Path) -> None:
    parent = (
        "import sys; from sandbox.server.client import start_process; from datetime import datetime, UTC;"
        f"p = start_process(sys.argv[1], seed=3, scale=0.05, end=datetime.fromisoformat({END.isoformat()!r}),"
        "slugs=['bellapele']); print(p.pid)"
    )
    repository = Path(__file__).resolve().parents[2]
    ran = subprocess.run(
        [sys.executable, "-c", parent, str(state_dir)],
        cwd=repository,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert int(ran.stdout) > 0
    client = SandboxClient(state_dir)
    deadline = time.monotonic() + 10
    while client.is_running() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not client.is_running()


def test_a_start_that_fails_says_why(state_dir: Path) -> None:
    with (
        SandboxServer.open(state_dir, **SMALL),
        pytest.raises(RuntimeError, match="A sandbox server is already running"),
    ):
        start_process(state_dir)
