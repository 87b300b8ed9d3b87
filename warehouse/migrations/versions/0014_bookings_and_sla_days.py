"""Marts of another shape than before are made anew."""

from warehouse.migrate import run_sql

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    run_sql(__file__)
