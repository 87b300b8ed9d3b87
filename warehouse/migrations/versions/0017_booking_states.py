"""How bookings stood, and since when that was known."""

from warehouse.migrate import run_sql

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    run_sql(__file__)
