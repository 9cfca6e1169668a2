"""Numbers that stand for people: identity, phone, bank, permits, student numbers. Pure.

Every run of digits is read once and told by its shape (length, letters, groups), then by its
check digits and by the label to its left. ASCII throughout, and never `\\b` or `\\d`: a Chinese
character is a word character to Python, so there is no boundary between 卡号 and 6222.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from rules.recognise.personal.kinds import Confidence, Hit, Kind
from rules.recognise.personal.labels import NOTHING, Labels, Meaning, Reading
from rules.recognise.personal.number_shapes import (
    BY_LABEL,
    COMMON,
    COUNTRY,
    HK_MACAU,
    HK_MACAU_ALONE,
    MOBILE,
    PASSPORT,
    PASSPORT_ALONE,
    PHONE_SHAPES,
    by_label,
    landline,
    landline_groups,
    mobile_groups,
    mobile_run,
    national,
    phone,
    plus,
    written,
)
from rules.recognise.personal.scanned import KINDS, looking, together, two_lines
from rules.recognise.personal.validators import (
    credit_code,
    credit_code_shape,
    id_card15,
    id_card_check,
    id_card_shape,
    luhn,
)

SURE, PERHAPS = Confidence.VERIFIED, Confidence.SUSPECTED
LONGEST_WORD = 40  # characters; a longer run of letters and digits is no number of a person
MOST_GROUPS = 12
SHORTEST = 5  # characters; every number of a person has five digits running, or groups of them

_TOKEN = re.compile(r"[0-9][0-9A-Za-z]*(?:(?: ?\) ?-?|[ -])[0-9]+[Xx]?(?![0-9A-Za-z]))*")
_ENOUGH = re.compile("[0-9]{5}|[0-9]{3}[ )-]{1,3}[0-9]{4}|[0-9]{4}[ -][0-9]{3}[ -]")
_WORD = frozenset("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
_GROUP = re.compile(r"[0-9A-Za-z]+")
_LETTERS = re.compile(r"[A-Za-z]+")


class Numbers:
    """Reads the runs of digits of a text."""

    __slots__ = ("_banks", "_labels")

    def __init__(self, labels: Labels, banks: Mapping[int, frozenset[str]]) -> None:
        self._labels = labels
        self._banks = banks

    def find(self, text: str, start: int, end: int, said: Reading) -> Iterator[Hit]:
        """Hits between two places; `text` is folded (rules.recognise.personal.finder.fold)."""
        done = start
        single, mixed, left_of = self._single, self._mixed, said.left
        for match in _TOKEN.finditer(text, start, end):
            low, high = match.span()
            size = high - low
            if size < SHORTEST or low < done or size > 4 * LONGEST_WORD:
                continue
            before = text[low - 1] if low else ""
            if (before == "." or text[high : high + 1] == ".") and not _whole(text, low, high):
                continue
            if before == "第":  # an ordinal
                continue
            token, left = match[0], low
            if low > done and before in _WORD:
                left = _letters_before(text, low, done)
                if low - left > LONGEST_WORD:
                    continue
                token = text[left:high]
            if token.isdecimal():
                near = left_of(low, done)
                hit = single(token, low, high, near)
                if hit is None:
                    hit = two_lines(text, token, low, high, near) if near.kinds else None
                    high = high if hit is None else hit.end
                elif size > 11 and hit.kind is Kind.PHONE:
                    hit = hit._replace(start=plus(text, low, low + size - 11))
            elif _ENOUGH.search(text, low, high) is None:
                continue
            elif token.isalnum():
                hit = mixed(token, left, high, left_of(left, done))
            else:
                common = COMMON.fullmatch(text, left, high)
                if common is not None:
                    hit = written(text, common, left_of(left, done))
                if common is None or hit is None:
                    for one in self._grouped(text, left, high, done, said):
                        yield one
                        done = one.end
                    continue
            if hit is not None:
                yield hit
                done = high

    def value(self, text: str, meaning: Meaning = NOTHING) -> Hit | None:
        """The number that a whole cell is, under what its header says."""
        if text.isdecimal() and text.isascii():
            return self._single(text, 0, len(text), meaning)
        if text.isalnum() and text.isascii():
            return self._mixed(text, 0, len(text), meaning)
        match = _TOKEN.search(text)
        if match is None or match.end() != len(text) or match.start() > 2:
            return None
        for hit in self._grouped(text, 0, len(text), 0, meaning):
            if hit.end != len(text) or hit.start > match.start():
                return None
            if hit.kind is Kind.PHONE:
                return hit._replace(start=plus(text, hit.start, hit.end - 11))
            return hit
        return None

    def _single(self, number: str, start: int, end: int, said: Meaning) -> Hit | None:
        """A run of digits and nothing else."""
        size, kinds, veto = end - start, said.kinds, said.veto
        if size == 11 and number[:3] in MOBILE and BY_LABEL.isdisjoint(kinds):
            return phone(start, end, said)
        if size == 18 and id_card_shape(number):
            if id_card_check(number):
                return Hit(Kind.ID_CARD, start, end, SURE, "mod-11-2")
            if Kind.NATIONAL_STUDENT_NUMBER not in kinds and Kind.ID_CARD not in veto:
                return Hit(Kind.ID_CARD, start, end, PERHAPS, "region-date")
        named = by_label(number, start, end, kinds)
        if named is not None:
            return named
        if size == 18 and credit_code_shape(number) and credit_code(number):
            sure = Kind.CREDIT_CODE in kinds  # one in 31 numbers passes: digits alone say little
            if sure or not (kinds or Kind.CREDIT_CODE in veto):
                return Hit(Kind.CREDIT_CODE, start, end, SURE if sure else PERHAPS, "mod-31")
        if size == 15 and id_card15(number) and Kind.ID_CARD not in veto:
            if Kind.ID_CARD in kinds:
                return Hit(Kind.ID_CARD, start, end, SURE, "15-digits-label")
            if not kinds:
                return Hit(Kind.ID_CARD, start, end, PERHAPS, "15-digits")
        if 15 <= size <= 19 and number[:4] != "0086":
            return self._card(number, start, end, said)
        if size in (11, 13, 15):
            return mobile_run(number, start, end, said) or landline(number, start, end, said)
        return landline(number, start, end, said)

    def _card(self, number: str, start: int, end: int, said: Meaning) -> Hit | None:
        labelled = Kind.BANK_CARD in said.kinds
        if Kind.BANK_CARD in said.veto and not labelled:
            return None
        size = len(number)
        right = luhn(number)
        if right and (labelled or number[:6] in self._banks.get(size, ())):
            return Hit(Kind.BANK_CARD, start, end, SURE, "luhn")
        if said.kinds and not labelled:
            return None
        if right and number[:2] == "62" and size in (16, 17, 18, 19):
            return Hit(Kind.BANK_CARD, start, end, PERHAPS, "luhn-62")
        if labelled and number[0] in "34569" and size in (16, 18, 19):
            return Hit(Kind.BANK_CARD, start, end, PERHAPS, "label")
        return None

    def _mixed(self, word: str, start: int, end: int, said: Meaning) -> Hit | None:
        """Letters and digits without a gap."""
        size, upper, kinds, veto = end - start, word.upper(), said.kinds, said.veto
        if size == 18:
            if id_card_shape(upper):
                if id_card_check(upper):
                    return Hit(Kind.ID_CARD, start, end, SURE, "mod-11-2")
                if Kind.ID_CARD not in veto:
                    return Hit(Kind.ID_CARD, start, end, PERHAPS, "region-date")
            if credit_code_shape(upper):
                if credit_code(upper):
                    return Hit(Kind.CREDIT_CODE, start, end, SURE, "mod-31")
                if Kind.CREDIT_CODE in kinds:
                    return Hit(Kind.CREDIT_CODE, start, end, PERHAPS, "label")
        if size == 19 and upper[0] in "GJL":
            hit = national(upper, start, end, said)
            if hit is not None:
                return hit
        named = by_label(upper, start, end, kinds)
        if named is not None:
            return named
        for kind, shape, alone in _PERMITS if size in (9, 11) else ():
            if shape.fullmatch(upper):
                if kind in kinds:
                    return Hit(kind, start, end, SURE, "label")
                if not kinds and kind not in veto and word[0].isupper() and alone.fullmatch(word):
                    return Hit(kind, start, end, PERHAPS, "shape")
        letters = _LETTERS.match(word)
        if letters is not None and word[letters.end() :].isdecimal():
            own = self._labels.word(letters.group())
            if own is not NOTHING:  # TEL13812345678
                return self._single(word[letters.end() :], start + letters.end(), end, own)
        return looking(word, start, end, said)

    def _grouped(
        self, text: str, left: int, high: int, floor: int, reading: Reading | Meaning
    ) -> Iterator[Hit]:
        """Digits in groups, with spaces, hyphens or brackets between them."""
        spans = [found.span() for found in _GROUP.finditer(text, left, high)][:64]
        index, last = 0, len(spans) - 1
        while index <= last:
            low, end = spans[index]
            if end - low <= 4:  # with nothing much behind it, a part of a day or a time
                short = index == last or spans[index + 1][1] - spans[index + 1][0] <= 2
                if short and text[end : end + 1] != " " and text[low:end] not in COUNTRY:
                    index += 1
                    continue
            said = reading if isinstance(reading, Meaning) else reading.left(spans[index][0], floor)
            hit, used = self._groups(text, spans[index : index + MOST_GROUPS], said)
            if hit is not None:
                yield hit
                floor = hit.end
            index += used

    def _groups(
        self, text: str, spans: list[tuple[int, int]], said: Meaning
    ) -> tuple[Hit | None, int]:
        words = [text[start:end] for start, end in spans]
        if not KINDS.isdisjoint(said.kinds):
            whole = together(text, words, spans, said)
            if whole is not None:
                return whole
        sizes = tuple(map(len, words))
        word, (start, high) = words[0], spans[0]
        abroad, local = word in COUNTRY, word[0] == "0"
        most = min(5, len(sizes)) if len(sizes) > 1 and (sizes[1] > 2 or abroad) else 1
        for count in range(most, 1, -1):  # none behind two digits: a day
            end = spans[count - 1][1]
            shape = sizes[:count]
            if shape in _ID_SHAPES:
                joined = "".join(words[:count]).upper()
                if id_card_shape(joined):
                    sure = SURE if id_card_check(joined) else PERHAPS
                    return Hit(Kind.ID_CARD, start, end, sure, "mod-11-2"), count
            card = shape[:4] == (4, 4, 4, 4) or (count == 2 and shape[0] == 6)
            if not (card or abroad or local or shape in PHONE_SHAPES):
                continue
            joined = "".join(words[:count])
            if not joined.isdecimal():
                continue
            if card and 16 <= len(joined) <= 19:
                hit = self._card(joined, start, end, said)
                if hit is not None:
                    return hit, count
            hit = mobile_groups(text, words[:count], spans[:count], said)
            if hit is None and (abroad or local):
                hit = landline_groups(text, words[:count], spans[:count], said)
            if hit is not None:
                return hit, count
        if word.isdecimal():
            return (self._single(word, start, high, said) if len(word) > 4 else None), 1
        return self._mixed(word, start, high, said), 1


_PERMITS = (
    (Kind.PASSPORT, PASSPORT, PASSPORT_ALONE),
    (Kind.HK_MACAU_PERMIT, HK_MACAU, HK_MACAU_ALONE),
)
_ID_SHAPES = frozenset({(6, 8, 4), (6, 4, 4, 4), (6, 4, 2, 2, 4), (3, 3, 4, 4, 4), (14, 4)})


def _whole(text: str, low: int, high: int) -> bool:
    """Not the part of a decimal number, an address or a version: 3.14, 10.0.0.1."""
    if low >= 2 and text[low - 1] == "." and "0" <= text[low - 2] <= "9":
        return False
    return not (high + 1 < len(text) and text[high] == "." and "0" <= text[high + 1] <= "9")


def _letters_before(text: str, low: int, floor: int) -> int:
    """Where the letters and digits that touch a number on the left begin."""
    left = low
    while left > floor and low - left <= LONGEST_WORD:
        if text[left - 1] not in _WORD:
            break
        left -= 1
    return left
