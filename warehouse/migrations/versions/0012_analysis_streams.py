"""Results that arrive one by one, budgets, and conversations to look at again."""

from warehouse.migrate import run_sql

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    run_sql(__file__)
