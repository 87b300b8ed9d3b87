"""The sandbox: started for as long as a command needs it, or by hand with `funil sandbox`."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

from funil.cli.console import err, out
from funil.cli.workspace import Workspace, open_workspace
from funil.errors import FunilError
from funil.settings import load_settings
from sandbox.language_model.model import API_KEY
from sandbox.server.client import SandboxClient, start_process


@contextmanager
def sandbox_running(
    workspace: Workspace, *, scale: float | None = None, seed: int | None = None, engine: str | None = None
) -> Iterator[SandboxClient]:
    """The sandbox, started unless one runs already, and stopped afterwards if it was started here.

    Whoever reads with OpenAI meanwhile reads with its language model, unless OPENAI_BASE_URL names another.
    """
    directory = workspace.settings.home / "sandbox"
    client = SandboxClient(directory)
    if client.is_running():
        if engine is not None:
            raise FunilError("A sandbox is running already: stop it first, then start it with --engine.")
        _use_its_language_model(client)
        yield client
        return
    try:
        process = start_process(directory, bot_dsn=_bot_dsn(workspace), scale=scale, seed=seed, engine=engine)
    except RuntimeError as error:
        raise FunilError(str(error)) from None
    try:
        _use_its_language_model(client)
        yield client
    finally:
        process.terminate()
        process.wait(30)


@contextmanager
def sandbox_if_used(workspace: Workspace) -> Iterator[None]:
    """The sandbox, where the tenants are its own; nothing, where they are somebody's."""
    settings = workspace.settings
    if settings.uses_sandbox and settings.tenants_path.exists():
        with sandbox_running(workspace):
            yield
    else:
        yield


def serve(scale: float | None, seed: int | None, engine: str | None) -> int:
    """Runs the sandbox until Ctrl-C."""
    workspace = open_workspace()
    with sandbox_running(workspace, scale=scale, seed=seed, engine=engine) as client:
        for slug, tenant in client.state()["tenants"].items():
            out.print(f"{slug}: {tenant['base_url']}, {tenant['conversations']:,} conversations")
        out.print(f"Its language model: OPENAI_BASE_URL={client.openai_url} OPENAI_API_KEY={API_KEY}", soft_wrap=True)
        out.print(f"Its tenants file is {client.tenants_file}. Ctrl-C stops the sandbox.", soft_wrap=True)
        signal.sigwait({signal.SIGINT, signal.SIGTERM})
    return 0


def advance(hours: float, unannounced: bool) -> int:
    """Moves the world on, also when no sandbox server runs at the moment."""
    workspace = open_workspace()
    with sandbox_running(workspace) as client:
        state = client.advance(hours, unannounced=unannounced)
    for slug, tenant in state["tenants"].items():
        out.print(f"{slug}: it is now {tenant['now']}, {tenant['conversations']:,} conversations")
    return 0


def misbehave(kind: str, tenant: str | None, count: int | None, probability: float | None) -> int:
    """Asks the running server for faults; `behave` ends them."""
    client = SandboxClient(load_settings().home / "sandbox")
    options = {"count": count, "probability": probability}
    try:
        if kind == "behave":
            client.behave(tenant)
        else:
            client.misbehave(kind, tenant, **{name: value for name, value in options.items() if value is not None})
    except (RuntimeError, ValueError) as error:
        raise FunilError(str(error)) from None
    err.print(f"{tenant or 'Every tenant'}: {kind}.")
    return 0


def _use_its_language_model(client: SandboxClient) -> None:
    """Pretend conversations cost no money: a real key alone does not send them to OpenAI."""
    if "OPENAI_BASE_URL" not in os.environ:
        os.environ["OPENAI_BASE_URL"], os.environ["OPENAI_API_KEY"] = client.openai_url, API_KEY


def _bot_dsn(workspace: Workspace) -> str:
    """The address of the bots' databases with {slug} in it; the databases are made if they are missing."""
    from sandbox.world.tenants import PROFILES

    addresses = {slug: workspace.warehouse.sibling_dsn(f"sandbox_{slug}") for slug in PROFILES}
    slug, address = next(iter(addresses.items()))
    return address.replace(f"sandbox_{slug}", "sandbox_{slug}")
