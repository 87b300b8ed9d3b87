"""Shifts past midnight say where they began; service-level policies are kept as history."""

from warehouse.migrate import run_sql

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    run_sql(__file__)
