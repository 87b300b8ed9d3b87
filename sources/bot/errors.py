"""What can go wrong with a bot's database, as sentences for the operator."""

from __future__ import annotations

import psycopg
from psycopg import errors

from funil.errors import FunilError
from warehouse.quoted import without_values


class BotError(FunilError):
    """The bot's database cannot be read as it is; the sentence names the tenant and what to mend.

    `transient` says that the same sync may well succeed a minute later: a network or a server that was away.
    """

    def __init__(self, sentence: str, *, transient: bool = False) -> None:
        super().__init__(sentence)
        self.transient = transient


def connection_error(tenant_id: str, place: str, error: psycopg.Error) -> BotError:
    """Why no connection could be made. libpq's text is not repeated: for a broken URL it quotes the password."""
    text = str(error).lower()
    where = f"Tenant '{tenant_id}': the bot's database at {place}"
    if "password authentication failed" in text or "no password supplied" in text:
        return BotError(f"{where} refuses the user or the password; correct bot.database_url.")
    if isinstance(error, errors.InvalidCatalogName) or ("database" in text and "does not exist" in text):
        return BotError(f"{where} does not exist on that server; correct bot.database_url.")
    if "role" in text and "does not exist" in text:
        return BotError(f"{where} has no such user; correct bot.database_url.")
    if "pg_hba.conf" in text or "ssl" in text:
        return BotError(
            f"{where} does not accept this connection (its pg_hba.conf or its SSL demands); "
            "let this machine in, or add sslmode to bot.database_url."
        )
    if "translate host name" in text or "name or service not known" in text:
        return BotError(f"{where} cannot be found: its host name does not resolve; correct bot.database_url.")
    if "too many" in text or "remaining connection slots" in text:
        return BotError(f"{where} has no free connection slot; try again later.", transient=True)
    reason = "did not answer in time" if "timeout" in text else "cannot be reached"
    return BotError(f"{where} {reason}; check that it runs and that bot.database_url is right.", transient=True)


def reading_error(tenant_id: str, table: str, error: psycopg.Error) -> BotError:
    """Why reading a table stopped half-way. The server's message names no secret: it speaks of our own query, and what it
    quotes of a row, such as of one that a view cannot cast, is left out."""
    where = f"Tenant '{tenant_id}': reading the bot's {table}"
    if isinstance(error, errors.InsufficientPrivilege):
        return BotError(f"{where} is not allowed; grant select on it to the user in bot.database_url.")
    if isinstance(error, errors.LockNotAvailable):
        return BotError(f"{where} waited too long for a lock; try again when its migration is over.", transient=True)
    if isinstance(error, psycopg.OperationalError) and error.sqlstate in (None, "57P01", "57P02", "57P03"):
        return BotError(f"{where} stopped: the connection was lost. What had arrived is kept.", transient=True)
    message = without_values(error.diag.message_primary or type(error).__name__).rstrip(".")
    transient = (error.sqlstate or "")[:2] in ("40", "53", "57", "58")
    return BotError(f"{where} failed in the bot's database: {message}.", transient=transient)
