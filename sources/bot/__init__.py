"""The bot's PostgreSQL, pulled into `raw_bot`.

`sync_bot` is one sync of one tenant; `check_bot` only looks: can the database be reached, and does it hold what the
models need? What the tables must look like is `tables.py`.
"""

from sources.bot.errors import BotError
from sources.bot.sync import BotSyncSummary, check_bot, sync_bot

__all__ = ["BotError", "BotSyncSummary", "check_bot", "sync_bot"]
