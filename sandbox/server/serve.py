"""All tenants' installations in one process: a loopback port each, and one to administrate them.

In tests a background thread of the same process; for the demo `python -m sandbox.server` in a process of its own.
"""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Any, Self, TypeVar

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.language_model.app import create_app as create_language_model_app
from sandbox.language_model.model import LanguageModel
from sandbox.server import bots
from sandbox.server.admin import create_admin_app
from sandbox.server.app import create_app
from sandbox.server.installation import Installation
from sandbox.server.misbehaviour import Fault
from sandbox.server.protocol import Protocol
from sandbox.server.state import LOOPBACK, StateDirectory, listen
from sandbox.server.tenants_file import tenants_yaml
from sandbox.server.times import iso
from sandbox.server.worlds import HandMadeWorld, ServedWorld
from sandbox.world.records import Account
from sandbox.world.world import World

R = TypeVar("R")
ADMIN, LANGUAGE_MODEL = "admin", "openai"


class SandboxServer:
    """Serves a world. `with SandboxServer(world) as server: requests.get(server.base_url("boxcentral") + ...)`

    Give it a state directory, and a later `SandboxServer.open` on the same directory shows the same world at the same
    addresses. `bot_dsn` names each tenant's bot database, `{slug}` in it being the tenant's.
    """

    def __init__(
        self,
        world: ServedWorld,
        state_dir: Path | str | None = None,
        *,
        bot_dsn: str | None = None,
        **installation_options: Any,
    ) -> None:
        self.world = world
        self.bot_dsn = bot_dsn
        self.state_directory = StateDirectory(Path(state_dir)) if state_dir is not None else None
        self.installations: dict[str, Installation] = {
            slug: Installation(tenant.account, **installation_options) for slug, tenant in world.tenants.items()
        }
        self.language_model = LanguageModel.of_truths(
            lambda: {slug: world.truth(slug) for slug in world.tenants}  # type: ignore[attr-defined]
        )
        self._sockets: dict[str, socket.socket] = {}
        self._ports: dict[str, int] = {}
        self._uvicorn: _Uvicorn | None = None
        self._thread: threading.Thread | None = None
        self._advancing = asyncio.Lock()

    @classmethod
    def for_accounts(cls, accounts: Mapping[str, Account], **options: Any) -> Self:
        """For accounts made by hand, without a world that could advance."""
        return cls(HandMadeWorld(accounts), **options)

    @classmethod
    def open(
        cls,
        state_dir: Path | str,
        *,
        seed: int | None = None,
        scale: float | None = None,
        end: datetime | None = None,
        slugs: Sequence[str] | None = None,
        bot_dsn: str | None = None,
        **installation_options: Any,
    ) -> Self:
        """The world remembered in `state_dir`, advanced as it was; else a new one, by the generator's defaults."""
        asked = {"seed": seed, "scale": scale, "end": end, "slugs": slugs and list(slugs)}
        asked = {name: value for name, value in asked.items() if value is not None}
        directory = StateDirectory(Path(state_dir))
        recipe = directory.recipe()
        if recipe is None:
            return cls(World.generate(**asked), state_dir, bot_dsn=bot_dsn, **installation_options)  # type: ignore[arg-type]
        kept = {**recipe, "end": datetime.fromisoformat(recipe["end"])}
        if any(kept[name] != value for name, value in asked.items()):
            raise ValueError(
                f"{directory.path} holds another world (seed {recipe['seed']}, scale {recipe['scale']}, end "
                f"{recipe['end']}, {', '.join(recipe['slugs'])}); use another directory, or remove world.json there."
            )
        return cls(World.from_recipe(recipe), state_dir, bot_dsn=bot_dsn, **installation_options)

    # running --------------------------------------------------------------------------------------------------------

    def start(self) -> Self:
        """Serves in a background thread; returns once every port answers."""
        self._prepare()
        assert self._uvicorn is not None
        sockets = list(self._sockets.values())
        self._thread = threading.Thread(
            target=self._uvicorn.run, kwargs={"sockets": sockets}, name="sandbox", daemon=True
        )
        self._thread.start()
        if not self._uvicorn.ready.wait(30):
            raise RuntimeError("The sandbox server did not start within 30 seconds.")
        return self

    def run(self, on_ready: Callable[[SandboxServer], None]) -> None:
        """Serves in this thread until SIGINT, SIGTERM or /shutdown."""
        self._prepare()
        assert self._uvicorn is not None
        self._uvicorn.on_ready.append(lambda: on_ready(self))
        try:
            self._uvicorn.run(sockets=list(self._sockets.values()))
        finally:
            self._release()

    def stop(self) -> None:
        self.shut_down()
        if self._thread is not None:
            self._thread.join(10)
            self._thread = None
        self._release()

    def shut_down(self) -> None:
        if self._uvicorn is not None:
            self._uvicorn.should_exit = True

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def _prepare(self) -> None:
        directory = self.state_directory
        if directory is not None:
            directory.lock()
        try:
            if self.bot_dsn is not None:
                bots.bring_up_to_date(self.world, self.bot_dsn)
            remembered = directory.ports() if directory is not None else {}
            self._sockets = listen((ADMIN, LANGUAGE_MODEL, *self.installations), remembered)
        except BaseException:
            if directory is not None:
                directory.unlock()
            raise
        self._ports = {name: listening.getsockname()[1] for name, listening in self._sockets.items()}
        if directory is not None:
            directory.save_recipe(self.world.recipe())
            directory.save_ports(self._ports)
            directory.write(
                "tenants.yaml", tenants_yaml(self.world, self.base_urls, self.bot_dsn, engine=directory.engine())
            )
        apps: dict[int, ASGIApp] = {self._ports[ADMIN]: create_admin_app(self)}
        apps[self._ports[LANGUAGE_MODEL]] = create_language_model_app(self.language_model)
        apps |= {self._ports[slug]: create_app(installation) for slug, installation in self.installations.items()}
        self._uvicorn = _Uvicorn(apps)
        if directory is not None:
            running = {
                "pid": os.getpid(),
                "admin_url": self.admin_url,
                "openai_url": self.openai_url,
                "base_urls": self.base_urls,
            }
            self._uvicorn.on_ready.append(lambda: directory.save_running(running))

    def _release(self) -> None:
        for listening in self._sockets.values():
            with suppress(OSError):
                listening.close()
        self._sockets = {}
        if self.state_directory is not None:
            self.state_directory.unlock()

    # addresses and state --------------------------------------------------------------------------------------------

    def base_url(self, slug: str) -> str:
        return f"http://{LOOPBACK}:{self._ports[slug]}"

    @property
    def base_urls(self) -> dict[str, str]:
        return {slug: self.base_url(slug) for slug in self.installations}

    @property
    def admin_url(self) -> str:
        return self.base_url(ADMIN)

    @property
    def openai_url(self) -> str:
        """What OPENAI_BASE_URL has to be for this sandbox's language model."""
        return f"{self.base_url(LANGUAGE_MODEL)}/v1"

    def installation(self, slug: str) -> Installation:
        return self.installations[slug]

    def installations_of(self, slug: str | None) -> Iterator[Installation]:
        """One tenant's installation, or everyone's."""
        if slug is not None and slug not in self.installations:
            raise KeyError(f"There is no tenant {slug}; there are {', '.join(self.installations)}.")
        return (found for name, found in self.installations.items() if slug in (None, name))

    def state(self) -> dict[str, Any]:
        return {
            "pid": os.getpid(),
            "admin_url": self.admin_url,
            "world": self.world.recipe(),
            "openai": {"url": self.openai_url, **self.language_model.state()},
            "tenants": {slug: self._tenant_state(slug) for slug in self.installations},
        }

    def _tenant_state(self, slug: str) -> dict[str, Any]:
        installation = self.installations[slug]
        account, traffic = installation.account, installation.traffic
        return {
            "base_url": self.base_url(slug),
            "account_id": account.id,
            "now": iso(account.now),
            "version": ".".join(map(str, account.version)),
            "enterprise": account.enterprise,
            "conversations": len(account.conversations),
            "messages": len(account.messages),
            "requests": dict(traffic.requests),
            "requests_total": traffic.total,
            "statuses": {str(status): count for status, count in traffic.statuses.items()},
            "most_in_flight": traffic.most_in_flight,
            "faults": [
                {"kind": f.kind, "count": f.count, "probability": f.probability, "fired": f.fired}
                for f in installation.misbehaviour.faults
            ],
        }

    # changing the world ---------------------------------------------------------------------------------------------

    def change(self, slug: str, action: Callable[[Account], R]) -> R:
        """Does something to an account between two requests, never during one, and lets the server notice."""
        installation = self.installations[slug]

        async def act() -> R:
            done = action(installation.account)
            installation.index.refresh()
            return done

        return self._on_loop(act())

    def advance(self, hours: float = 6, unannounced: bool = True) -> None:
        self._on_loop(self.advance_here(hours, unannounced))

    async def advance_here(self, hours: float, unannounced: bool) -> None:
        """On the server's own loop: no request sees half of it. The bots' databases follow."""
        async with self._advancing:
            self.world.advance(hours=hours, unannounced=unannounced)
            for installation in self.installations.values():
                installation.index.refresh()
            self.language_model.forget_world()
            if self.state_directory is not None:
                self.state_directory.save_recipe(self.world.recipe())
            if self.bot_dsn is not None:
                await asyncio.to_thread(bots.bring_up_to_date, self.world, self.bot_dsn)

    def misbehave(self, slug: str | None, kind: str, **options: Any) -> None:
        """See misbehaviour.Fault for the kinds and their options; without a slug, everywhere."""

        async def act() -> None:
            for installation in self.installations_of(slug):
                self.add_fault(installation, kind=kind, **options)

        self._on_loop(act())

    def behave(self, slug: str | None = None) -> None:
        async def act() -> None:
            for installation in self.installations_of(slug):
                installation.behave()

        self._on_loop(act())

    @staticmethod
    def add_fault(installation: Installation, *, kind: str, seed: int | None = None, **options: Any) -> Fault:
        fault = Fault(kind, **options)  # type: ignore[arg-type]
        if seed is not None:
            installation.misbehaviour.rng.seed(seed)
        return installation.misbehaviour.add(fault)

    def _on_loop(self, work: Any) -> Any:
        if self._uvicorn is None or self._uvicorn.loop is None or self._thread is None:
            return asyncio.run(work)
        return asyncio.run_coroutine_threadsafe(work, self._uvicorn.loop).result()


class _Uvicorn(uvicorn.Server):
    """One server over several sockets; the port decides which application answers."""

    def __init__(self, apps: dict[int, ASGIApp]) -> None:
        async def dispatch(scope: Scope, receive: Receive, send: Send) -> None:
            await apps[scope["server"][1]](scope, receive, send)

        # The Date header is each installation's own clock, and so not uvicorn's business.
        super().__init__(
            uvicorn.Config(
                dispatch,
                http=Protocol,
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="critical",
                access_log=False,
                server_header=False,
                date_header=False,
                timeout_keep_alive=75,
                timeout_graceful_shutdown=1,
            )
        )
        self.loop: asyncio.AbstractEventLoop | None = None
        self.ready = threading.Event()
        self.on_ready: list[Callable[[], None]] = []

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # uvicorn would raise the signal again once it has stopped, and the state directory would not be released
        self.should_exit = True

    async def main_loop(self) -> None:
        # uvicorn's own loop looks ten times a second; tests start and stop hundreds of servers
        while not self.should_exit:
            await asyncio.sleep(0.02)

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.loop = asyncio.get_running_loop()
        for action in self.on_ready:
            action()
        self.ready.set()
