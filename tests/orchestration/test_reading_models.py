"""Labels become a model that a cascade asks first, and figures that the UI shows."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

import dagster as dg
import psycopg
import pytest

from analyzers import RegexAnalyzer
from analyzers.local_model import LocalAnalyzer
from funil.cli.evaluate import compare_engines, evaluate_engine
from funil.cli.readings import What, choose, read
from funil.errors import FunilError
from funil.tenants import Tenant
from orchestration.assets.reading_models import reading_models
from orchestration.keys import READING_MODELS
from orchestration.reading_truth import first_stage, transcript_of
from orchestration.workspace import Workspace
from tests.orchestration.conftest import House, bot_tenant
from warehouse.analysis import update_analysis
from warehouse.labels import conversations, save_label
from warehouse.sync import open_sync

START = datetime(2026, 1, 5, 12, tzinfo=UTC)
FILLING = ["hoje", "aqui", "gente", "mesmo", "aquele", "coisa", "outro", "sempre", "muito", "quase", "ainda", "depois"]
TALKS = 80


def is_lead(number: int) -> bool:
    return number % 2 == 0


def said(number: int) -> str:
    """The rules know neither; people label those who want the slackline as leads."""
    words = " ".join(random.Random(number).sample(FILLING, 4))
    return f"{'slackline iniciante' if is_lead(number) else 'chuva forte'} {words}"


@pytest.fixture
def labelled(house: House) -> tuple[House, Tenant]:
    house.write_tenants(bot_tenant("box"))
    tenant = Tenant.model_validate(bot_tenant("box") | {"analyzer": {"engine": "regex"}})
    rows = [{"id": number, "status": "open", "created_at": START} for number in range(TALKS)]
    messages = [
        {
            "id": number,
            "conversation_id": number,
            "message_type": "incoming",
            "sender_type": "contact",
            "content": said(number),
            "private": False,
            "created_at": START + timedelta(minutes=number),
        }
        for number in range(TALKS)
    ]
    with open_sync(house.dsn, tenant_id="box", source="bot", mode="incremental") as sync, sync.batch() as batch:
        batch.load("raw_chatwoot.conversations", rows)
        batch.load("raw_chatwoot.messages", messages)
    update_analysis(house.dsn, tenant, RegexAnalyzer(), lambda stored: transcript_of(tenant, stored))
    with psycopg.connect(house.dsn, autocommit=True) as connection:
        stored = conversations(connection, "box", [f"chatwoot-{number}" for number in range(TALKS)])
        for one in stored:
            fields = {
                "is_lead": is_lead(int(one.conversation_id[9:])),
                "visit_scheduled": False,
                "intent": "other",
                "sentiment": "neutral",
            }
            save_label(connection, "box", one.conversation_id, "ana", transcript_of(tenant, one).content_hash, fields)
    return house, tenant


def test_labels_teach_judge_and_are_shown(labelled: tuple[House, Tenant], instance: dg.DagsterInstance) -> None:
    house, tenant = labelled
    assert first_stage(house.dsn, "gym") is None
    with psycopg.connect(house.dsn, autocommit=True) as connection:
        # what has gone on since it was labelled is another conversation
        connection.execute("update analysis.labels set content_hash = 'old' where conversation_id = 'chatwoot-3'")
    result = dg.materialize([reading_models], instance=instance, resources={"workspace": Workspace()})
    (shown,) = result.asset_materializations_for_node(READING_MODELS.to_python_identifier())
    assert shown.metadata["labels"].value == TALKS - 1
    assert shown.metadata["models_trained"].value == 1
    accuracy = str(shown.metadata["accuracy"].value).splitlines()
    # the rules say of nobody that they are a lead, and 39 of the 79 who are left are none
    (line,) = [line for line in accuracy if line.startswith("| regex, your labels | is_lead |")]
    assert line.startswith(f"| regex, your labels | is_lead | {TALKS - 1} | {39 / 79:.1%} (")
    assert any(line.startswith("| regex, Funil's test conversations | visit_scheduled |") for line in accuracy)
    assert "| gym | 79 | is_lead |" in str(shown.metadata["worth"].value)
    assert str(shown.metadata["calibration"].value).startswith("![plot](data:image/png;base64,")
    assert "is_lead | True | False | 40 |" in str(shown.metadata["confusion"].value)

    stage = first_stage(house.dsn, "gym")
    assert stage is not None
    assert isinstance(stage.analyzer, LocalAnalyzer)
    assert first_stage(house.dsn, "clinic") is None
    with psycopg.connect(house.dsn) as connection:
        unseen = [transcript_of(tenant, one) for one in conversations(connection, "box", ["chatwoot-2", "chatwoot-5"])]
    assert [one.is_lead for one in stage.analyzer.analyze(unseen)] == [True, False]


def test_without_labels_the_rules_are_judged_all_the_same(house: House, instance: dg.DagsterInstance) -> None:
    house.write_tenants(bot_tenant("box"))
    result = dg.materialize([reading_models], instance=instance, resources={"workspace": Workspace()})
    (shown,) = result.asset_materializations_for_node(READING_MODELS.to_python_identifier())
    assert (shown.metadata["labels"].value, shown.metadata["models_trained"].value) == (0, 0)
    assert "funil analyze label" in str(shown.metadata["worth"].value)
    assert "regex, Funil's test conversations" in str(shown.metadata["accuracy"].value)


def test_the_command_judges_and_compares_on_ones_own_labels(
    labelled: tuple[House, Tenant], capsys: pytest.CaptureFixture[str]
) -> None:
    house, _ = labelled
    with psycopg.connect(house.dsn, autocommit=True) as connection:
        connection.execute("update analysis.labels set content_hash = 'old' where conversation_id = 'chatwoot-3'")
    what = What("labels", None, "box")
    chosen = choose(what)
    assert chosen.labels is not None
    assert len(chosen.labels) == TALKS - 1
    assert [one.is_lead for one in chosen.labels] == [
        is_lead(int(one.conversation_id[9:])) for one in chosen.transcripts
    ]
    version, stored = read("stored", what, chosen)
    _, now = read("regex", what, chosen)
    assert version == "stored"
    same = ("conversation_id", "content_hash", "engine", "is_lead", "intent", "prompt_version")
    assert [[getattr(one, name) for name in same] for one in stored] == [
        [getattr(one, name) for name in same] for one in now
    ]
    assert choose(What("conversations", None, "box", 10)).labels is None
    compare_engines("stored", "regex", What("conversations", None, "box", 10))
    assert "100.0%" in capsys.readouterr().out
    evaluate_engine("regex", what)
    assert f"{TALKS - 1} conversations (labels)" in capsys.readouterr().out.replace("\n", " ")


@pytest.mark.parametrize(
    ("name", "what", "sentence"),
    [
        ("regex", What("labels"), "needs --tenant"),
        ("regex", What("labels", None, "nobody"), "has no tenant 'nobody'"),
        ("regex", What("labels", None, "box"), "has no labels"),
        ("regex", What("conversations", None, "box"), "no analysed conversations"),
        ("regex", What("moon"), "--on is 'moon'"),
        ("regex", What("test", "bakery"), "vertical 'bakery'"),
        ("nonsense", What("test"), "no engine 'nonsense'"),
        ("stored", What("test"), "needs --tenant"),
    ],
)
def test_what_cannot_be_judged_is_said_in_a_sentence(house: House, name: str, what: What, sentence: str) -> None:
    house.write_tenants(bot_tenant("box"))
    with pytest.raises(FunilError, match=sentence):
        evaluate_engine(name, what)
