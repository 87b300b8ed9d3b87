"""A small pretend world, and a language model that knows it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.language_model.model import API_KEY, LanguageModel
from sandbox.server.misbehaviour import Misbehaviour
from sandbox.server.serve import SandboxServer
from sandbox.world.world import World


@pytest.fixture(scope="session")
def world() -> World:
    return World.generate(scale=0.12)


@pytest.fixture(scope="session")
def sandbox(world: World) -> Iterator[SandboxServer]:
    with SandboxServer(world) as server:
        yield server


@pytest.fixture
def model(sandbox: SandboxServer) -> LanguageModel:
    """The language model, well-behaved and with nothing counted."""
    fresh = LanguageModel(sandbox.language_model.find)
    for name in ("latency_seconds", "error_rate", "batch_seconds", "gullible", "limits", "traffic"):
        setattr(sandbox.language_model, name, getattr(fresh, name))
    sandbox.language_model.misbehaviour = Misbehaviour()
    return sandbox.language_model


@pytest.fixture
def key(monkeypatch: pytest.MonkeyPatch, sandbox: SandboxServer) -> str:
    """The environment of a tenant whose engine is the sandbox's language model."""
    monkeypatch.setenv("OPENAI_API_KEY", API_KEY)
    monkeypatch.setenv("OPENAI_BASE_URL", sandbox.openai_url)
    return API_KEY
