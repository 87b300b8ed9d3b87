"""What is written about the metrics is what the models say, and nothing is left out."""

from __future__ import annotations

import pytest

from funil.cli.docs import METRICS, marts_of, metrics_page
from tests.dbt.conftest import Examples

pytestmark = pytest.mark.xdist_group("dbt_examples")


def test_the_page_of_metrics_is_what_the_models_say(told: Examples) -> None:
    assert METRICS.read_text(encoding="utf-8") == metrics_page(told.project.content), "stale: run 'make docs'"


def test_every_mart_has_a_reader(told: Examples) -> None:
    assert not [mart.name for mart in marts_of(told.project.content) if not mart.readers]


def test_every_mart_but_a_dimension_answers_a_question_with_an_example(told: Examples) -> None:
    marts = marts_of(told.project.content)
    assert not [mart.name for mart in marts if not mart.metrics and not mart.name.startswith("dim_")]
    unexplained = [
        f"{mart.name}.{metric.column}" for mart in marts for metric in mart.metrics if not metric.example.strip()
    ]
    assert not unexplained


def test_the_site_is_one_page_that_knows_every_model(told: Examples) -> None:
    told.project.run("docs", "generate", "--static", "--empty-catalog")
    page = (told.project.scratch / "target" / "static_index.html").read_text(encoding="utf-8")
    assert not [model["name"] for model in told.project.models if f'"{model["name"]}"' not in page]
