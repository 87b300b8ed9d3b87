"""A policy for logins of one tenant, and one for those of several."""

from warehouse.migrate import run_sql

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    run_sql(__file__)
