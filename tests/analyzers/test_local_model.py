"""The small local model learns what the rules do not know, keeps nothing but numbers, and is heard only where it has earned it."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from analyzers import CascadeAnalyzer, RegexAnalyzer
from analyzers.label import Label
from analyzers.labelled_conversations import transcript_of
from analyzers.local_model import LocalAnalyzer, LocalModel, tokens_of
from analyzers.local_training import Example, Trained, train

FILLING = ["hoje", "aqui", "gente", "mesmo", "aquele", "coisa", "outro", "sempre", "muito", "quase", "ainda", "depois"]


def example(number: int, lead: bool, said: str, source: str = "person") -> Example:
    words = " ".join(random.Random(number).sample(FILLING, 4))
    transcript = transcript_of(f"gym-{number}", [f"c: {said} {words}"])
    label = Label(is_lead=lead, intent="services" if lead else "other")
    return Example(transcript, label, source)  # type: ignore[arg-type]


def learnable(number: int = 120) -> list[Example]:
    """People want the slackline, which the rules have never heard of; others only mention the weather."""
    return [example(n, n % 2 == 0, "slackline iniciante" if n % 2 == 0 else "chuva forte") for n in range(number)]


@pytest.fixture(scope="module")
def trained() -> Trained:
    found = train("gym", learnable())
    assert found is not None
    return found


def test_is_heard_where_held_out_labels_say_that_it_is_righter(trained: Trained) -> None:
    worth = trained.fields["is_lead"]
    assert worth.earned
    assert worth.rules < 0.6 < 0.95 < worth.model
    assert not trained.fields["visit_scheduled"].earned  # nothing to be better at
    analyzer, rules = LocalAnalyzer(trained.model), RegexAnalyzer()
    unseen = [transcript_of("gym-9001", ["c: slackline iniciante"]), transcript_of("gym-9002", ["c: chuva forte"])]
    assert [one.is_lead for one in rules.analyze(unseen)] == [False, False]
    results = analyzer.analyze(unseen)
    assert [one.is_lead for one in results] == [True, False]
    assert results[0].lead_probability > 2
    assert results[0].engine == "local"
    assert results[0].prompt_version == analyzer.prompt_version


def test_is_not_heard_where_labels_have_nothing_to_do_with_what_is_said() -> None:
    chance = random.Random(4)
    examples = [example(n, chance.random() < 0.5, "slackline iniciante") for n in range(120)]
    found = train("gym", examples)
    assert found is not None
    assert not any(worth.earned for worth in found.fields.values())
    unseen = transcript_of("gym-9001", ["c: slackline iniciante"])
    by_model, by_rules = LocalAnalyzer(found.model).analyze([unseen])[0], RegexAnalyzer().analyze([unseen])[0]
    same = ("is_lead", "visit_scheduled", "intent", "lead_probability", "confidence")
    assert [getattr(by_model, name) for name in same] == [getattr(by_rules, name) for name in same]


def test_only_peoples_labels_judge() -> None:
    """What OpenAI said, and what the rules were made on, teaches; without labels by people nothing is trained."""
    taught = [
        example(n, n % 2 == 0, "slackline iniciante" if n % 2 == 0 else "chuva forte", "openai") for n in range(200)
    ]
    assert train("gym", taught) is None
    assert train("gym", learnable(40)) is None
    assert train("clinic", learnable()) is None
    few = [*learnable(60), *taught]
    found = train("gym", few)
    assert found is not None
    assert (found.labels, found.openai_answers) == (60, 200)


def test_keeps_numbers_and_words_and_reads_the_same_from_them(trained: Trained) -> None:
    document = json.loads(json.dumps(trained.model.to_json()))
    again = LocalModel.from_json(document)
    assert again.version == trained.model.version
    unseen = [example(n, True, "slackline").transcript for n in range(20)]
    results = [LocalAnalyzer(model).analyze(unseen) for model in (trained.model, again)]
    said = [[(one.is_lead, round(one.confidence or 0, 3)) for one in each] for each in results]
    assert said[0] == said[1]
    assert not [word for word in document["vocabulary"] if any(c.isdigit() for c in word.partition("=")[0])]
    assert len(json.dumps(document)) < 2_000_000


def test_weighs_words_and_chances_as_scikit_learn_does() -> None:
    examples = learnable()
    found = train("gym", examples)
    assert found is not None
    model = found.model
    readings = RegexAnalyzer().analyze([one.transcript for one in examples])
    documents = [tokens_of(one.transcript, reading) for one, reading in zip(examples, readings, strict=True)]
    theirs = TfidfVectorizer(analyzer=list, vocabulary=dict(model.vocabulary), sublinear_tf=True, lowercase=False)
    vectors = theirs.fit_transform(documents).toarray()
    assert np.allclose([model.vector(one) for one in documents], vectors)
    fitted = LogisticRegression(C=10.0, max_iter=1000).fit(vectors, [one.label.is_lead for one in examples])
    chances = [model.fields["is_lead"].probabilities(vector)[1] for vector in vectors]
    assert np.allclose(chances, fitted.predict_proba(vectors)[:, 1], atol=1e-4)


def test_the_threshold_of_a_cascade_is_the_one_at_which_held_out_labels_are_right(trained: Trained) -> None:
    assert trained.right is not None
    assert trained.right >= 0.95
    assert trained.answered > 0.5
    cascade = CascadeAnalyzer(LocalAnalyzer(trained.model), RegexAnalyzer(), trained.model.threshold)
    unseen = [
        example(n, n % 2 == 0, "slackline iniciante" if n % 2 == 0 else "chuva forte").transcript for n in range(40)
    ]
    results = cascade.analyze(unseen)
    by_model = [one for one in results if one.engine == "local"]
    assert len(by_model) > 20
    assert [one.is_lead for one in by_model] == [int(one.conversation_id[4:]) % 2 == 0 for one in by_model]


def test_other_verticals_are_the_rules_own(trained: Trained) -> None:
    clinic = transcript_of("clinic-1", ["c: slackline iniciante"])
    assert not LocalAnalyzer(trained.model).analyze([clinic])[0].is_lead
