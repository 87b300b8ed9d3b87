"""What a model would answer of a conversation whose truth is known: right, except as often as it is asked to err."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.language_model.oracle import Truth

_INTENTS = {
    "experimental": "schedule_visit",
    "agendar": "schedule_visit",
    "urgencia": "schedule_visit",
    "remarcar": "reschedule",
    "preco": "pricing",
    "horarios": "opening_hours",
    "aluno_horario": "opening_hours",
    "local": "location",
    "saude": "services",
    "procedimento": "services",
    "convenio": "services",
    "duvida": "services",
    "financeiro": "payment",
    "reclamacao": "complaint",
    "jobseeker": "job_application",
    "supplier": "supplier",
}


def reading_of(truth: Truth | None, document: Mapping[str, Any], *, error_rate: float, seed: int) -> dict[str, Any]:
    """The answer's JSON. Whether it errs about a lead, and whether about a visit, depends on seed and conversation alone, so
    that the same question is answered the same way."""
    if truth is None:
        return _reading(is_lead=False, visit=False, visit_at=None, intent="other", sentiment="neutral")
    is_lead = truth.is_lead ^ _errs(truth, "lead", error_rate, seed)
    visit = truth.visit_agreed ^ _errs(truth, "visit", error_rate, seed)
    zone = ZoneInfo(str(document.get("timezone") or "UTC"))
    visit_at = None
    if visit and truth.visit_at is not None:
        visit_at = truth.visit_at.astimezone(zone).isoformat()
    return _reading(
        is_lead=is_lead,
        visit=visit,
        visit_at=visit_at,
        intent=_INTENTS.get(truth.topic, "other"),
        sentiment=truth.mood,
    )


def _reading(*, is_lead: bool, visit: bool, visit_at: str | None, intent: str, sentiment: str) -> dict[str, Any]:
    return {
        "is_lead": is_lead,
        "lead_probability": 4.0 if is_lead else 0.5,
        "visit_scheduled": visit,
        "visit_at": visit_at,
        "intent": intent,
        "sentiment": sentiment,
        "contact_name": None,
        "goal": None,
        "condition": None,
        "handoff_reason": None,
        "reasoning": "Quer comprar algo que ainda não tem." if is_lead else "Não quer comprar nada.",
        "suggested_reply": None,
    }


def _errs(truth: Truth, about: str, error_rate: float, seed: int) -> bool:
    digest = hashlib.blake2b(f"{seed}:{about}:{truth.tenant}:{truth.conversation_id}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64 < error_rate
