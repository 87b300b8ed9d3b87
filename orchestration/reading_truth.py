"""What people have labelled, beside what was read: to train the small local models, and to say how right each engine is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import psycopg

from analyzers import RegexAnalyzer, Transcript, TranscriptMessage
from analyzers.evaluation import Evaluation, Judged, evaluate
from analyzers.factory import FirstStage
from analyzers.label import Label
from analyzers.labelled_conversations import labelled_conversations
from analyzers.local_model import LocalAnalyzer, LocalModel
from analyzers.local_training import Example, Trained, train
from analyzers.result import AnalysisResult
from funil.tenants import Tenant
from warehouse.analysis import StoredConversation
from warehouse.connect import connect
from warehouse.labels import conversations, labels_of, openai_answers, stored_readings
from warehouse.reading_models import newest_model, save_model

MOST_ANSWERS = 2000
"""Of OpenAI's earlier answers, this many per tenant are learned from."""


@dataclass(slots=True)
class Truth:
    """Examples to learn from, and what each engine said of conversations that people have labelled."""

    examples: list[Example] = field(default_factory=list)
    judged: dict[str, list[Judged]] = field(default_factory=dict)


def gather(dsn: str, tenants: Iterable[Tenant]) -> Truth:
    """Everything there is to learn from: the tenants' labels and earlier OpenAI answers, and the development half."""
    truth = Truth([Example(one.transcript, one.label, "shipped") for one in labelled_conversations("development")])
    with connect(dsn) as connection:
        for tenant in tenants:
            _gather(connection, tenant, truth)
    return truth


def train_and_keep(dsn: str, truth: Truth) -> dict[str, Trained]:
    """A model for each vertical that has labels enough, kept as its newest."""
    verticals = sorted({one.transcript.vertical for one in truth.examples if one.source == "person"})
    trained = {vertical: found for vertical in verticals if (found := train(vertical, truth.examples)) is not None}
    with connect(dsn) as connection:
        for vertical, found in trained.items():
            save_model(connection, vertical, found.model.version, found.model.to_json(), found.metrics())
    return trained


def evaluations(truth: Truth) -> dict[str, Evaluation]:
    """By who read: each engine on the tenants' labels, and the rules on the test half that comes with the project."""
    test = labelled_conversations("test")
    results = RegexAnalyzer().analyze([one.transcript for one in test])
    shipped = [Judged(one.label, result, one.transcript.timezone) for one, result in zip(test, results, strict=True)]
    found = {f"{engine}, your labels": evaluate(judged) for engine, judged in sorted(truth.judged.items())}
    return {"regex, Funil's test conversations": evaluate(shipped)} | found


def _gather(connection: psycopg.Connection, tenant: Tenant, truth: Truth) -> None:
    labels = {one.conversation_id: one for one in labels_of(connection, tenant.slug)}
    readings = stored_readings(connection, tenant.slug, list(labels))
    answers = openai_answers(connection, tenant.slug, MOST_ANSWERS)
    transcripts = {
        one.conversation_id: transcript_of(tenant, one)
        for one in conversations(connection, tenant.slug, [*{**answers, **labels}])
    }
    for name, transcript in transcripts.items():
        if name in labels:
            if labels[name].content_hash != transcript.content_hash:
                continue  # it has gone on since
            label = Label.model_validate(labels[name].fields)
            truth.examples.append(Example(transcript, label, "person"))
            if (reading := _reading(readings.get(name), transcript)) is not None:
                judged = truth.judged.setdefault(reading.engine, [])
                judged.append(Judged(label, reading, tenant.timezone))
        elif (answer := _reading(answers.get(name), transcript)) is not None:
            known = {key: getattr(answer, key) for key in Label.model_fields}
            truth.examples.append(Example(transcript, Label.model_validate(known), "openai"))


def transcript_of(tenant: Tenant, stored: StoredConversation) -> Transcript:
    """A stored conversation as an analyzer reads it."""
    messages = tuple(TranscriptMessage(*message) for message in stored.messages)
    return Transcript(tenant.slug, stored.conversation_id, tenant.vertical, tenant.timezone, messages)


def first_stage(dsn: str, vertical: str) -> FirstStage | None:
    """What a cascade of this vertical asks first: its newest small model, if it has one."""
    with connect(dsn) as connection:
        parameters = newest_model(connection, vertical)
    if parameters is None:
        return None
    local = LocalModel.from_json(parameters)
    return FirstStage(LocalAnalyzer(local), local.threshold)


def _reading(row: Mapping[str, object] | None, transcript: Transcript) -> AnalysisResult | None:
    """The stored reading, if it is of what the conversation holds now."""
    if row is None or row["content_hash"] != transcript.content_hash:
        return None
    known = AnalysisResult.model_fields.keys()
    return AnalysisResult.model_validate({"asked_of": ""} | {key: value for key, value in row.items() if key in known})
