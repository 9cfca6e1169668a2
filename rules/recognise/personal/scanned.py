"""Numbers as scanners and hurried people write them: with gaps, over two lines, O for 0. Pure.

Only under a label that says what the number is, so that figures that merely stand side by side
are never glued together.
"""

from __future__ import annotations

import re

from rules.recognise.personal.kinds import Confidence, Hit, Kind
from rules.recognise.personal.labels import Meaning
from rules.recognise.personal.number_shapes import mobile
from rules.recognise.personal.validators import id_card_check, id_card_shape, luhn

KINDS = frozenset((Kind.ID_CARD, Kind.PHONE, Kind.BANK_CARD))
_LOOKS = str.maketrans("OoIilSsBZz", "0011155822")
_NEXT_LINE = re.compile(r" ?\r?\n {0,4}([0-9]{1,14}[Xx]?)(?![0-9A-Za-z.])")
_LEAST = 5  # digits before the end of a line, so that every engine looks at that line


def meant(number: str, start: int, end: int, said: Meaning, rule: str) -> Hit | None:
    """What a number put together is, if it is what its label says."""
    size, kinds = len(number), said.kinds
    if size == 18 and Kind.ID_CARD in kinds and id_card_shape(number.upper()):
        right = id_card_check(number.upper())
        sure = Confidence.VERIFIED if right else Confidence.SUSPECTED
        return Hit(Kind.ID_CARD, start, end, sure, rule)
    if not number.isdecimal():
        return None
    if Kind.PHONE in kinds and mobile(number):
        sure = Confidence.SUSPECTED if rule == "looks" else Confidence.VERIFIED
        return Hit(Kind.PHONE, start, end, sure, rule)
    if Kind.BANK_CARD in kinds and 16 <= size <= 19 and number[0] in "34569" and luhn(number):
        return Hit(Kind.BANK_CARD, start, end, Confidence.VERIFIED, rule)
    return None


def together(
    text: str, words: list[str], spans: list[tuple[int, int]], said: Meaning
) -> tuple[Hit, int] | None:
    """Groups with single spaces between them; the hit and how many of them it took."""
    if KINDS.isdisjoint(said.kinds) or meant(words[0], *spans[0], said, "gap") is not None:
        return None
    joined, found = words[0], None
    for at in range(1, len(words)):
        if text[spans[at - 1][1] : spans[at][0]] != " ":
            break
        joined += words[at]
        if len(joined) > 19:
            break
        hit = meant(joined, spans[0][0], spans[at][1], said, "gap")
        if hit is not None:
            found = hit, at + 1
    return found


def two_lines(text: str, number: str, start: int, end: int, said: Meaning) -> Hit | None:
    """A number whose rest stands at the head of the next line."""
    if len(number) < _LEAST or KINDS.isdisjoint(said.kinds):
        return None
    rest = _NEXT_LINE.match(text, end)
    return None if rest is None else meant(number + rest[1], start, rest.end(), said, "two-lines")


def looking(word: str, start: int, end: int, said: Meaning) -> Hit | None:
    """Letters that stand for digits."""
    if KINDS.isdisjoint(said.kinds):
        return None
    digits = word.translate(_LOOKS)
    return meant(digits, start, end, said, "looks") if digits != word else None
