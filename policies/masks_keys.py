"""Other keys for keys: whole numbers, UUIDs and dates that tables are joined by. Pure.

Each is one to one, so uniqueness and joins are kept, and of the value's own type. Numbers of a
large range go through FF1; a range below a million is put in another order as a whole. Dates
all move by the same number of days, which hides the day but not the distance between two.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from policies import masks_digest, masks_ff1
from policies.masks_model import Context, Trouble
from policies.masks_plain import written

MOST_DAYS = 3650

type Many = Callable[[Sequence[Any]], list[Any]]


def permute(context: Context, digits: int, most: int = 0) -> Many:
    """Whole numbers from 0 to below 10^digits (or `most`), one to one; None and "" stay."""
    size = most or 10**digits
    numbers = _ordered(context, size)
    if size >= masks_ff1.SMALLEST_DOMAIN:
        key = context.keys.derive(context.purpose, f"permute:{context.domain}")
        cipher = masks_ff1.Ff1(key, masks_ff1.DIGITS, b"%d" % digits)
        numbers = lambda values: cipher.numbers(values, digits)  # noqa: E731 - one of two

    def whole(value: Any) -> Any:
        if value is None or value == "" or (value.__class__ is int and 0 <= value < size):
            return value
        text = written(value)
        if isinstance(text, Trouble):
            return text
        fits = text.isascii() and text.isdecimal() and len(text) <= 20 and int(text) < size
        return int(text) if fits else Trouble.WRONG_SHAPE

    def many(values: Sequence[Any]) -> list[Any]:
        read = list(map(whole, values))
        made = iter(numbers([one for one in read if one.__class__ is int]))
        found = [next(made) if one.__class__ is int else one for one in read]
        return [
            Decimal(one) if value.__class__ is Decimal and one.__class__ is int else one
            for value, one in zip(values, found, strict=True)
        ]

    return many


def _ordered(context: Context, size: int) -> Callable[[Sequence[int]], list[int]]:
    """Numbers below a size too small for FF1: the whole range in another order."""
    if size >= masks_ff1.SMALLEST_DOMAIN:
        return list
    digest = masks_digest.keyed(context.keys.derive(context.purpose, f"order:{context.domain}"))
    order = sorted(range(size), key=lambda place: digest(b"%d" % place))
    return lambda values: [order[value] for value in values]


def uuids(context: Context) -> Many:
    """Another UUID, by HMAC; of version 4, as MariaDB takes no version 8."""
    digest = masks_digest.keyed(context.keys.derive(context.purpose, f"uuid:{context.domain}"))

    def one(value: Any) -> Any:
        if value is None or value == "":
            return value
        try:
            known = value if isinstance(value, uuid.UUID) else uuid.UUID(str(value))
        except ValueError:
            return Trouble.WRONG_SHAPE
        raw = bytearray(digest(known.bytes)[:16])
        raw[6] = raw[6] & 0x0F | 0x40
        raw[8] = raw[8] & 0x3F | 0x80
        found = uuid.UUID(bytes=bytes(raw))
        return found if isinstance(value, uuid.UUID) else str(found)

    return lambda values: list(map(one, values))


def moved(context: Context) -> Many:
    """Dates and times, all moved by the same 1 to 3650 days, forward or back."""
    digest = masks_digest.keyed(context.keys.derive(context.purpose, f"moved:{context.domain}"))
    number = int.from_bytes(digest(b"days")[:8], "big") % (2 * MOST_DAYS) - MOST_DAYS
    days = timedelta(days=number + (number >= 0))

    def one(value: Any) -> Any:
        if value is None or value == "":
            return value
        if not isinstance(value, date | datetime):
            return Trouble.WRONG_TYPE
        try:
            return value + days
        except OverflowError:
            return Trouble.WRONG_SHAPE

    return lambda values: list(map(one, values))
