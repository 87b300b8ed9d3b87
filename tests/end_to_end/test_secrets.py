"""Canaries in every secret setting, and everything that can fail, failing: what was set is found nowhere afterwards."""

from __future__ import annotations

import subprocess
import typing
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from pydantic import BaseModel, SecretStr

from funil.settings import Settings
from funil.tenants import Tenant
from tests import servers
from tests.end_to_end.installation import Installation
from tests.end_to_end.pretend import PretendWorlds
from tests.servers import Server
from warehouse.address import build_url

# by setting; Tenant's are of several tenants
CANARIES: Mapping[str, tuple[str, ...]] = {
    "Settings.database_url": ("canary0warehouse",),
    "Settings.erasure_key": ("canary0erasure0000000000000000000000",),
    "Tenant.chatwoot.api_token": (
        "canary0revoked0token",
        "canary0dead0host",
        "canary0of0two\ncanary0second0line",
        "canary0snow\u2603man",
    ),
    "Tenant.chatwoot.database_url": ("canary0chatwoot0database",),
    "Tenant.bot.database_url": ("canary0bot", "canary0bot0dead", "canary0bot0wrong0password", "canary0bot%zz"),
    "OPENAI_API_KEY": ("canary0openai0key",),
}
HEALTHY, REFUSED_BY_OPENAI, REVOKED = "boxcentral_5", "sorriso_5", "bellapele_5"
UNREACHABLE = ("dead_host", "dead_bot", "wrong_bot")
RUN_ALL = ("--debug", "run")
MINIMAL = {"vertical": "gym", "timezone": "America/Sao_Paulo"}


def secret_settings(model: type[BaseModel], path: str) -> Iterator[str]:
    """Where a model holds secrets, as `Tenant.bot.database_url`."""
    for name, field in model.model_fields.items():
        for inner in {field.annotation, *typing.get_args(field.annotation)}:
            if inner is SecretStr:
                yield f"{path}.{name}"
            elif isinstance(inner, type) and issubclass(inner, BaseModel):
                yield from secret_settings(inner, f"{path}.{name}")


class _Mean(BaseHTTPRequestHandler):
    """Refuses every key, and says in the refusal which it was."""

    def do_POST(self) -> None:
        key = self.headers["Authorization"]
        body = f'{{"error": {{"message": "Incorrect API key provided: {key}", "code": "invalid_api_key"}}}}'.encode()
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.send_response(401)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST

    def log_message(self, format: str, *arguments: Any) -> None:
        pass


@dataclass
class Exposed:
    """What was said, and what was left behind, once everything had failed."""

    installation: Installation
    url: str
    said: Mapping[str, subprocess.CompletedProcess[str]]
    secrets: tuple[str, ...]


@pytest.fixture(scope="module")
def exposed(embedded_server: Server, tmp_path_factory: pytest.TempPathFactory, long_tests: bool) -> Iterator[Exposed]:
    """By default those run who fail at their sources; a long test takes one tenant to the marts and asks OpenAI too."""
    with ExitStack() as leaving:
        database = embedded_server.create(migrated=False)
        leaving.callback(embedded_server.drop, database)
        [password], [bot_password, *_] = CANARIES["Settings.database_url"], CANARIES["Tenant.bot.database_url"]
        url = _login(embedded_server, database, password, leaving)
        openai = ThreadingHTTPServer(("127.0.0.1", 0), _Mean)
        leaving.callback(openai.shutdown)
        Thread(target=openai.serve_forever, daemon=True).start()
        installation = Installation(tmp_path_factory.mktemp("secrets") / "home")
        installation.variables |= {
            "FUNIL_DATABASE_URL": url,
            "FUNIL_ERASURE_KEY": CANARIES["Settings.erasure_key"][0],
            "OPENAI_API_KEY": CANARIES["OPENAI_API_KEY"][0],
            "OPENAI_BASE_URL": f"http://127.0.0.1:{openai.server_port}/v1",
        }
        end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
        worlds = leaving.enter_context(PretendWorlds(installation, (5,), 0.02, end))
        for slug in worlds.tenants:
            if bot := installation.tenants[slug].get("bot"):
                leaving.callback(embedded_server.drop, bot["database_url"])
        tokens = tuple(str(entry["chatwoot"]["api_token"]) for entry in installation.tenants.values())
        _break(installation, _login(embedded_server, database, bot_password, leaving))
        commands = [RUN_ALL, ("tenants", "check"), ("--debug", "doctor"), (*RUN_ALL, "--tenant", "two_databases")]
        if not long_tests:
            failing = (argument for slug in (REVOKED, *UNREACHABLE) for argument in ("--tenant", slug))
            commands = [(*RUN_ALL, *failing), ("--debug", "tenants", "check")]
        said = {" ".join(command): installation.funil(*command, timeout=600) for command in commands}
        yield Exposed(installation, url, said, (*tokens, *(each for planted in CANARIES.values() for each in planted)))
        installation.stop()


def _login(server: Server, database: str, password: str, leaving: ExitStack) -> str:
    """A login of its own with this password; the database's address with it, by TCP."""
    name = f"canary_{uuid4().hex[:8]}"
    with psycopg.connect(server.url("postgres"), autocommit=True) as owner:
        owner.execute(
            sql.SQL("create role {} login superuser password {}").format(sql.Identifier(name), sql.Literal(password))
        )

    def forget() -> None:
        with psycopg.connect(server.url("postgres"), autocommit=True) as owner:
            owner.execute(sql.SQL("reassign owned by {} to current_user").format(sql.Identifier(name)))
            owner.execute(sql.SQL("alter role {} nologin").format(sql.Identifier(name)))

    leaving.callback(forget)
    parts = {
        key: str(value) for key, value in conninfo_to_dict(server.tcp_url(conninfo_to_dict(database)["dbname"])).items()
    }
    return build_url(parts | {"user": name, "password": password})


def _break(installation: Installation, bot_login: str) -> None:
    """One tenant stays well; of the others, each fails in its own way."""
    tenants = installation.tenants
    revoked, dead_host, two_lines, snowman = CANARIES["Tenant.chatwoot.api_token"]
    _, dead, wrong, malformed = CANARIES["Tenant.bot.database_url"]
    own = conninfo_to_dict(bot_login)
    well = conninfo_to_dict(tenants[HEALTHY]["bot"]["database_url"])
    address = {key: str(value) for key, value in {**well, "user": own["user"], "password": own["password"]}.items()}
    tenants[HEALTHY]["bot"]["database_url"] = build_url(address)
    tenants[REFUSED_BY_OPENAI]["analyzer"] = {"engine": "openai"}
    chatwoot = deepcopy(tenants[REVOKED]["chatwoot"])
    tenants[REVOKED]["chatwoot"]["api_token"] = revoked
    for slug, changes in {
        "dead_host": {"chatwoot": {**chatwoot, "base_url": "http://127.0.0.1:9", "api_token": dead_host}},
        "two_lines": {"chatwoot": {**chatwoot, "api_token": two_lines}},
        "snowman": {"chatwoot": {**chatwoot, "api_token": snowman}},
        "dead_bot": {"bot": {"database_url": f"postgresql://bot:{dead}@127.0.0.1:9/bot"}},
        "wrong_bot": {"bot": {"database_url": build_url({**address, "password": wrong})}},
        "malformed_bot": {"bot": {"database_url": f"postgresql://bot:{malformed}@127.0.0.1:9/bot"}},
        "two_databases": {
            "chatwoot": {
                **chatwoot,
                "database_url": f"postgresql://c:{CANARIES['Tenant.chatwoot.database_url'][0]}@x/y",
            }
        },
    }.items():
        tenants[slug] = {"slug": slug, "name": slug, **MINIMAL, **changes}
    installation.write_tenants()


def test_every_secret_setting_has_its_canary() -> None:
    found = {*secret_settings(Settings, "Settings"), *secret_settings(Tenant, "Tenant"), "OPENAI_API_KEY"}
    assert found == set(CANARIES), "a secret setting is new, or gone: plant a canary in it"


def test_everything_failed_as_it_should(exposed: Exposed, long_tests: bool) -> None:
    [ran, *_] = exposed.said.values()
    assert ran.returncode == 1
    told = "".join(said.stdout + said.stderr for said in exposed.said.values())
    for slug in exposed.installation.tenants:
        assert slug in told
    with psycopg.connect(exposed.url) as connection:
        failed = connection.execute("select tenant_id from ops.tenant_steps where status = 'failed'").fetchall()
        assert {slug for (slug,) in failed} >= {REVOKED, *UNREACHABLE, *([REFUSED_BY_OPENAI] if long_tests else [])}
        if long_tests:
            talks = connection.execute("select tenant_id from marts.fct_conversations").fetchall()
            assert (HEALTHY,) in talks


def test_no_command_says_a_secret(exposed: Exposed) -> None:
    for command, said in exposed.said.items():
        assert_without(exposed.secrets, f"funil {command}", (said.stdout + said.stderr).encode())


def test_no_file_holds_a_secret(exposed: Exposed) -> None:
    """Dagster's compute logs, dbt's, the server's: whatever lies in the home or was logged by the server."""
    files = [*exposed.installation.home.rglob("*"), *servers.session_directory().glob("embedded/postgres/log/*")]
    searched = [file for file in files if file.is_file()]
    assert any("compute" in str(file) or file.suffix in (".err", ".out", ".log") for file in searched)
    for file in searched:
        assert_without(exposed.secrets, str(file), file.read_bytes())


def test_no_table_holds_a_secret_the_warehouses_nor_dagsters(exposed: Exposed) -> None:
    name = str(conninfo_to_dict(exposed.url)["dbname"])
    for database in (name, f"{name}_dagster"):
        with psycopg.connect(exposed.url, dbname=database) as connection:
            tables = connection.execute(_TABLES).fetchall()
            assert len(tables) > 10
            for schema, table in tables:
                query = sql.SQL("copy (select t::text from {} as t) to stdout").format(sql.Identifier(schema, table))
                with connection.cursor().copy(query) as rows:
                    assert_without(exposed.secrets, f"{database}: {schema}.{table}", b"".join(map(bytes, rows)))


_TABLES = """
select n.nspname, c.relname
from pg_class as c
join pg_namespace as n on n.oid = c.relnamespace
where c.relkind in ('r', 'm') and n.nspname not in ('pg_catalog', 'information_schema')
"""


def assert_without(secrets: tuple[str, ...], place: str, content: bytes) -> None:
    for secret in secrets:
        for part in secret.splitlines():
            for written in (part.encode(), part.encode().hex().encode()):
                at = content.find(written)
                assert at < 0, f"{place} holds {part!r}: ...{content[max(0, at - 200) : at + 40]!r}"


def test_the_search_itself_finds_what_is_there(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="holds 'abc'"):
        assert_without(("abc",), "here", b"x abc y")
    with pytest.raises(AssertionError, match="holds 'abc'"):
        assert_without(("abc",), "here", b"\\x616263")
