"""Days and times as Brazilians write them: "amanhã às 15h", "sábado de manhã", "dia 12 às 9h"."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

# by their first letters, which their abbreviations share
WEEKDAYS = {"seg": 0, "ter": 1, "qua": 2, "qui": 3, "sex": 4, "sab": 5, "dom": 6}
MONTHS = {
    "janeiro": 1,
    "fevereiro": 2,
    "marco": 3,
    "abril": 4,
    "maio": 5,
    "junho": 6,
    "julho": 7,
    "agosto": 8,
    "setembro": 9,
    "outubro": 10,
    "novembro": 11,
    "dezembro": 12,
}
_WEEKDAY = r"(?:segunda|seg|terca|quarta|qua|quinta|qui|sexta|sex|sabado|sab|domingo)(?:[- ]?feira)?"
_NUMBERS = {"um": 1, "dois": 2, "duas": 2, "tres": 3, "quatro": 4, "cinco": 5, "seis": 6, "sete": 7}

_MONTH = "|".join(MONTHS)
_CLOCK = r"\d{1,2}(?:[:h]\d{2})?\s?(?:h|hs|horas)?"
_PART = r"(?:,?\ (?:da|de|pela)\ (?P<{0}>manha|tarde|noite)\b)?"

# "das 6h às 22h" and "segunda a sexta" are opening hours, not an appointment
_RANGES = re.compile(
    rf"\b(?:das?|de|entre(?: as)?) {_CLOCK}\s?(?:as|ate(?: as)?|a|e(?: as)?|-)\s?{_CLOCK}\b"
    rf"|\b{_WEEKDAY}s? (?:a|ate|ao|-) {_WEEKDAY}\b"
)
_TOKENS = re.compile(
    rf"""
      \bdaqui\ (?:a\ )?(?P<in_n>\d{{1,2}}|um|dois|tres|quatro|cinco|seis|sete)\ dias?\b
    | (?P<after_tomorrow>\bdepois\ de\ amanha\b)
    | (?P<tomorrow>\bamanha\b)
    | (?P<today>\bhoje\b|\bhj\b)
    | \b(?P<weekday>{_WEEKDAY})\b(?!\ (?:vez|via|opcao|parcela|dose|unidade|aula|sessao|turma))
      (?P<next_week>\ que\ vem|\ da\ (?:semana\ que\ vem|proxima\ semana|outra\ semana))?
    | \bdia\ (?P<day>\d{{1,2}})\b(?:\ ?/\ ?(?P<day_month>\d{{1,2}})|\ de\ (?P<day_name>{_MONTH}))?
    | \b(?P<month_first>\d{{1,2}})\ de\ (?P<month_name>{_MONTH})\b
    | (?<![\d/,.])(?P<d>\d{{1,2}})/(?P<m>\d{{1,2}})(?:/(?P<y>\d{{4}}|\d{{2}}))?(?![\d/])
    | (?P<noon>\bmeio[ -]dia(?P<half>\ e\ meia)?\b)
    | (?<![\d:/,.$])\b(?P<hour>\d{{1,2}})\ ?(?::|h(?:s|rs|oras?)?\b|h(?=\d\d(?:min)?\b))
      \ ?(?:(?P<minute>[0-5]\d)(?:min|h|hs|hrs)?\b)?(?:\ ?h(?:s|rs)?\b)?(?P<hour_half>\ e\ meia\b)?
      {_PART.format("hour_part")}
    | \b(?P<part_hour>\d{{1,2}})(?P<part_half>\ e\ meia\b)?\ da\ (?P<part_part>manha|tarde|noite)\b
    | \b(?:as|pelas|umas)\ (?P<bare_hour>\d{{1,2}})(?!\d|\ ?[h:]|min)(?P<bare_half>\ e\ meia\b)?
      {_PART.format("bare_part")}(?!\ ?(?:[%/]|reais|anos|vezes|kg|dias|pessoas))
    | \b(?:de|da|pela|na|no|a|periodo\ da)\ (?P<part>manha|tarde|noite)\b
    """,
    re.VERBOSE,
)
_MENTIONS = re.compile(r"\d|\b(?:hoje|hj|amanha|seg|terca|qua|qui|sex|sab|domingo|meio|manha|tarde|noite|daqui)")

# what a part of the day means when no hour is given
PARTS = {"manha": time(9), "tarde": time(15), "noite": time(19)}


@dataclass(frozen=True, slots=True)
class Moment:
    """A day, a time of day, or both, as far as they were said; `vague` when only a part of the day was."""

    day: date | None = None
    at: time | None = None
    vague: bool = False

    def completed_by(self, other: Moment) -> Moment:
        """This moment, with what it lacks taken from another."""
        if self.at is None:
            return Moment(self.day or other.day, other.at, other.vague)
        return replace(self, day=self.day or other.day)

    def agrees_with(self, other: Moment) -> bool:
        """Nothing that both say differs."""
        same_day = self.day is None or other.day is None or self.day == other.day
        same_time = self.at is None or other.at is None or self.at == other.at or self.vague or other.vague
        return same_day and same_time

    def instant(self, zone: ZoneInfo) -> datetime | None:
        """The instant, when the day is known; a day without a time begins at nine."""
        if self.day is None:
            return None
        return datetime.combine(self.day, self.at or PARTS["manha"], tzinfo=zone)


def mentions_time(folded: str) -> bool:
    """A quick look: can this folded text hold a day or a time at all?"""
    return _MENTIONS.search(folded) is not None


def find_moments(folded: str, said_on: date) -> list[Moment]:
    """The moments of a folded text, in order, as somebody meant them who wrote on that (local) day."""
    moments: list[Moment] = []
    carried: date | None = None
    text = _RANGES.sub(lambda match: " " * len(match[0]), folded)
    for match in _TOKENS.finditer(text):
        found = match.groupdict()
        day = _day(found, said_on)
        at, vague = _time(found)
        last = moments[-1] if moments else None
        if day is not None:
            carried = day
            if last is not None and last.day is None:  # "às 10h ou 14h de amanhã"
                moments = [replace(moment, day=moment.day or day) for moment in moments]
            else:
                moments.append(Moment(day=day))
        elif at is not None:
            if last is not None and (last.at is None or (last.vague and not vague)):
                moments[-1] = replace(last, at=at, vague=vague)
            elif last is None or not vague:
                moments.append(Moment(day=carried, at=at, vague=vague))
    return moments


def _day(found: Mapping[str, str | None], today: date) -> date | None:
    if found["today"]:
        return today
    if found["tomorrow"]:
        return today + timedelta(days=1)
    if found["after_tomorrow"]:
        return today + timedelta(days=2)
    if number := found["in_n"]:
        return today + timedelta(days=int(number) if number.isdigit() else _NUMBERS[number])
    if name := found["weekday"]:
        weekday = WEEKDAYS[name[:3]]
        if found["next_week"]:
            return today + timedelta(days=7 - today.weekday() + weekday)
        return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)
    if day := found["day"]:
        month = int(found["day_month"]) if found["day_month"] else MONTHS.get(found["day_name"] or "")
        return _calendar_day(int(day), month, None, today)
    if day := found["month_first"]:
        return _calendar_day(int(day), MONTHS[found["month_name"] or ""], None, today)
    if (day := found["d"]) and (month_text := found["m"]):
        year = found["y"]
        return _calendar_day(int(day), int(month_text), int(year) % 2000 + 2000 if year else None, today)
    return None


def _calendar_day(day: int, month: int | None, year: int | None, today: date) -> date | None:
    """The next such day from today on; the very day where the year was said; None for the 31st of February."""
    if year is not None and month is not None:
        return _date(year, month, day)
    if month is not None:
        candidates = [_date(today.year + ahead, month, day) for ahead in (0, 1)]
    else:
        months = [(today.month - 1 + ahead) for ahead in range(3)]
        candidates = [_date(today.year + number // 12, number % 12 + 1, day) for number in months]
    return next((candidate for candidate in candidates if candidate is not None and candidate >= today), None)


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _time(found: Mapping[str, str | None]) -> tuple[time | None, bool]:
    if found["noon"]:
        return time(12, 30 if found["half"] else 0), False
    if part := found["part"]:
        return PARTS[part], True
    hour_text = found["hour"] or found["bare_hour"] or found["part_hour"]
    if hour_text is None:
        return None, False
    hour = int(hour_text)
    half = found["hour_half"] or found["bare_half"] or found["part_half"]
    minute = int(found["minute"] or (30 if half else 0))
    part = found["hour_part"] or found["bare_part"] or found["part_part"]
    # nobody is expected between one and five in the morning
    if (part in ("tarde", "noite") and hour < 12) or (part is None and 1 <= hour <= 5):
        hour += 12
    return (time(hour, minute), False) if hour <= 23 else (None, False)
