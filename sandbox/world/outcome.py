"""The true probabilities behind a lead's outcome: smooth, and of things one can observe.

A model that sees how long the first reply took, what was asked, the channel, the hour and the maturity score can learn
them; `interest` is the part nobody sees.
"""

from __future__ import annotations

import math

CHANNEL_EFFECT = {
    "indicacao": 0.7,
    "google": 0.35,
    "site": 0.2,
    "whatsapp": 0.1,
    "instagram": -0.1,
    "facebook": -0.3,
    "tiktok": -0.6,
    "unknown": -0.2,
}


def logistic(x: float) -> float:
    return 1.0 / (1.0 + math.exp(-x))


def hour_effect(local_hour: float) -> float:
    """Best at mid-morning, worst in the small hours."""
    return 0.35 * math.cos((local_hour - 11.0) / 24.0 * 2 * math.pi)


def p_engage(topic_book: float, first_reply_seconds: float, channel: str) -> float:
    """That the customer writes again after the first reply."""
    slow = math.log1p(first_reply_seconds / 600.0)
    return logistic(1.7 + 0.25 * max(topic_book, -1.0) + 0.5 * CHANNEL_EFFECT.get(channel, 0.0) - 0.45 * slow)


def p_book(
    base: float, topic_book: float, first_reply_seconds: float, channel: str, local_hour: float, maturity_score: float
) -> float:
    """That an engaged prospect books."""
    slow = math.log1p(first_reply_seconds / 300.0)
    return logistic(
        base
        + topic_book
        + CHANNEL_EFFECT.get(channel, 0.0)
        - 0.38 * slow
        + hour_effect(local_hour)
        + 0.03 * (maturity_score - 50.0)
    )


def p_attend(base: float, days_ahead: float, channel: str, maturity_score: float) -> float:
    """That who booked comes."""
    return logistic(base - 0.09 * days_ahead + 0.4 * CHANNEL_EFFECT.get(channel, 0.0) + 0.012 * (maturity_score - 50.0))


def maturity(topic_book: float, interest: float, noise: float) -> int:
    """The bot's score of a lead, 0-100, given at its first message."""
    return max(0, min(100, round(48 + 14 * max(topic_book, -2.0) + 13 * interest + 6 * noise)))
