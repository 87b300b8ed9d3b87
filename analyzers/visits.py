"""Did the two sides agree on a visit, and when? A small state machine over the messages in order."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from analyzers.dates import Moment, find_moments


@dataclass(slots=True)
class Remark:
    """A message reduced to what matters here: the `visit:` rules that stand in it, stated or asked."""

    by_customer: bool
    folded: str
    sent_at: datetime
    stated: Collection[str]
    asked: Collection[str]
    has_time: bool
    is_question: bool


@dataclass(slots=True)
class VisitTracker:
    """Feed it every remark; `agreed` and `moment` say how things stand after the last one."""

    zone: ZoneInfo
    agreed: bool = False
    moment: Moment | None = None
    _topic: bool = False
    _offers: list[Moment] = field(default_factory=list)
    _offered_by_customer: bool = False
    _open_question: bool = False  # the house has asked something about a visit that a "yes" answers

    def hear(self, remark: Remark) -> None:
        """Takes one more remark into account."""
        everything = {*remark.stated, *remark.asked}
        if "topic" in everything:
            self._topic = True
        moments = self._moments(remark, everything)
        if "cancelled" in remark.stated or ("cancelled" in remark.asked and remark.by_customer):
            self._call_off(remark, moments)
        elif remark.by_customer:
            self._hear_customer(remark, moments)
        else:
            self._hear_house(remark, moments, everything)

    def instant(self) -> datetime | None:
        """When the agreed visit is, as far as the day was said."""
        return self.moment.instant(self.zone) if self.agreed and self.moment is not None else None

    def _moments(self, remark: Remark, everything: Collection[str]) -> list[Moment]:
        about_else = "elsewhere" in everything and "topic" not in everything
        if not remark.has_time or about_else:
            return []
        return find_moments(remark.folded, self._local_day(remark))

    def _local_day(self, remark: Remark) -> date:
        return remark.sent_at.astimezone(self.zone).date()

    def _call_off(self, remark: Remark, moments: list[Moment]) -> None:
        self.agreed, self.moment = False, None
        # "não vou conseguir ir, pode ser sexta às 10h?" offers another day
        self._offers = moments if remark.by_customer and remark.is_question else []
        self._offered_by_customer = True
        self._open_question = False

    def _hear_customer(self, remark: Remark, moments: list[Moment]) -> None:
        refuses = "refuses" in remark.stated
        if "coming" in remark.stated and not refuses and (self._topic or moments):
            self._agree(moments)
        elif refuses:
            self._offers, self._open_question = moments, False
            self._offered_by_customer = True
        elif (
            self._answers_offer(moments)
            and ("accepts" in {*remark.stated, *remark.asked} or moments)
            and not remark.is_question
        ):
            self._agree(moments)
        elif moments and self._topic:
            self._offers = [moment.completed_by(self._offers[-1]) if self._offers else moment for moment in moments]
            self._offered_by_customer = True

    def _answers_offer(self, moments: list[Moment]) -> bool:
        """The house has offered something, and what the customer says does not contradict it."""
        if self._offered_by_customer or not (self._offers or self._open_question):
            return False
        return not moments or not self._offers or any(moments[0].agrees_with(offer) for offer in self._offers)

    def _hear_house(self, remark: Remark, moments: list[Moment], everything: Collection[str]) -> None:
        refuses = "refuses" in remark.stated and not moments
        if "settled" in remark.stated and (self._topic or moments) and not refuses:
            if moments or self._offers or "topic" in everything or self._has_settled_words(remark):
                self._agree(moments)
        elif refuses:
            self._offers, self._open_question = [], False
        elif "asks_when" in everything:
            self._offers, self._offered_by_customer, self._open_question = [], False, False
        elif moments and (self._topic or "topic" in everything):
            accepts = (
                "accepts" in remark.stated and not remark.is_question and self._offered_by_customer and self._offers
            )
            if accepts:
                self._agree(moments)
            else:
                self._offers, self._offered_by_customer, self._open_question = moments, False, True
        elif self._offered_by_customer and self._offers and "accepts" in remark.stated and not remark.is_question:
            self._agree([])
        elif remark.is_question and "topic" in remark.asked and self._offers:
            # "posso agendar então?" after a day was named
            self._offered_by_customer, self._open_question = False, True

    @staticmethod
    def _has_settled_words(remark: Remark) -> bool:
        return any(word in remark.folded for word in ("agendad", "marcad", "reservad", "te esper", "visita"))

    def _agree(self, moments: list[Moment]) -> None:
        chosen = moments[-1] if moments else (self._offers[0] if self._offers else None)
        if chosen is not None:
            for known in [*self._offers, *([self.moment] if self.moment is not None else [])]:
                if chosen.agrees_with(known):
                    chosen = chosen.completed_by(known)
            self.moment = chosen
        self.agreed = True
        self._offers, self._open_question = [], False
