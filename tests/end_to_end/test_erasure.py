"""People are erased from a whole installation: searched for in every dump and every file, before, after, and after more syncs.

A world of its own, because what is not under FUNIL_HOME is not Funil's: the sources live elsewhere and still know everybody.
"""

from __future__ import annotations

import json
import random
import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import psycopg
import pytest
from psycopg import sql

from tests.end_to_end.conftest import LONG
from tests.end_to_end.installation import Installation, succeeded
from tests.end_to_end.pretend import PretendWorlds
from tests.end_to_end.test_marts_equal_ground_truth import MARTS
from tests.oracle.compare import assert_same_table
from tests.oracle.facts import Facts
from tests.servers import Server
from tests.warehouse.test_erase import PG_DUMP

pytestmark = pytest.mark.skipif(not LONG, reason="FUNIL_LONG_TESTS=1 erases people from a whole installation")

SEED, SCALE, PEOPLE = 23, 0.1, 20
LONG_ENOUGH = 25  # letters of a text that nobody else writes


@dataclass(frozen=True)
class Erased:
    """Somebody of a pretend world, and what tells of them."""

    tenant_id: str
    contacts: tuple[int, ...]
    leads: tuple[str, ...]
    phone: str
    emails: tuple[str, ...]
    name: str
    texts: tuple[str, ...]

    @property
    def numbers(self) -> list[str]:
        """Their phone in the spellings people and programs use."""
        if not self.phone.startswith("+55"):
            return [self.phone, self.phone[1:]]
        national = self.phone.removeprefix("+55")
        spellings = []
        for digits in {national, national[:2] + national[-8:]}:
            area, first, last = digits[:2], digits[2:-4], digits[-4:]
            spellings += [digits, f"55{digits}", f"({area}) {first}-{last}", f"{area} {first}-{last}"]
            spellings += [f"{area} {first} {last}", f"{first}-{last}", f"({area}) {first}{last}"]
        return spellings

    @property
    def told_by(self) -> set[bytes]:
        """What must not be found of them, in UTF-8 or as JSON escapes it."""
        words = [*self.emails, self.name, *self.texts]
        told = {line for word in words for line in (word, json.dumps(word)[1:-1]) if "\n" not in line}
        return {word.encode() for word in (*told, *self.numbers)}


@dataclass
class Scene:
    worlds: PretendWorlds
    people: Sequence[Erased]

    def search(self) -> dict[str, list[str]]:
        """Of whom something is found where: dumps of every database of the server, every file under FUNIL_HOME."""
        installation = self.worlds.installation
        patterns = b"\n".join(set().union(*(person.told_by for person in self.people)))
        found: dict[str, list[str]] = {}
        for place, content in [*dumps(installation), *files(installation.home)]:
            if told := grep(patterns, content):
                found[place] = told
        return found

    def facts(self) -> Iterator[Facts]:
        for facts in self.worlds.all_facts():
            theirs = [person for person in self.people if person.tenant_id == facts.tenant_id]
            truth = self.worlds.truth(facts.tenant_id)
            yield without(facts, truth, theirs)

    def assert_the_marts_know_the_others_and_nobody_else(self) -> None:
        facts = list(self.facts())
        problems = []
        for mart, (compute, keys) in MARTS.items():
            expected = pd.concat([compute(tenant) for tenant in facts], ignore_index=True)
            columns = ", ".join(expected.columns)
            actual = self.worlds.installation.query(f"select {columns} from marts.{mart}")
            try:
                assert_same_table(actual, expected, keys=keys, name=mart)
            except AssertionError as error:
                problems.append(str(error))
        assert not problems, "\n".join(problems)


def grep(patterns: bytes, content: bytes) -> list[str]:
    """Which of the lines of `patterns` are in the content; a number only where no other digit stands beside it."""
    with tempfile.NamedTemporaryFile() as file:
        file.write(patterns)
        file.flush()
        command = ["grep", "--text", "--only-matching", "--byte-offset", "--fixed-strings", "--file", file.name]
        done = subprocess.run(command, input=content, capture_output=True, env={"LC_ALL": "C"}, check=False)
    assert done.returncode in (0, 1), done.stderr
    found = []
    for line in done.stdout.splitlines():
        offset, _, match = line.partition(b":")
        beside = (
            content[max(int(offset) - 1, 0) : int(offset)]
            + content[int(offset) + len(match) : int(offset) + len(match) + 1]
        )
        if not (match[-1:].isdigit() and re.search(rb"\d", beside)):
            found.append(match.decode())
    return sorted(set(found))


def dumps(installation: Installation) -> Iterator[tuple[str, bytes]]:
    names = installation.query("select datname from pg_database where datallowconn")["datname"]
    for name in names:
        url = installation.url.rpartition("/")[0] + f"/{name}"
        yield f"database {name}", subprocess.run([PG_DUMP, url], check=True, capture_output=True).stdout


def files(home: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(home.rglob("*")):
        if path.is_file():
            yield str(path.relative_to(home)), path.read_bytes()


def without(facts: Facts, truth: Mapping[str, pd.DataFrame], people: Sequence[Erased]) -> Facts:
    """The facts as if these people had never come, as contacts and leads that they have become since neither."""
    contacts = {id for person in people for id in person.contacts}
    leads = {id for person in people for id in person.leads}
    for row in truth["people"].itertuples(index=False):
        if contacts.intersection(row.contact_ids) or leads.intersection(row.lead_ids):
            contacts.update(row.contact_ids)
            leads.update(row.lead_ids)
    theirs = facts.talks["contact_id"].isin(contacts) | facts.talks["lead_id"].isin(leads)
    talks = set(facts.talks.loc[theirs, "talk_id"])
    known = truth["conversations"]
    bots = set(known.loc[known["conversation_id"].isin(talks), "bot_conversation_id"])
    gone = {"talk_id": talks, "contact_id": contacts, "lead_id": leads, "bot_conversation_id": bots}
    frames = {}
    for name, frame in vars(facts).items():
        if isinstance(frame, pd.DataFrame):
            kept = frame
            for column, ids in gone.items():
                if column in kept:
                    kept = kept[~kept[column].isin(ids - {None})]
            frames[name] = kept.reset_index(drop=True)
    return replace(facts, **frames)


def choose(worlds: PretendWorlds, count: int) -> list[Erased]:
    """People of every tenant who have a phone and a name and texts that nobody else of the worlds has."""
    truths = {tenant_id: worlds.truth(tenant_id) for tenant_id in worlds.tenants}
    names = Counter(name for truth in truths.values() for name in truth["people"]["name"].dropna())
    everything = "\n".join(
        str(text)
        for truth in truths.values()
        for text in (*truth["messages"]["content"].dropna(), *truth["bot_messages"]["content"].dropna(), *names)
    )
    chosen: list[Erased] = []
    for number, (tenant_id, truth) in enumerate(truths.items()):
        found = []
        talks = truth["conversations"]
        emails = dict(zip(truth["contacts"]["contact_id"], truth["contacts"]["email"], strict=True))
        for row in truth["people"].itertuples(index=False):
            mine = talks[talks["contact_id"].isin(row.contact_ids) | talks["lead_id"].isin(row.lead_ids)]
            own = pd.concat(
                truth[name].loc[truth[name]["conversation_id"].isin(mine["conversation_id"]), "content"].dropna()
                for name in ("messages", "bot_messages")
            )
            mine_alone = "\n".join(own)
            texts = [
                text
                for text in dict.fromkeys(own)
                if len(text) >= LONG_ENOUGH and everything.count(text) == mine_alone.count(text)
            ]
            shared = [email for email, count in Counter(emails.values()).items() if email and count > 1]
            alone = row.name and names[row.name] == 1 and len(row.name.split()) > 1
            alone = alone and not any(emails.get(id) in shared for id in row.contact_ids)
            if alone and row.phone and texts and not [name for name in names if row.name in name and name != row.name]:
                found.append(
                    Erased(
                        tenant_id,
                        row.contact_ids,
                        row.lead_ids,
                        row.phone,
                        tuple(email for id in row.contact_ids if (email := emails.get(id))),
                        row.name,
                        tuple(texts),
                    )
                )
        chosen += random.Random(1).sample(found, (count + number) // len(truths))
    assert len(chosen) == count
    assert any(person.emails for person in chosen)
    assert any(person.leads for person in chosen)
    return chosen


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory, embedded_server: Server) -> Iterator[Scene]:
    installation = Installation(tmp_path_factory.mktemp("erasure") / "home")
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)

    def bots(name: str) -> str:
        with psycopg.connect(embedded_server.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        return embedded_server.tcp_url(name)

    with ExitStack() as leaving:
        leaving.callback(installation.stop)
        worlds = leaving.enter_context(PretendWorlds(installation, (SEED,), SCALE, end, bots))
        people = choose(worlds, PEOPLE)
        succeeded(installation.funil("run", timeout=1800))
        yield Scene(worlds, people)


def test_people_are_erased_and_nothing_brings_them_back(scene: Scene) -> None:
    funil = scene.worlds.installation.funil
    before = Counter(place for place, told in scene.search().items() for _ in told)
    assert before["database funil"] > 4 * PEOPLE, "the search finds them where they are"
    assert any(place.startswith("postgres/data/pg_wal") for place in before)

    for number, person in enumerate(scene.people):
        who = ["--phone", person.numbers[number % len(person.numbers)]]
        if number % 3 == 1 and person.contacts:
            who = ["--contact", str(person.contacts[0])]
        elif len(re.sub(r"\D", "", who[1])) < 10 or not person.phone.startswith("+55"):
            who = ["--phone", person.phone]
        asked = ["erase", "--tenant", person.tenant_id, *who]
        if number < 3:
            shown = succeeded(funil(*asked, "--dry-run")).stdout
            assert "raw_chatwoot.messages" in shown or "raw_bot.conversation_messages" in shown
        succeeded(funil(*asked, "--yes", timeout=600))
    assert scene.search() == {}
    scene.assert_the_marts_know_the_others_and_nobody_else()

    succeeded(funil("run", "--full-refresh", timeout=1800))
    assert scene.search() == {}
    scene.assert_the_marts_know_the_others_and_nobody_else()

    # they write again, and so do others, who may say the same
    scene.worlds.advance(24 * 7, unannounced=True)
    succeeded(scene.worlds.installation.scheduled("reconcile", timeout=1800))
    scene = replace(scene, people=[replace(person, texts=()) for person in scene.people])
    assert scene.search() == {}
    scene.assert_the_marts_know_the_others_and_nobody_else()
    log = scene.worlds.installation.query("select action, details from ops.audit_log where action = 'erase'")
    assert len(log) == PEOPLE
