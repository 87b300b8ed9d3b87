"""What an analyzer says about a conversation."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Sentiment = Literal["positive", "neutral", "negative"]
Intent = Literal[
    "schedule_visit",
    "reschedule",
    "pricing",
    "enrolment",
    "opening_hours",
    "location",
    "services",
    "payment",
    "cancellation",
    "complaint",
    "human_agent",
    "job_application",
    "supplier",
    "wrong_number",
    "greeting",
    "other",
]


class Reading(BaseModel):
    """The part of a result that comes from reading: the shape every engine fills."""

    model_config = ConfigDict(extra="forbid")

    is_lead: Annotated[bool, Field(description="The customer may buy something they do not have yet.")]
    lead_probability: Annotated[float, Field(ge=0, le=5, description="0 surely not, 5 surely.")]
    visit_scheduled: Annotated[bool, Field(description="Both sides agreed on a visit and nobody cancelled it.")]
    visit_at: Annotated[AwareDatetime | None, Field(description="When the agreed visit is.")]
    intent: Annotated[Intent, Field(description="What the customer mainly wants.")]
    sentiment: Sentiment
    contact_name: Annotated[str | None, Field(description="The name the customer gave.")]
    goal: Annotated[str | None, Field(description="What the customer wants to reach, in a few words of Portuguese.")]
    condition: Annotated[str | None, Field(description="A health condition the customer mentioned, in Portuguese.")]
    handoff_reason: Annotated[
        str | None, Field(description="Why a human had to take over from the bot, if one had to.")
    ]
    reasoning: Annotated[str, Field(description="One short sentence in Portuguese.")]
    suggested_reply: Annotated[str | None, Field(description="A reply in Portuguese that would help now.")]


FallbackReason = Literal["refusal", "truncated", "invalid", "unavailable", "budget"]
"""Why the rules answered what another engine was asked: its model refused, was cut off or answered nonsense, twice; its server
stayed away; the month's budget is spent."""


class AnalysisResult(Reading):
    """A reading, of which conversation it is, who gave it, and what it took.

    `engine`, `model` and `prompt_version` are those of whoever answered; `asked_of` is the version (`Analyzer.version`) of
    whoever was asked, which is another where a cascade had the answer from its first stage, or where the rules stood in
    (`fallback_reason` says why). `confidence`, 0 to 1, rises with how often `is_lead` is right (from which value on it can be
    relied upon is calibrated, see `calibrate_threshold`); None where the engine cannot tell. Tokens and cost are those of all `requests` it took, whatever they gave.
    """

    conversation_id: str
    content_hash: str
    engine: str
    model: str | None
    prompt_version: str
    asked_of: str
    fallback_reason: FallbackReason | None = None
    confidence: Annotated[float | None, Field(ge=0, le=1)] = None
    messages: int = 0
    requests: int = 0
    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    cost_usd: float = 0.0
    latency_ms: float | None = None
    analyzed_at: datetime | None = None
