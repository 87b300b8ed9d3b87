"""The pretend world's conversations as transcripts, and what is true of them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd

from analyzers import Transcript, TranscriptMessage
from sandbox.server.client import SandboxClient, start_process
from sandbox.world.world import World

HEARD = ("customer", "human", "bot")


def transcripts_of(world: World, slug: str) -> list[Transcript]:
    """Every conversation of a tenant in which somebody said something, in the order they began."""
    settings = world.tenants[slug].settings
    messages = world.truth(slug)["messages"]
    heard = messages[messages["kind"].isin(HEARD) & ~messages["deleted"] & (messages["content"].fillna("") != "")]
    heard = heard.sort_values(["at", "position"], kind="stable")
    return [
        Transcript(
            slug,
            str(conversation_id),
            settings["vertical"],
            settings["timezone"],
            tuple(
                TranscriptMessage(row.kind, row.content, row.at.to_pydatetime()) for row in said.itertuples(index=False)
            ),
        )
        for conversation_id, said in heard.groupby("conversation_id", sort=False)
    ]


def journeys_of(world: World, slug: str) -> pd.DataFrame:
    """The hidden truth, by conversation."""
    return world.truth(slug)["journeys"].set_index("conversation_id")


@contextmanager
def served(folder: Path, **world: Any) -> Iterator[SandboxClient]:
    """The sandbox in a process of its own, so that it does not share this one's interpreter."""
    process = start_process(folder, **world)
    try:
        yield SandboxClient(folder)
    finally:
        process.terminate()
        process.wait(30)
