"""Campaigns, what they cost each day, and whom they bring."""

from __future__ import annotations

import random
from collections.abc import Generator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from sandbox.world.bot_records import BotId, CampaignCost, MarketingCampaign
from sandbox.world.bot_side import BotSide
from sandbox.world.profile import Campaign, Profile

DAY = timedelta(days=1)


class Marketing:
    """A tenant's campaigns over its history and after."""

    def __init__(self, profile: Profile, key: str, start: datetime, end: datetime, bot: BotSide | None) -> None:
        self.profile, self._key, self._bot = profile, key, bot
        self._zone = ZoneInfo(profile.timezone)
        first = start.astimezone(self._zone).date()
        days = (end - start) / DAY
        self._spans: list[tuple[Campaign, date, date, BotId]] = []
        for number, campaign in enumerate(profile.campaigns, 1):
            begins = first + timedelta(days=int(campaign.begins * days))
            ends = first + timedelta(days=int(campaign.ends * days))
            row_id = bot.data.next_id("marketing_campaigns") if bot else number
            self._spans.append((campaign, begins, ends, row_id))

    def lift(self, day: date) -> float:
        """How many more people write on a day because of the campaigns."""
        return 1.0 + sum(campaign.lift for campaign, begins, ends, _ in self._spans if begins <= day < ends)

    def origin(self, rng: random.Random, at: datetime) -> tuple[str | None, BotId | None]:
        """Where a new prospect comes from: channel and campaign. Some campaigns' leads carry only the campaign."""
        day = at.astimezone(self._zone).date()
        running = [(c, row_id) for c, begins, ends, row_id in self._spans if begins <= day < ends]
        choices: list[tuple[str | None, BotId | None]] = [(channel, None) for channel in self.profile.organic]
        weights = list(self.profile.organic.values())
        choices += [(campaign.channel, row_id) for campaign, row_id in running]
        weights += [campaign.weight for campaign, _ in running]
        channel, campaign_id = rng.choices(choices, weights)[0]
        if campaign_id is not None and rng.random() < 0.2:
            channel = None
        return channel, campaign_id

    def channel_of(self, channel: str | None, campaign_id: BotId | None) -> str:
        """The channel as reported: the lead's own, else its campaign's, else none."""
        if channel is not None:
            return channel
        return next((c.channel for c, _, _, row_id in self._spans if row_id == campaign_id), "(none)")

    def process(self, start: datetime) -> Generator[datetime, None, None]:
        """Each morning: campaigns that begin or end, yesterday's costs, now and then a cost corrected afterwards."""
        assert self._bot is not None
        bot, day = self._bot, start.astimezone(self._zone).date()
        rng = random.Random(f"{self._key}/marketing")
        while True:
            at = datetime.combine(day, time(6), self._zone) + timedelta(seconds=rng.uniform(0, 1800))
            yield at
            for campaign, begins, ends, row_id in self._spans:
                if day == begins:
                    row = MarketingCampaign(row_id, campaign.name, campaign.channel, begins, None, at)
                    bot.data.put("marketing_campaigns", row)
                elif day == ends:
                    row = bot.data.rows["marketing_campaigns"][row_id]
                    row.ended_on, row.updated_at = day - DAY, at
                    bot.data.put("marketing_campaigns", row)
                if begins <= day - DAY < ends:
                    bot.data.put("campaign_costs", self._cost(rng, campaign, row_id, day - DAY))
                if begins <= day - 3 * DAY < ends and rng.random() < 0.04:
                    corrected = bot.data.rows["campaign_costs"][row_id, day - 3 * DAY]
                    corrected.cost = (corrected.cost * Decimal(str(round(rng.uniform(0.9, 1.12), 3)))).quantize(
                        Decimal("0.01")
                    )
                    bot.data.put("campaign_costs", corrected)
            day += DAY

    @staticmethod
    def _cost(rng: random.Random, campaign: Campaign, row_id: BotId, day: date) -> CampaignCost:
        cost = campaign.daily_cost * rng.lognormvariate(0.0, 0.22) * (0.7 if day.weekday() >= 5 else 1.0)
        impressions = int(cost * rng.uniform(28, 55))
        return CampaignCost(
            campaign_id=row_id,
            cost_date=day,
            cost=Decimal(str(round(cost, 2))),
            currency=campaign.currency,
            impressions=impressions,
            clicks=int(impressions * rng.uniform(0.008, 0.03)),
        )
