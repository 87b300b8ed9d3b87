"""The name a customer gives: "me chamo ...", "aqui é a ...", or the answer to "qual o seu nome?"."""

from __future__ import annotations

import re

from analyzers.text import fold

_SAID = re.compile(
    r"\b(?:me chamo|me chama de|(?:o )?meu nome(?: completo)?(?: e|:|,)? ?|pode(?:m)? me chamar de|chamo[- ]me)"
    r"\s*(?:o |a )?(?=[a-z])"
)
_SAID_CAPITAL = re.compile(
    r"\b(?:(?:quem (?:fala|esta falando)|aqui)(?: quem fala)?(?: e)?|sou|fala|e) (?:o|a) (?=[a-z])|\baqui e (?=[a-z])"
)
_SAYING = re.compile(r"\b([a-z]+(?: [a-z]+)?) (?:falando|aqui)\b")
_ASKED = re.compile(r"\b(?:seu nome|como (?:voce )?se chama|com quem (?:eu )?(?:falo|estou falando)|nome completo)\b")

_WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")
_PARTICLES = {"da", "de", "do", "das", "dos", "e"}
_NOT_NAMES_TEXT = """
    a academia agendar ainda ali aluna aluno amanha amiga amigo aqui as assistente atendente bem boa bom bora bot
    box claro cliente clinica com como contato da de dentista dia do dona dono duvida e ela ele empresa equipe
    esposa essa esse esta este estou eu faco falando favor filha filho fiz fornecedor gerente gestante gostaria
    gravida hoje horario iniciante interessada interessado interesse irma irmao isso ja loja mae marcar marido mas
    mesma mesmo meu minha moro nao noite nome numero o obrigada obrigado oi ok ola onde os paciente pai para
    personal pessoa pode por pra preciso preco pro professor professora qual quando quanto que queria quero
    recepcionista representante responsavel robo saber sedentaria sedentario sem ser seu sim so sou sua tambem tarde
    tb tem tenho ter tudo um uma valor vamos vc vcs ver vi vim virtual voce voces vou whatsapp
"""
_NOT_NAMES = frozenset(_NOT_NAMES_TEXT.split())
_MAX_WORDS = 4


def find_name(composed: str, folded: str) -> str | None:
    """The name the writer of this message gives themselves, if any. `folded` is `fold(composed)`."""
    if match := _SAID.search(folded):
        return _name_at(composed, folded, match.end(), needs_capital=False)
    for match in _SAID_CAPITAL.finditer(folded):
        if name := _name_at(composed, folded, match.end(), needs_capital=True):
            return name
    if (match := _SAYING.search(folded)) and composed[match.start()].isupper():
        return _name_at(composed, folded, match.start(), needs_capital=True)
    return None


def asks_name(folded: str) -> bool:
    """Somebody asks for the customer's name."""
    return _ASKED.search(folded) is not None


def answered_name(composed: str) -> str | None:
    """A message that is nothing but a name, as an answer to the question for it."""
    first_line = composed.strip().split("\n", 1)[0]
    bare = first_line.strip(" .!,")
    words = _WORD.findall(bare)
    if not 1 <= len(words) <= _MAX_WORDS + 1 or not re.fullmatch(r"[^\W\d_]+(?:[' -][^\W\d_]+)*", bare):
        return None
    if any(fold(word) in _NOT_NAMES and fold(word) not in _PARTICLES for word in words):
        return None
    return _title(words)


def _name_at(composed: str, folded: str, start: int, *, needs_capital: bool) -> str | None:
    words: list[str] = []
    position = start
    for match in _WORD.finditer(composed, start):
        if match.start() > position and composed[position : match.start()] != " ":
            break
        word, plain = match[0], folded[match.start() : match.end()]
        particle = plain in _PARTICLES
        if plain in _NOT_NAMES and not (particle and words):
            break
        # after the first word, a lower-case word only belongs to the name if all of it is in lower case
        starts_capital = word[0].isupper()
        if not particle and not starts_capital and (needs_capital or (words and words[0][0].isupper())):
            break
        words.append(word)
        position = match.end()
        if len(words) == _MAX_WORDS + 1 or (not words[0][0].isupper() and len(words) == 3):
            break
    while words and fold(words[-1]) in _PARTICLES:
        words.pop()
    return _title(words) if words and len(words[0]) > 1 else None


def _title(words: list[str]) -> str:
    return " ".join(word.lower() if fold(word) in _PARTICLES else word[0].upper() + word[1:].lower() for word in words)
