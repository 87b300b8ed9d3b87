"""A table for the coming week: who works when."""

from warehouse.migrate import run_sql

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    run_sql(__file__)
