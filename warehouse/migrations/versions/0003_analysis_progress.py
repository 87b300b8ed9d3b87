"""Up to which sync each tenant's conversations have been analysed, and with what."""

from warehouse.migrate import run_sql

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    run_sql(__file__)
