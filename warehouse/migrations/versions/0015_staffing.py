"""A table for the coming week: who works when."""

from warehouse.migrate import run_sql

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    run_sql(__file__)
