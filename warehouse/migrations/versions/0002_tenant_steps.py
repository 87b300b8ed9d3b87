"""What each step of a run did to each tenant, and with which code the shared views were built."""

from warehouse.migrate import run_sql

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    run_sql(__file__)
