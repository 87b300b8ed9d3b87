"""Did the two sides agree on a visit in this conversation, and when? A small state machine over its messages in order.

One side names a day (an offer), the other accepts it; or the house says that it is settled. An appointment that was
made elsewhere and is only moved or confirmed here is not agreed here. Calling it off undoes it, unless its time has
passed.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from analyzers.dates import Moment, find_moments


@dataclass(slots=True)
class Remark:
    """A message reduced to what matters here: which `visit` rules stand in it, as statements and as questions."""

    by_customer: bool
    folded: str
    sent_at: datetime
    stated: Collection[str]
    asked: Collection[str]
    has_time: bool
    is_question: bool


@dataclass(slots=True)
class VisitTracker:
    """Feed it every remark; `agreed` and `instant()` say how things stand after the last one."""

    zone: ZoneInfo
    agreed: bool = False
    _was_agreed: bool = False
    _moment: Moment | None = None
    _topic: bool = False
    _offers: list[Moment] = field(default_factory=list)
    _offered_by_customer: bool = False
    _fresh: bool = False
    """Nothing else has been said since the offer."""
    _made_before: bool = False
    """The talk is about an appointment that existed already."""
    _house_spoke: bool = False
    talked_of: bool = False
    """A day was named for coming, or a visit was said to be settled: there is something to be wrong about."""

    def hear(self, remark: Remark) -> None:
        """Takes one more remark into account."""
        everything = {*remark.stated, *remark.asked}
        self._topic = self._topic or "topic" in everything
        moments = self._moments(remark, everything)
        known = "has_one" if remark.by_customer else "reminds"
        self._made_before = self._made_before or (known in everything and not self.agreed)
        self._hear(remark, moments, everything)
        self._house_spoke = self._house_spoke or not remark.by_customer

    def _hear(self, remark: Remark, moments: list[Moment], everything: Collection[str]) -> None:
        if "cancelled" in remark.stated or ("cancelled" in remark.asked and remark.by_customer):
            self._call_off(remark, moments)
        elif remark.by_customer:
            self._hear_customer(remark, moments)
        else:
            self._hear_house(remark, moments, everything)

    def pass_over(self, *, by_customer: bool) -> None:
        """A remark that says nothing about visits: an offer of the other side is no longer the last word."""
        if self._offered_by_customer != by_customer:
            self._fresh = False
        self._house_spoke = self._house_spoke or not by_customer

    def instant(self) -> datetime | None:
        """When the agreed visit is, as far as the day was said."""
        return self._moment.instant(self.zone) if self.agreed and self._moment is not None else None

    def _moments(self, remark: Remark, everything: Collection[str]) -> list[Moment]:
        if not remark.has_time or ("elsewhere" in everything and "topic" not in everything):
            return []
        return find_moments(remark.folded, remark.sent_at.astimezone(self.zone).date())

    def _call_off(self, remark: Remark, moments: list[Moment]) -> None:
        if not self._was_agreed and not self._offers:
            self._made_before = True
        planned = self.instant()
        if planned is None or remark.sent_at < planned:
            self.agreed = False
        # "não vou conseguir ir, pode ser sexta às 10h?" offers another day
        self._offer(moments if remark.by_customer else [], by_customer=True)

    def _hear_customer(self, remark: Remark, moments: list[Moment]) -> None:
        comes = "coming" in remark.stated and (
            (moments and self._house_spoke) or (self._offers and not self._offered_by_customer)
        )
        if "undecided" in remark.stated:
            self._offer([], by_customer=True)
        elif "refuses" in remark.stated:
            self._offer(moments, by_customer=True)
        elif comes or self._accepts_houses_offer(remark, moments):
            self._agree(moments)
        elif moments and self._topic:
            known = self._offers[-1] if self._offers else Moment()
            self._offer([moment.completed_by(known) for moment in moments], by_customer=True)
        elif not self._offered_by_customer:
            self._fresh = False

    def _accepts_houses_offer(self, remark: Remark, moments: list[Moment]) -> bool:
        if self._offered_by_customer or not self._offers or remark.is_question:
            return False
        if moments:
            return any(moments[0].agrees_with(offer) for offer in self._offers)
        return "accepts" in remark.stated or (
            self._fresh and "nods" in remark.stated and "takes_leave" not in remark.stated
        )

    def _hear_house(self, remark: Remark, moments: list[Moment], everything: Collection[str]) -> None:
        refuses = "refuses" in remark.stated and not moments
        if "taken" in everything:
            self.agreed = False
        offer_stands = bool(self._offers) and self._offered_by_customer
        settled = "settled" in remark.stated and (moments or self._offers or self._moment is not None)
        closed = "closed" in remark.stated and (offer_stands or (moments and self._topic))
        moved = "moved" in remark.stated and not self._was_agreed
        self._made_before = self._made_before or moved
        if refuses or moved:
            self._offer([], by_customer=False)
        elif settled or closed:
            self._agree(moments)
        elif moments and (self._topic or "topic" in everything):
            if offer_stands and "accepts" in remark.stated and not remark.is_question:
                self._agree(moments)
            else:
                self._offer(moments, by_customer=False)
        elif "asks_when" in everything:
            self._offer([], by_customer=False)
        elif offer_stands and not remark.is_question:
            if "accepts" in remark.stated or (self._fresh and "nods" in remark.stated):
                self._agree([])
            else:
                self._fresh = False
        elif remark.is_question and "topic" in remark.asked and self._offers:
            # "posso agendar então?" after a day was named: now it is the house that offers
            self._offered_by_customer, self._fresh = False, True

    def _offer(self, moments: list[Moment], *, by_customer: bool) -> None:
        """Only what names a day can be agreed on; "de manhã?" is a question."""
        self._offers = [moment for moment in moments if moment.day is not None]
        self.talked_of = self.talked_of or bool(self._offers)
        self._offered_by_customer = by_customer
        self._fresh = bool(self._offers)

    def _agree(self, moments: list[Moment]) -> None:
        chosen = moments[-1] if moments else (self._offers[0] if self._offers else None)
        if chosen is not None:
            for known in [*self._offers, *([self._moment] if self._moment is not None else [])]:
                if chosen.agrees_with(known):
                    chosen = chosen.completed_by(known)
            self._moment = chosen
        self._was_agreed = self.talked_of = True
        self.agreed = not self._made_before
        self._offers, self._fresh = [], False
