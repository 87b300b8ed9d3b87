"""What a conversation really was, as a person says: the truth that readings are judged by."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from analyzers.result import Intent, Sentiment


class Label(BaseModel):
    """The fields of a `Reading` that can be right or wrong; None and False where there is nothing to say.

    `visit_at` is an instant, or a date of the tenant's where nobody said an hour.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    is_lead: bool
    visit_scheduled: bool = False
    visit_at: Annotated[AwareDatetime | date | None, Field(union_mode="left_to_right")] = None
    intent: Intent
    sentiment: Sentiment = "neutral"
    contact_name: str | None = None
    goal: str | None = None
    condition: str | None = None
    handoff_reason: str | None = None
