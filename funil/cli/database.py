"""`funil db url` and `funil db stop`."""

from __future__ import annotations

from funil.cli.console import err, out
from funil.cli.workspace import open_workspace
from funil.settings import load_settings


def print_url() -> None:
    """Prints one line, the address with its password: meant for psql "$(funil db url)"."""
    out.print(open_workspace().warehouse.bi_dsn, soft_wrap=True, markup=False)


def stop() -> None:
    from warehouse.embedded import EmbeddedPostgres

    settings = load_settings()
    if settings.database_url is not None:
        err.print("FUNIL_DATABASE_URL names a server that is not Funil's to stop.")
        return
    EmbeddedPostgres(settings.home).stop()
