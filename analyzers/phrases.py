"""A small language for phrases, and an index that finds many of them in one pass.

A phrase is words separated by spaces, written in lower case and without accents:

    quanto custa            these two words, one after the other, in one sentence
    agend* ... visita       a word that begins so; then at most three words; then `visita`
    aula|treino teste       one word or the other
    quero o|a? aula         `?` after a word: it may be there
    as <n>                  a number
    @quero conhecer         `@name` stands for the words listed under `words` in the rules

Where the rules list other `spellings` of a word, each of them counts as the word.

The index looks at each word of a text once and tries only the phrases that begin with it, which makes the cost of a
text depend on its length and not on the number of rules.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_WORDS = re.compile(r"[a-z0-9]+")
_BETWEEN = r"[^a-z0-9.!?;\n]+"
_MAX_GAP = 3
_MIN_PREFIX = 3


class PhraseError(ValueError):
    """A phrase that the language does not know; the message quotes it."""


@dataclass(frozen=True, slots=True)
class Hit:
    """Where a rule's phrase stands in a folded text."""

    rule: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Entry:
    rule: str
    prefix: str  # empty: the first word is exact
    rest: re.Pattern[str] | None


class PhraseIndex:
    """All phrases of a set of rules. `excepting` are phrases that cancel a rule's hits where they overlap them."""

    def __init__(
        self,
        phrases: Mapping[str, Iterable[str]],
        excepting: Mapping[str, Iterable[str]] | None = None,
        words: Mapping[str, str] | None = None,
        spellings: Mapping[str, str] | None = None,
    ) -> None:
        self._spellings = {word: others.split("|") for word, others in (spellings or {}).items()}
        self._exact: dict[str, list[_Entry]] = defaultdict(list)
        self._by_prefix: dict[str, list[_Entry]] = defaultdict(list)
        for rule, listed in phrases.items():
            for phrase in listed:
                self._add(rule, phrase, words or {})
        self._excepted = frozenset(excepting or ())
        for rule, listed in (excepting or {}).items():
            for phrase in listed:
                self._add(f"!{rule}", phrase, words or {})
        self._exact, self._by_prefix = dict(self._exact), dict(self._by_prefix)

    def find(self, folded: str) -> list[Hit]:
        """Every rule's hits in a folded text, by position."""
        hits: list[Hit] = []
        exact, by_prefix = self._exact, self._by_prefix
        cancelled = False
        for match in _WORDS.finditer(folded):
            word = match[0]
            entries = exact.get(word)
            prefixed = by_prefix.get(word[:_MIN_PREFIX])
            if entries is None and prefixed is None:
                continue
            end = match.end()
            for entry in [*(entries or ()), *(prefixed or ())]:
                if entry.prefix and not word.startswith(entry.prefix):
                    continue
                stop = end
                if entry.rest is not None:
                    tail = entry.rest.match(folded, end)
                    if tail is None:
                        continue
                    stop = tail.end()
                cancelled = cancelled or entry.rule[0] == "!"
                hits.append(Hit(entry.rule, match.start(), stop))
        return self._without_cancelled(hits) if cancelled else hits

    @staticmethod
    def _without_cancelled(hits: list[Hit]) -> list[Hit]:
        exceptions = [hit for hit in hits if hit.rule[0] == "!"]
        return [
            hit
            for hit in hits
            if hit.rule[0] != "!"
            and not any(
                exception.rule[1:] == hit.rule and exception.start < hit.end and hit.start < exception.end
                for exception in exceptions
            )
        ]

    def _add(self, rule: str, phrase: str, words: Mapping[str, str]) -> None:
        pieces = [self._spelt(_expand(piece, words, phrase)) for piece in phrase.split()]
        if not pieces:
            raise PhraseError(f"the rule '{rule}' has an empty phrase")
        first, *others = pieces
        if first == "..." or first.endswith("?"):
            raise PhraseError(f"'{phrase}' begins with a word that may be missing")
        rest = re.compile(_pattern(others, phrase)) if others else None
        for alternative in first.split("|"):
            if alternative.endswith("*"):
                prefix = alternative[:-1]
                _check(prefix, phrase)
                if len(prefix) < _MIN_PREFIX:
                    raise PhraseError(f"'{phrase}': write at least {_MIN_PREFIX} letters before '*' in a first word")
                self._by_prefix[prefix[:_MIN_PREFIX]].append(_Entry(rule, prefix, rest))
            else:
                _check(alternative, phrase)
                self._exact[alternative].append(_Entry(rule, "", rest))

    def _spelt(self, piece: str) -> str:
        """A piece with every other spelling of its words."""
        optional = "?" if piece.endswith("?") else ""
        words = piece.removesuffix("?").split("|")
        return (
            "|".join(dict.fromkeys(other for word in words for other in (word, *self._spellings.get(word, ()))))
            + optional
        )


def _expand(piece: str, words: Mapping[str, str], phrase: str) -> str:
    optional = piece.endswith("?")
    parts: list[str] = []
    for part in piece.removesuffix("?").split("|"):
        if not part.startswith("@"):
            parts.append(part)
        elif part[1:] in words:
            parts.extend("|".join(words[part[1:]].split()).split("|"))
        else:
            raise PhraseError(f"'{phrase}' uses @{part[1:]}, which is not among the words")
    return "|".join(parts) + ("?" if optional else "")


def _pattern(pieces: list[str], phrase: str) -> str:
    pattern = ""
    for piece in pieces:
        if piece == "...":
            pattern += rf"(?:{_BETWEEN}[a-z0-9]+){{0,{_MAX_GAP}}}?"
            continue
        optional = piece.endswith("?")
        choices = "|".join(_choice(part, phrase) for part in piece.removesuffix("?").split("|"))
        step = rf"{_BETWEEN}(?:{choices})(?![a-z0-9])"
        pattern += f"(?:{step})?" if optional else step
    return pattern


def _choice(part: str, phrase: str) -> str:
    if part == "<n>":
        return r"\d+"
    if part.endswith("*"):
        _check(part[:-1], phrase)
        return f"{part[:-1]}[a-z0-9]*"
    _check(part, phrase)
    return part


def _check(word: str, phrase: str) -> None:
    if not re.fullmatch(r"[a-z0-9]+", word):
        raise PhraseError(f"'{phrase}': '{word}' is not a word in lower case without accents")
