"""What the parts of the ground truth need to know of a tenant: whose is what, under which key."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sandbox.world.bot_records import BotConversation, BotData, BotId
from sandbox.world.identity import People
from sandbox.world.simulation import Simulation


class Knowledge:
    def __init__(self, sim: Simulation) -> None:
        self.sim, self.account = sim, sim.account
        self.bot: BotData | None = sim.bot.data if sim.bot else None
        self.people = People(sim)
        self.bot_talk_of: dict[int, BotConversation] = {
            talk.chatwoot_conversation_id: talk for talk in self.rows("conversations") if talk.chatwoot_conversation_id
        }

    def key(self, conversation_id: int) -> str:
        """The marts' key of a Chatwoot conversation, from its database id."""
        return f"chatwoot-{self.account.conversations[conversation_id].display_id}"

    def bot_key(self, bot_conversation_id: BotId) -> str:
        """The marts' key of a bot's talk: Chatwoot's while it exists there."""
        assert self.bot is not None
        display_id = self.bot.conversations[bot_conversation_id].chatwoot_conversation_id
        return f"chatwoot-{display_id}" if display_id in self.account.by_display_id else f"bot-{bot_conversation_id}"

    def rows(self, table: str) -> Iterable[Any]:
        """A table of the bot; nothing where there is no bot."""
        return self.bot.rows[table].values() if self.bot else ()

    def channel(self, lead_id: BotId) -> str:
        assert self.bot is not None
        lead = self.bot.leads[lead_id]
        return self.sim.marketing.channel_of(lead.source_channel, lead.campaign_id)


def text(value: object) -> str | None:
    """A bot's id as text."""
    return None if value is None else str(value)
