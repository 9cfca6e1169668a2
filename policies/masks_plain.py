"""Masks without a key: keep n/m, redact, bands; and one way to write a value down. Pure.

`canonical` makes one text of the many ways a value is written (full width, spaces, +86), so
that a keyed mask maps them alike. Whatever cannot be read so is a Trouble.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from policies.masks_model import SAME, Generalise, Keep, Step, Trouble
from rules.recognise.personal.finder import fold
from rules.recognise.personal.kinds import Kind

REDACTED = "***"
LONGEST = 4096  # characters of one value; longer ones are texts
MOST_EXACT = 2**53  # a float beyond it has lost digits
STARS = re.compile(r"[*＊●█■▇•※]|[xX×?]{3,}")
"""What a value masked by somebody else looks like."""

NUMBERS = frozenset({
    Kind.ID_CARD, Kind.PHONE, Kind.LANDLINE, Kind.BANK_CARD, Kind.CREDIT_CODE, Kind.PASSPORT,
    Kind.HK_MACAU_PERMIT, Kind.TAIWAN_PERMIT, Kind.QQ, Kind.STUDENT_NUMBER, Kind.EXAM_NUMBER,
    Kind.NATIONAL_STUDENT_NUMBER, Kind.PLATE, Kind.GUARDIAN_ID, Kind.GUARDIAN_PHONE,
})  # fmt: skip
"""Kinds in which spaces, hyphens and brackets mean nothing."""

PHONES = frozenset({Kind.PHONE, Kind.GUARDIAN_PHONE})
_BETWEEN = re.compile(r"[\s()（）·.\-]")
_DATE = re.compile(r"([0-9]{4})(?:年|[-/.])([0-9]{1,2})(?:月|[-/.])([0-9]{1,2})(?:日|[ T].*)?")
_MONTH = re.compile(r"([0-9]{4})(?:年|[-/.])([0-9]{1,2})月?")
_DAY8 = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})")
_NUMBER = re.compile(r"-?[0-9]{1,18}(?:\.[0-9]{1,9})?")


def written(value: Any) -> str | Trouble:
    """A cell as text: text, whole numbers, exact numbers, dates."""
    if value.__class__ is str:
        return str(value) if len(value) <= LONGEST else Trouble.TOO_LONG
    if isinstance(value, bool):
        return Trouble.WRONG_TYPE
    if isinstance(value, int):
        return str(value) if abs(value) < 10**40 else Trouble.TOO_LONG
    if isinstance(value, float):
        if value != value or abs(value) >= MOST_EXACT:  # noqa: PLR0124 - not a number
            return Trouble.WRONG_TYPE
        return str(int(value)) if value == int(value) else repr(value)
    if isinstance(value, Decimal):
        return f"{value:f}" if value.is_finite() and value.adjusted() < 40 else Trouble.WRONG_TYPE
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, str):
        return str.__str__(value)
    return Trouble.WRONG_TYPE


def canonical(value: Any, kind: Kind | None) -> str | Trouble:
    """One text for the ways a value of a kind is written."""
    text = value if value.__class__ is str and len(value) <= LONGEST else written(value)
    if text.__class__ is not str:
        return Trouble(text)
    if text.isascii():
        if text.isdecimal():  # most of them: nothing to fold, to strip or to find
            return _mobile(text) if kind in PHONES else text
    else:
        text = fold(text)
    text = text.strip()
    if STARS.search(text) is not None:
        return Trouble.HALF_MASKED
    kind = SAME.get(kind, kind) if kind is not None else None
    if kind in NUMBERS:
        if not text.isalnum():
            text = _BETWEEN.sub("", text)
        text = text.upper()
        if kind is Kind.PHONE:
            text = _mobile(text)
    elif kind in (Kind.EMAIL, Kind.MAC, Kind.UUID, Kind.IP):
        text = text.lower()
    elif kind is Kind.NAME:
        text = "".join(text.split())
    return text if "\x00" not in text else Trouble.WRONG_SHAPE


def _mobile(text: str) -> str:
    if len(text) == 11:
        return text
    for head in ("+86", "0086", "86"):
        if text.startswith(head) and len(text) == len(head) + 11:
            return text[len(head) :]
    return text


def keep(value: Any, told: Keep) -> str | Trouble:
    """First n and last m characters; of a short value fewer than half, of two at most one."""
    text = written(value)
    if isinstance(text, Trouble):
        return text
    text = fold(text).strip()
    if STARS.search(text) is not None:
        return Trouble.HALF_MASKED
    first, last, size = told.first, told.last, len(text)
    while first + last > max(0, (size * 2) // 3) or (first + last >= size and first + last):
        first, last = (first - 1, last) if first > last else (first, last - 1)
    return text[:first] + told.star * max(1, size - first - last) + text[size - last or size :]


def day(value: Any) -> date | Trouble:
    """A date of what people write as one."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = written(value)
    if isinstance(text, Trouble):
        return text
    text = fold(text).strip()
    found = _DATE.fullmatch(text) or _DAY8.fullmatch(text)
    if found is None:
        found = _MONTH.fullmatch(text)
        if found is None:
            return Trouble.HALF_MASKED if STARS.search(text) else Trouble.WRONG_SHAPE
    parts = [int(part) for part in found.groups()]
    try:
        return date(parts[0], parts[1], parts[2] if len(parts) > 2 else 1)
    except ValueError:
        return Trouble.WRONG_SHAPE


def number(value: Any) -> float | Trouble:
    """A number of what people write as one."""
    text = written(value)
    if isinstance(text, Trouble):
        return text
    text = fold(text).strip()
    if _NUMBER.fullmatch(text) is None:
        return Trouble.HALF_MASKED if STARS.search(text) else Trouble.WRONG_SHAPE
    return float(text)


def generalise(value: Any, told: Generalise, today: date) -> Any:
    """A band of ages or numbers, a region of fewer digits, a month or a year."""
    match told.to:
        case Step.MONTH | Step.YEAR:
            when = day(value)
            if isinstance(when, Trouble):
                return when
            first = when.replace(day=1)
            if told.to is Step.YEAR:
                first = first.replace(month=1)
            if isinstance(value, datetime):
                return datetime.combine(first, datetime.min.time(), tzinfo=value.tzinfo)
            if isinstance(value, date):
                return first
            return first.strftime("%Y-%m" if told.to is Step.MONTH else "%Y")
        case Step.REGION:
            text = canonical(value, Kind.ID_CARD)
            if isinstance(text, Trouble):
                return text
            if len(text) not in (6, 15, 18) or not text[:6].isdecimal():
                return Trouble.WRONG_SHAPE
            return text[: told.width].ljust(6, "0")
        case Step.AGE:
            years = number(value)
            if isinstance(years, Trouble) or years > 150:
                born = day(value)
                if isinstance(born, Trouble):
                    return born
                before = (today.month, today.day) < (born.month, born.day)
                years = float(today.year - born.year - before)
            return Trouble.WRONG_SHAPE if not 0 <= years <= 150 else _band(years, told.width)
        case Step.BAND:
            found = number(value)
            return found if isinstance(found, Trouble) else _band(found, told.width)


def _band(value: float, width: int) -> str:
    low = int(value // width) * width
    return f"{low}~{low + width - 1}"
