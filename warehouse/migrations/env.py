"""What alembic runs. `warehouse.migrate` calls it and hands over the connection; there is no alembic.ini."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from warehouse.migrate import VERSION_SCHEMA, VERSION_TABLE

connection: Connection = context.config.attributes["connection"]
context.configure(connection=connection, version_table=VERSION_TABLE, version_table_schema=VERSION_SCHEMA)
with context.begin_transaction():
    context.run_migrations()
