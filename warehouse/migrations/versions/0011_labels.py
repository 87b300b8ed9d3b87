"""What people say that conversations really were, and the small models learned from it."""

from warehouse.migrate import run_sql

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    run_sql(__file__)
