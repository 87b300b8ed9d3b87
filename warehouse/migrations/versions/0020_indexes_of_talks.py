"""Indexes by conversation of what a tick looks up by it."""

from warehouse.migrate import run_sql

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    run_sql(__file__)
