"""What a message carries about people, as counts: kinds, people, what is unread. Pure.

Values are told apart by a hash that lives as long as one message is looked at; nothing of them
is kept. A part that could not be read is said, never taken for harmless.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from itertools import pairwise

from rules.model import Signal
from rules.recognise.personal.kinds import FINDABLE, Confidence, Kind

OUTFLOW = "outflow"
"""The recogniser's name, and what stands for a category where finds are recorded."""

NOT_PEOPLE = frozenset({Kind.CREDIT_CODE, Kind.IP, Kind.MAC, Kind.UUID, Kind.SECRET})
PERSONAL = frozenset(FINDABLE) - NOT_PEOPLE
"""Kinds that count where a rule names none."""

ONE_EACH = (
    Kind.ID_CARD, Kind.NAME, Kind.NATIONAL_STUDENT_NUMBER, Kind.STUDENT_NUMBER, Kind.EXAM_NUMBER,
    Kind.PASSPORT, Kind.HK_MACAU_PERMIT, Kind.TAIWAN_PERMIT, Kind.PHONE, Kind.EMAIL,
)  # fmt: skip
"""Kinds of which most people have one: as many different values, so many people, about."""

DOUBT = 0.25  # of a person, for a value that is only suspected
BANDS = (1, 2, 5, 10, 50, 200, 1000)
ADULT = 14  # 个人信息保护法 art. 31: below it everything is sensitive
_BORN = re.compile(r"[0-9]{6}((?:19|20)[0-9]{2})([0-9]{2})([0-9]{2})[0-9]{3}[0-9X]")
_BETWEEN = re.compile(r"[\s()\-.·_]+")


class Opaque(StrEnum):
    """Why a part of a message could not be read."""

    TOO_LARGE = "too-large"  # longer than what is held
    CODING = "coding"  # a content-encoding that is unknown or broken
    ENCRYPTED = "encrypted"  # behind a password
    MEDIA = "media"  # pictures, sound, film: no characters are recognised in them
    BINARY = "binary"  # a format that nobody here reads
    BROKEN = "broken"  # not what it says it is
    BUDGET = "budget"  # more parts, or deeper ones, than are looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """Different values by kind, people, and what was not read."""

    verified: Mapping[Kind, int] = field(default_factory=dict)
    suspected: Mapping[Kind, int] = field(default_factory=dict)
    people: int = 0
    under_14: int = 0
    unread: tuple[Opaque, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.verified or self.suspected or self.unread)

    @property
    def kinds(self) -> dict[Kind, int]:
        """All values by kind, verified or not, in the order of kinds."""
        return {
            kind: total
            for kind in Kind
            if (total := self.verified.get(kind, 0) + self.suspected.get(kind, 0))
        }


NOTHING_CARRIED = Carried()


class Weighing:
    """Counts the finds of one message."""

    __slots__ = ("_minors", "_opaque", "_sure", "_unsure")

    def __init__(self) -> None:
        self._sure: dict[Kind, set[int]] = {}
        self._unsure: dict[Kind, set[int]] = {}
        self._minors: dict[int, date] = {}
        self._opaque: dict[Opaque, None] = {}

    def add(self, kind: Kind, value: str, confidence: Confidence) -> bool:
        """One find; whether it is new. `value` is folded to ASCII digits and letters."""
        bare = _BETWEEN.sub("", value).upper()
        known = hash(bare)
        sure = confidence is Confidence.VERIFIED
        table = (self._sure if sure else self._unsure).setdefault(kind, set())
        fresh = known not in table and known not in self._sure.get(kind, ())
        table.add(known)
        if sure and kind in (Kind.ID_CARD, Kind.NATIONAL_STUDENT_NUMBER):
            born = _born(bare)
            if born is not None:
                self._minors[hash(bare[-18:])] = born
        return fresh

    def unread(self, why: Opaque) -> None:
        self._opaque[why] = None

    def carried(self, today: date) -> Carried:
        """The counts. A value that was verified somewhere is verified."""
        sure = {kind: len(found) for kind, found in self._sure.items()}
        unsure = {
            kind: len(left)
            for kind, found in self._unsure.items()
            if (left := found - self._sure.get(kind, set()))
        }
        people = max(
            (int(sure.get(kind, 0) + DOUBT * unsure.get(kind, 0)) for kind in ONE_EACH), default=0
        )
        if not people and (sure or unsure):
            people = 1
        minors = sum(_age(born, today) < ADULT for born in self._minors.values())
        return Carried(
            verified=sure,
            suspected=unsure,
            people=max(people, minors),
            under_14=minors,
            unread=tuple(self._opaque),
        )


def band(number: int) -> str:
    """A number of people as a band: `5-9`."""
    if number < 1:
        return "0"
    for low, high in pairwise(BANDS):
        if number < high:
            return f"{low}" if high - low == 1 else f"{low}-{high - 1}"
    return f"{BANDS[-1]}+"


def signals(carried: Carried) -> tuple[Signal, ...]:
    """How finds stand in a record: a kind and its counts each, never a value."""
    told = [
        (kind.value, f"{carried.verified.get(kind, 0)}+{carried.suspected.get(kind, 0)}")
        for kind in carried.kinds
    ]
    if carried.people:
        told.append(("people", band(carried.people)))
    if carried.under_14:
        told.append(("under-14", band(carried.under_14)))
    told += [("unread", why.value) for why in carried.unread]
    return tuple(
        Signal(category=OUTFLOW, recogniser="personal", matched=what, list=f"{what} {count}")
        for what, count in told
    )


def recorded(rows: list[str]) -> Carried:
    """The counts of a record (the `list` of each signal); people at the low end of their band."""
    sure: dict[Kind, int] = {}
    unsure: dict[Kind, int] = {}
    people = minors = 0
    unread = []
    for row in rows:
        what, _, told = row.partition(" ")
        if what in set(Kind):
            first, _, second = told.partition("+")
            for table, text in ((sure, first), (unsure, second)):
                if text.isdecimal() and int(text):
                    table[Kind(what)] = int(text)
        elif what == "people":
            people = _low(told)
        elif what == "under-14":
            minors = _low(told)
        elif what == "unread" and told in set(Opaque):
            unread.append(Opaque(told))
    return Carried(
        verified=sure, suspected=unsure, people=people, under_14=minors, unread=tuple(unread)
    )


def carried_json(carried: Carried) -> str:
    """The counts as one JSON object."""
    return json.dumps(
        {
            "verified": {kind.value: count for kind, count in carried.verified.items()},
            "suspected": {kind.value: count for kind, count in carried.suspected.items()},
            "people": band(carried.people),
            "under_14": band(carried.under_14),
            "unread": [why.value for why in carried.unread],
        },
        sort_keys=True,
    )


def _low(told: str) -> int:
    first = told.rstrip("+").partition("-")[0]
    return int(first) if first.isdecimal() and len(first) < 7 else 0


def _born(bare: str) -> date | None:
    found = _BORN.fullmatch(bare[-18:])
    if found is None:
        return None
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        return None


def _age(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
