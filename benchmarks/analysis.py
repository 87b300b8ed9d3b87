"""Reading conversations with a language model: `python -m benchmarks.analysis [throughput] [limit] [unchanged] [cascade]`.

The language model is the sandbox's, in a process of its own: its latency and its limits are set, its answers are true or, where
it is asked to err, false.

throughput  742 conversations, 1 s latency, 64 at once; the bound is conversations x latency / 64
limit       a server that allows 500 requests a minute, met by 64 at once; what counts is the time after its bucket ran empty
unchanged   10,000 conversations touched by a sync without a change: every one of them checked, none of them read
cascade     accuracy and cost of a cascade beside those of asking the model about all, at an error rate of 5 %
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from itertools import cycle, islice
from pathlib import Path

import pandas as pd
import psycopg
from rich.console import Console
from rich.table import Table

from analyzers import AnalysisResult, Analyzer, CascadeAnalyzer, RegexAnalyzer, Transcript, calibrate_threshold
from analyzers.openai_analyzer import OpenAIAnalyzer
from analyzers.rate_limit import RateGate
from funil.tenants import Tenant
from orchestration.analyze_tenant import transcripts_of as from_stored
from sandbox.language_model.model import API_KEY
from sandbox.server.client import SandboxClient
from sandbox.world.world import World
from tests import servers
from tests.analyzers.landing import land
from tests.analyzers.pretend import journeys_of, served, transcripts_of
from warehouse.analysis import AnalysisSummary, update_analysis

FIRST_SYSTEM_SECONDS = 22.9 * 60  # what 742 conversations took it
SCALE = 0.35


class Stage:
    """The sandbox, the same world here, and an empty warehouse."""

    def __init__(self, sandbox: SandboxClient, world: World, dsn: str) -> None:
        self.sandbox, self.world, self.dsn = sandbox, world, dsn

    def transcripts(self, count: int) -> list[Transcript]:
        """So many conversations in which a customer wrote, as those of one tenant."""
        found = [
            transcript
            for slug in self.world.tenants
            for transcript in transcripts_of(self.world, slug)
            if any(message.speaker == "customer" for message in transcript.messages)
        ]
        return [
            replace(transcript, tenant_id="sorriso", conversation_id=f"{number}", vertical="clinic")
            for number, transcript in enumerate(islice(cycle(found), count), start=1)
        ]

    def openai(self, *, concurrency: int) -> OpenAIAnalyzer:
        return OpenAIAnalyzer(
            api_key=API_KEY, base_url=self.sandbox.openai_url, concurrency=concurrency, gate=RateGate()
        )

    def update(self, analyzer: Analyzer) -> AnalysisSummary:
        tenant = tenant_of(self.world, "sorriso")
        return update_analysis(self.dsn, tenant, analyzer, from_stored(tenant))


def tenant_of(world: World, slug: str) -> Tenant:
    return Tenant.model_validate({**world.tenants[slug].settings, "bot": {"database_url": "postgresql://nowhere"}})


@contextmanager
def stage() -> Iterator[Stage]:
    servers.begin_session()
    server = servers.embedded_server()
    dsn = server.create(migrated=True)
    try:
        with (
            tempfile.TemporaryDirectory(prefix="funil-benchmark-") as folder,
            served(Path(folder), scale=SCALE) as sandbox,
        ):
            yield Stage(sandbox, World.generate(scale=SCALE), dsn)
    finally:
        server.drop(dsn)
        servers.end_session()


def throughput(stage: Stage, console: Console) -> bool:
    count, concurrency, latency = 742, 64, 1.0
    land(stage.dsn, stage.transcripts(count))
    stage.openai(concurrency=8).analyze(stage.transcripts(8))  # the sandbox looks at its world at the first question
    stage.sandbox.language_model(latency_seconds=latency, reset=True)
    summary = stage.update(stage.openai(concurrency=concurrency))
    bound = count * latency / concurrency
    state = stage.sandbox.state()["openai"]
    table = Table("742 conversations, 1 s latency", "seconds", "conversations/s", "of the bound", "requests at once")
    table.add_row("the first system", f"{FIRST_SYSTEM_SECONDS:,.0f}", f"{count / FIRST_SYSTEM_SECONDS:.2f}", "", "")
    table.add_row("the bound", f"{bound:.2f}", f"{count / bound:.1f}", "100 %", f"{concurrency}")
    table.add_row(
        "Funil, stored in the warehouse",
        f"{summary.seconds:.2f}",
        f"{count / summary.seconds:.1f}",
        f"{bound / summary.seconds:.1%}",
        f"{state['most_in_flight']}",
    )
    console.print(table)
    assert summary.written == count
    assert state["answered"] == count
    return summary.seconds < 15 and bound / summary.seconds >= 0.9


def limit(
    stage: Stage, console: Console, *, per_minute: int = 500, window: float = 12.0, seconds: float = 30.0
) -> bool:
    """The window only says how much the bucket holds: with 12 s, 100 requests go at once before the rate of 500 a minute."""
    table = Table("500 requests a minute, 64 at once", "allowed/s", "settled/s", "of the allowed", "429s", "lost")
    held = True
    for name, tells in (("told by headers", True), ("told by 429s alone", False)):
        rate = per_minute / 60
        bucket = max(int(rate * window), 1)
        stage.sandbox.language_model(
            latency_seconds=0.3, reset=True, limit={"requests": bucket, "seconds": window, "tells": tells}
        )
        count = int(bucket + rate * seconds)
        times: list[float] = []
        lost = 0
        began = time.monotonic()
        for group in stage.openai(concurrency=64).read(stage.transcripts(count)):
            times += [time.monotonic() - began] * len(group)
            lost += sum(result.fallback_reason is not None for result in group)
        state = stage.sandbox.state()["openai"]
        # the bucket is empty after so many; settled is what comes in the last two thirds of the time after it
        after = pd.Series(times[bucket + int((count - bucket) / 3) :])
        settled = (len(after) - 1) / (after.iloc[-1] - after.iloc[0])
        refused = state["statuses"].get("429", 0) / state["requests"]["chat.completions"]
        table.add_row(
            name,
            f"{rate:.2f}",
            f"{settled:.2f}",
            f"{settled / rate:.1%}",
            f"{refused:.2%}",
            f"{lost + count - len(times)}",
        )
        held = held and lost == 0 and len(times) == count
        # a server that says nothing has to be felt for, which takes refusals and more than half a minute: only shown
        held = held and (not tells or (abs(settled / rate - 1) <= 0.1 and refused < 0.02))
    stage.sandbox.language_model(limit={})
    console.print(table)
    return held


def unchanged(stage: Stage, console: Console) -> bool:
    count = 10_000
    land(stage.dsn, stage.transcripts(count))
    asked = stage.openai(concurrency=64)
    rules = RegexAnalyzer()

    class ByRules(Analyzer):
        """Stands in for the model's first reading, which would take minutes: results as if it had given them."""

        engine, model, prompt_version = asked.engine, asked.model, asked.prompt_version

        def read(self, items):  # type: ignore[no-untyped-def]
            for group in rules.read(items):
                yield [result.model_copy(update={"asked_of": self.version}) for result in group]

    stage.update(ByRules())
    stage.sandbox.language_model(reset=True)
    nothing = stage.update(asked)
    with psycopg.connect(stage.dsn) as connection:  # a sync that touched every message and changed none
        connection.execute("update raw_bot.conversation_messages set _sync_id = _sync_id + 100000")
        connection.execute("update ops.sync_counters set last_sync_id = last_sync_id + 100000")
    touched = stage.update(asked)
    requests = stage.sandbox.state()["openai"]["requests"].get("chat.completions", 0)
    table = Table("10,000 conversations, unchanged", "seconds", "checked", "requests")
    table.add_row("no sync has touched any", f"{nothing.seconds:.3f}", f"{nothing.looked_at:,}", "0")
    table.add_row("a sync has touched all", f"{touched.seconds:.2f}", f"{touched.looked_at:,}", f"{requests}")
    console.print(table)
    return touched.seconds < 2 and requests == 0 and touched.analyzed == 0


def cascade(stage: Stage, console: Console) -> bool:
    error_rate = 0.05
    stage.sandbox.language_model(latency_seconds=0.0, error_rate=error_rate, reset=True)
    batch, truth = [], {}
    for slug in stage.world.tenants:
        journeys = journeys_of(stage.world, slug)
        for transcript in transcripts_of(stage.world, slug):
            if transcript.conversation_id in journeys.index:
                batch.append(transcript)
                truth[slug, transcript.conversation_id] = journeys.loc[transcript.conversation_id]
    model, rules = stage.openai(concurrency=16), RegexAnalyzer()

    def right(transcript: Transcript, result: AnalysisResult) -> bool:
        return bool(truth[transcript.tenant_id, transcript.conversation_id].is_lead) == result.is_lead

    # calibrated on one half, shown on the other: what the rules keep, they are to get right as often as the model
    half, other = batch[::2], batch[1::2]
    first = rules.analyze(half)
    threshold = calibrate_threshold(
        [result.confidence or 0.0 for result in first],
        [right(transcript, result) for transcript, result in zip(half, first, strict=True)],
        accuracy=1 - error_rate,
    )
    table = Table("held out", "right about leads", "cost, USD", "of the cost", "asked")
    figures = []
    for name, analyzer in (
        ("regex", rules),
        ("openai, all", model),
        (f"cascade, threshold {threshold:.3f}", CascadeAnalyzer(rules, model, threshold)),
    ):
        results = analyzer.analyze(other)
        accuracy = sum(map(right, other, results)) / len(other)
        cost = sum(result.cost_usd for result in results)
        asked = sum(result.requests > 0 for result in results)
        figures.append((name, accuracy, cost, asked))
    all_cost = figures[1][2]
    for name, accuracy, cost, asked in figures:
        table.add_row(name, f"{accuracy:.2%}", f"{cost:.5f}", f"{cost / all_cost:.1%}", f"{asked:,} of {len(other):,}")
    console.print(table)
    (_, of_all, _, _), (_, of_cascade, cost, _) = figures[1:]
    return of_cascade >= of_all - 0.01 and cost <= 0.4 * all_cost


BENCHMARKS = {"throughput": throughput, "limit": limit, "unchanged": unchanged, "cascade": cascade}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs those named, or all; exit 1 if one of them missed its mark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", metavar="name", help=", ".join(BENCHMARKS))
    names = parser.parse_args(arguments).names or list(BENCHMARKS)
    console = Console(width=110)
    held = True
    for name in names:
        with stage() as here:
            console.print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
            good = BENCHMARKS[name](here, console)
            console.print(f"{name}: {'held' if good else 'MISSED'}")
            held = held and good
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
