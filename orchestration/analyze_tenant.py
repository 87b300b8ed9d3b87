"""Has one tenant's analyzer read what changed, within its budget, and says how far it is and what it cost."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from analyzers import AnalyzerSettingsError, Transcript, TranscriptMessage, build_analyzer
from analyzers.estimate import Estimate
from analyzers.factory import FirstStage, build_estimator
from analyzers.prices import load_prices
from funil.errors import FunilError
from funil.tenants import Tenant
from orchestration.keys import Step
from orchestration.progress import Progress, tell
from warehouse.analysis import AnalysisSummary, StoredConversation, conversations_to_read, update_analysis
from warehouse.spending import open_spending

_LOG_EVERY_SECONDS = 10.0
_ENDS_SOON = timedelta(days=60)


def analyze_tenant(
    dsn: str, tenant: Tenant, log: Callable[[str], None], *, everything: bool = False
) -> tuple[AnalysisSummary, list[str]]:
    """What was done, and what the operator should know. Raises FunilError for settings that cannot work.

    `everything` also reads again what the rules read in another engine's place, whatever the reason was.
    """
    try:
        with open_spending(dsn, tenant) if tenant.analyzer.engine != "regex" else nullcontext() as spending:
            analyzer = build_analyzer(tenant.analyzer, first=_first_stage(dsn, tenant), spending=spending)
            summary = update_analysis(
                dsn,
                tenant,
                analyzer,
                transcripts_of(tenant),
                everything=everything,
                progress=_progress_of(tenant.slug, log),
            )
            notes = []
            if spending is not None and summary.fallbacks["budget"] and spending.notice():
                notes.append(
                    f"The budget of the month is spent ({tenant.analyzer.monthly_budget_usd} USD): regex reads on until the "
                    "next month, or until analyzer.monthly_budget_usd is raised."
                )
    except AnalyzerSettingsError as error:
        raise FunilError(f"Tenant '{tenant.slug}': {error}") from None
    if away := summary.fallbacks["unavailable"]:
        notes.append(
            f"{away:,} conversations were read by regex, because OpenAI did not answer; the next run asks again."
        )
    notes += _end_of_model(analyzer.model)
    return summary, notes


def estimate_tenant(dsn: str, tenant: Tenant, *, everything: bool = False) -> tuple[Estimate, Decimal | None]:
    """What `analyze_tenant` would cost now, and what the month's budget has left (None without one); nothing is asked."""
    try:
        reader, estimate = build_estimator(tenant.analyzer, first=_first_stage(dsn, tenant))
    except AnalyzerSettingsError as error:
        raise FunilError(f"Tenant '{tenant.slug}': {error}") from None
    stale = conversations_to_read(dsn, tenant, reader, transcripts_of(tenant), everything=everything)
    read = sum(len(group) for group in reader.read(stale))
    estimate.conversations = max(estimate.conversations, read)
    with open_spending(dsn, tenant) as spending:
        return estimate, spending.left()


def _first_stage(dsn: str, tenant: Tenant) -> FirstStage | None:
    """What a cascade asks before OpenAI; None for the rules, and for engines that ask nobody first."""
    if tenant.analyzer.engine != "cascade":
        return None
    from orchestration.reading_truth import first_stage  # loads scikit-learn

    return first_stage(dsn, tenant.vertical)


def transcripts_of(tenant: Tenant) -> Callable[[StoredConversation], Transcript]:
    """How the tenant's stored conversations become transcripts."""

    def transcript_of(conversation: StoredConversation) -> Transcript:
        messages = tuple(TranscriptMessage(*message) for message in conversation.messages)
        return Transcript(tenant.slug, conversation.conversation_id, tenant.vertical, tenant.timezone, messages)

    return transcript_of


def _progress_of(tenant_id: str, log: Callable[[str], None]) -> Callable[[int, int], None]:
    """To whoever draws it at once, to the run's log now and then."""
    last = time.monotonic()

    def progress(done: int, total: int) -> None:
        nonlocal last
        tell(Progress(Step.ANALYZE, tenant_id, "working", done=done, total=total))
        if time.monotonic() - last >= _LOG_EVERY_SECONDS:
            last = time.monotonic()
            log(f"{tenant_id}: {done:,} of {total:,} conversations")

    return progress


def _end_of_model(model: str | None) -> list[str]:
    ends_on = load_prices().ends_on(model) if model else None
    if ends_on is None or ends_on - datetime.now(UTC).date() > _ENDS_SOON:
        return []
    return [f"OpenAI has announced that {model} ends on {ends_on}: name another one in analyzer.model."]
