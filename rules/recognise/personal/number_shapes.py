"""What single kinds of numbers look like: phones, landlines, permits, school numbers. Pure.

Each function takes a number that was already cut out of its text, with what the label to its
left says, and gives a hit or None. rules.recognise.personal.numbers cuts and asks.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from rules.recognise.personal.kinds import Confidence, Hit, Kind
from rules.recognise.personal.labels import Meaning
from rules.recognise.personal.validators import (
    PROVINCES,
    date,
    id_card_check,
    id_card_shape,
    region,
)

SURE, PERHAPS = Confidence.VERIFIED, Confidence.SUSPECTED
MOBILE = frozenset(
    str(one)
    for span in ((130, 142), (144, 154), (155, 160), (162, 163), (165, 168), (170, 179),
                 (180, 194), (195, 200))
    for one in range(*span)
)  # fmt: skip
PASSPORT = re.compile(r"(?:[EGDSPK][0-9]{8}|E[A-HJ-NP-Z][0-9]{7}|[DSPK]E[0-9]{7}|1[45][0-9]{7})")
PASSPORT_ALONE = re.compile(r"(?:[EG][0-9]{8}|E[A-HJ-NP-Z][0-9]{7})")
HK_MACAU = re.compile(r"(?:[HM][0-9]{8}(?:[0-9]{2})?|[CW][0-9]{8}|C[A-HJ-NP-Z][0-9]{7})")
HK_MACAU_ALONE = re.compile(r"(?:[HM][0-9]{8}(?:[0-9]{2})?|C[0-9]{8}|C[A-HJ-NP-Z][0-9]{7})")
_TAIWAN = re.compile(r"(?:[LT][0-9]{8}|[0-9]{8}|[0-9]{10}(?:[A-Z])?)")
_SCHOOL_NUMBER = re.compile(r"[A-Za-z]{0,6}[0-9]{5,18}[A-Za-z0-9]{0,4}")
_SCHOOL = frozenset((Kind.STUDENT_NUMBER, Kind.EXAM_NUMBER, Kind.NATIONAL_STUDENT_NUMBER))
BY_LABEL = _SCHOOL | {Kind.QQ, Kind.TAIWAN_PERMIT, Kind.PASSPORT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefixes:
    """Issuer numbers of bank cards with the length their cards have."""

    length: int
    starts: tuple[str, ...]


def by_length(prefixes: tuple[Prefixes, ...]) -> Mapping[int, frozenset[str]]:
    """Length → issuer numbers of six digits."""
    return {one.length: frozenset(one.starts) for one in prefixes}


def mobile(number: str) -> bool:
    """Eleven digits of a range that mobile numbers are given from."""
    return len(number) == 11 and number[:3] in MOBILE


def area(digits: str) -> bool:
    """An area code with its zero: 010, 02x, 03xx to 09xx."""
    if digits in ("010", "0310") or (len(digits) == 3 and digits.startswith("02")):
        return digits != "026"
    return len(digits) == 4 and digits[0] == "0" and digits[1] in "3456789"


def by_label(number: str, start: int, end: int, kinds: frozenset[Kind]) -> Hit | None:
    """Numbers without a check that a label makes what they are."""
    if BY_LABEL.isdisjoint(kinds):
        return None
    size = len(number)
    digits = number.isdecimal()
    if Kind.NATIONAL_STUDENT_NUMBER in kinds and 16 <= size <= 19:
        return Hit(Kind.NATIONAL_STUDENT_NUMBER, start, end, SURE, "label")
    if Kind.STUDENT_NUMBER in kinds and 5 <= size <= 20 and _SCHOOL_NUMBER.fullmatch(number):
        return Hit(Kind.STUDENT_NUMBER, start, end, SURE, "label")
    if Kind.EXAM_NUMBER in kinds and 5 <= size <= 20 and _SCHOOL_NUMBER.fullmatch(number):
        return Hit(Kind.EXAM_NUMBER, start, end, SURE, "label")
    if Kind.QQ in kinds and digits and 5 <= size <= 11 and number[0] != "0":
        return Hit(Kind.QQ, start, end, SURE, "label")
    if Kind.TAIWAN_PERMIT in kinds and _TAIWAN.fullmatch(number):
        return Hit(Kind.TAIWAN_PERMIT, start, end, SURE, "label")
    if Kind.PASSPORT in kinds and digits and PASSPORT.fullmatch(number):
        return Hit(Kind.PASSPORT, start, end, SURE, "label")
    return None


def national(upper: str, start: int, end: int, said: Meaning) -> Hit | None:
    """全国学籍号: G and an identity number, J and 18 characters, L, region, birthday and 4."""
    rest = upper[1:]
    labelled = Kind.NATIONAL_STUDENT_NUMBER in said.kinds
    if upper[0] == "G" and id_card_shape(rest):
        right = labelled or id_card_check(rest)
        return Hit(Kind.NATIONAL_STUDENT_NUMBER, start, end, SURE if right else PERHAPS, "G-number")
    if upper[0] == "L" and rest.isdecimal() and region(rest) and _birthday(rest[6:14]):
        return Hit(
            Kind.NATIONAL_STUDENT_NUMBER, start, end, SURE if labelled else PERHAPS, "L-number"
        )
    if upper[0] == "J" and rest[:17].isdecimal():
        if labelled:
            return Hit(Kind.NATIONAL_STUDENT_NUMBER, start, end, SURE, "J-number")
        if not said.kinds and not said.veto and rest[:2] in PROVINCES:
            return Hit(Kind.NATIONAL_STUDENT_NUMBER, start, end, PERHAPS, "J-number")
    return None


def _birthday(digits: str) -> bool:
    return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))


def mobile_run(number: str, start: int, end: int, said: Meaning) -> Hit | None:
    """13812345678, 8613812345678, 008613812345678."""
    bare = number
    if len(number) == 13 and number[:2] == "86":
        bare = number[2:]
    elif len(number) == 15 and number[:4] == "0086":
        bare = number[4:]
    if not mobile(bare):
        return None
    return phone(start, end, said)


def phone(start: int, end: int, said: Meaning) -> Hit | None:
    if Kind.PHONE in said.kinds:
        return Hit(Kind.PHONE, start, end, SURE, "label")
    if Kind.PHONE in said.veto or not _SCHOOL.isdisjoint(said.kinds):
        return None
    return Hit(Kind.PHONE, start, end, PERHAPS, "shape")


COUNTRY = ("86", "0086")
PHONE_SHAPES = frozenset({(3, 4, 4), (3, 8), (7, 4), (3, 3, 5), (4, 3, 4)})


def mobile_groups(
    text: str, words: list[str], spans: list[tuple[int, int]], said: Meaning
) -> Hit | None:
    start, end = spans[0][0], spans[-1][1]
    if words[0] in COUNTRY:
        joined = "".join(words[1:])
        shape = tuple(map(len, words[1:]))
        start = plus(text, start, spans[1][0])
    else:
        joined = "".join(words)
        shape = tuple(map(len, words))
    if not mobile(joined) or not (shape == (11,) or shape in PHONE_SHAPES):
        return None
    return phone(start, end, said)


def plus(text: str, start: int, end: int) -> int:
    """Where a country code begins that ends before `end`: with its sign, and with a bracket that
    closes behind it."""
    if start > 0 and text[start - 1] == "+":
        start -= 1
    if start > 0 and text[start - 1] == "(" and ")" in text[start:end]:
        start -= 1
    return start


COMMON = re.compile(
    r"(?P<mobile>1[0-9]{2})-[0-9]{4}-[0-9]{4}"
    r"|(?P<area>0[0-9]{2,3})(?:-|\) ?-?)[2-9][0-9]{6,7}"
)
"""The ways most are written in groups: 138-0000-0000, 010-20000000, (010)20000000."""


def written(text: str, common: re.Match[str], said: Meaning) -> Hit | None:
    """What a whole number of the common form is; the same as the two functions for groups."""
    start, end = common.span()
    if common["mobile"] is not None:
        return phone(start, end, said) if common["mobile"] in MOBILE else None
    labelled = Kind.LANDLINE in said.kinds
    if not area(common["area"]) or (Kind.LANDLINE in said.veto and not labelled):
        return None
    if ")" in common[0] and start > 0 and text[start - 1] == "(":
        start -= 1
    return Hit(Kind.LANDLINE, start, end, SURE if labelled else PERHAPS, "area")


def landline(number: str, start: int, end: int, said: Meaning) -> Hit | None:
    """02312345678, or seven to eight digits under a label."""
    size = len(number)
    labelled = Kind.LANDLINE in said.kinds
    if Kind.LANDLINE in said.veto and not labelled:
        return None
    if size in (7, 8) and labelled and number[0] in "2345678":
        return Hit(Kind.LANDLINE, start, end, SURE, "label")
    if not 11 <= size <= 12 or number[0] != "0" or (said.kinds and not labelled):
        return None
    for cut in (3, 4):
        if area(number[:cut]) and 11 <= size <= cut + 8 and number[cut] not in "01":
            return Hit(Kind.LANDLINE, start, end, SURE if labelled else PERHAPS, "area")
    return None


def landline_groups(
    text: str, words: list[str], spans: list[tuple[int, int]], said: Meaning
) -> Hit | None:
    """010-12345678, (023) 1234 5678, 023-1234567-801, +86-23-12345678."""
    start, end = spans[0][0], spans[-1][1]
    code, rest, gap = words[0], words[1:], text[spans[0][1] : spans[1][0]]
    if words[0] in COUNTRY and len(words) > 2:
        code, rest, start = "0" + words[1].lstrip("0"), words[2:], plus(text, start, spans[1][0])
    elif ")" in gap and start > 0 and text[start - 1] == "(":
        start -= 1
    labelled = Kind.LANDLINE in said.kinds
    if not area(code) or not rest or (Kind.LANDLINE in said.veto and not labelled):
        return None
    sizes = tuple(map(len, rest))
    whole = sizes in ((7,), (8,), (4, 4), (3, 4)) or (
        len(sizes) == 2 and sizes[0] in (7, 8) and sizes[1] <= 6
    )
    if not whole or rest[0][0] in "01":
        return None
    return Hit(Kind.LANDLINE, start, end, SURE if labelled else PERHAPS, "area")
