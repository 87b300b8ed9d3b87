"""Asking who may read what in no time, and readers who only read."""

from warehouse.migrate import run_sql

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    run_sql(__file__)
