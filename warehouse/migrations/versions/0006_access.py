"""Who may read which rows, and the log of who changed that."""

from warehouse.migrate import run_sql

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    run_sql(__file__)
