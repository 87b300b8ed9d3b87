"""How every model of demand did, and what was not as forecast."""

from warehouse.migrate import run_sql

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    run_sql(__file__)
