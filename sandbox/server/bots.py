"""Fills the bots' databases from the world, at start and after each advance."""

from __future__ import annotations

from typing import Any


def load_all(world: Any, dsn_template: str) -> None:
    from sandbox.bot_database import load_bot_database

    for slug, tenant in world.tenants.items():
        if tenant.bot is not None:
            load_bot_database(dsn_template.format(slug=slug), tenant.bot)
