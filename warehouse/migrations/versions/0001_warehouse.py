"""The warehouse's schemas and tables."""

from warehouse.migrate import run_sql

revision = "0001"
down_revision = None


def upgrade() -> None:
    run_sql(__file__)
