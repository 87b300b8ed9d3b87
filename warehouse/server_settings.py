"""What an embedded server is told: postgresql.conf and pg_hba.conf, written again at every start."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from warehouse.address import LOOPBACK

# The socket lies in a directory only its user may enter, so whoever reaches it may come in; TCP asks for a password.
ACCESS_RULES = f"""\
local all all trust
host all all {LOOPBACK}/32 scram-sha-256
"""

# For a small machine that also runs Dagster and dbt, and durable.
SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_permissions": "0700",
    "password_encryption": "scram-sha-256",
    "max_connections": "200",
    "shared_buffers": "256MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "min_wal_size": "128MB",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    # a log segment that is no longer needed goes, with the rows in it, instead of waiting to be written over
    "wal_recycle": "off",
    "random_page_cost": "1.1",
    "max_locks_per_transaction": "128",
    "fsync": "on",
    "synchronous_commit": "on",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "datestyle": "iso, ymd",
    "lc_messages": "C",
    # a file per weekday, written over a week later
    "logging_collector": "on",
    "log_filename": "postgresql-%a.log",
    "log_truncate_on_rotation": "on",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    "log_line_prefix": "%m [%p] %d  ",
    "log_checkpoints": "off",
    # customers' words, which statements and contexts hold, stay out of the log
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}
SHARED_MEMORY_OF_PARALLEL_QUERIES = 256 * 1024**2


def render_settings(*, socket_dir: Path, port: int, log_dir: Path, changes: Mapping[str, str]) -> str:
    """The text of postgresql.conf."""
    listed = str(socket_dir).replace('"', '""')
    settings = SETTINGS | {"port": str(port), "unix_socket_directories": f'"{listed}"', "log_directory": str(log_dir)}
    if not _has_room_in_shared_memory():  # containers give /dev/shm 64 MB
        settings["dynamic_shared_memory_type"] = "mmap"
    lines = ["# Written by Funil at every start. Keep changes of your own with ALTER SYSTEM."]
    lines += [f"{name} = {_quote(value)}" for name, value in (settings | dict(changes)).items()]
    return "\n".join(lines) + "\n"


def _quote(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def _has_room_in_shared_memory() -> bool:
    try:
        return shutil.disk_usage("/dev/shm").free >= SHARED_MEMORY_OF_PARALLEL_QUERIES
    except OSError:
        return True
