"""Lead scores, the models behind them, and what was known at past moments."""

from warehouse.migrate import run_sql

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    run_sql(__file__)
