"""Other keys for keys: whole numbers, UUIDs and dates that tables are joined by. Pure.

Each is one to one, so uniqueness and joins are kept, and of the value's own type. Numbers of a
large range go through FF1; a range below a million is put in another order as a whole. Dates
all move by the same number of days, which hides the day but not the distance between two.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from policies import masks_digest, masks_ff1
from policies.masks_model import Context, Trouble
from policies.masks_plain import written

MOST_DAYS = 3650

type One = Callable[[Any], Any]


def permute(context: Context, digits: int, most: int = 0) -> One:
    """Whole numbers from 0 to below 10^digits (or `most`), one to one."""
    size = most or 10**digits
    if size < masks_ff1.SMALLEST_DOMAIN:
        return _ordered(context, size)
    key = context.keys.derive(context.purpose, f"permute:{context.domain}")
    cipher = masks_ff1.Ff1(key, masks_ff1.DIGITS, b"%d" % digits)

    def one(value: Any) -> Any:
        text = written(value)
        if isinstance(text, Trouble):
            return text
        if not text.isdecimal() or len(text) > digits:
            return Trouble.WRONG_SHAPE
        found = int(cipher.encrypt(text.rjust(digits, "0")))
        return Decimal(found) if isinstance(value, Decimal) else found

    return one


def _ordered(context: Context, size: int) -> One:
    digest = masks_digest.keyed(context.keys.derive(context.purpose, f"order:{context.domain}"))
    order = sorted(range(size), key=lambda place: digest(b"%d" % place))

    def one(value: Any) -> Any:
        text = written(value)
        if isinstance(text, Trouble):
            return text
        if not text.isdecimal() or not int(text) < size:
            return Trouble.WRONG_SHAPE
        found = order[int(text)]
        return Decimal(found) if isinstance(value, Decimal) else found

    return one


def uuids(context: Context) -> One:
    """Another UUID, by HMAC; of version 4, as MariaDB takes no version 8."""
    digest = masks_digest.keyed(context.keys.derive(context.purpose, f"uuid:{context.domain}"))

    def one(value: Any) -> Any:
        try:
            known = value if isinstance(value, uuid.UUID) else uuid.UUID(str(value))
        except ValueError:
            return Trouble.WRONG_SHAPE
        raw = bytearray(digest(known.bytes)[:16])
        raw[6] = raw[6] & 0x0F | 0x40
        raw[8] = raw[8] & 0x3F | 0x80
        found = uuid.UUID(bytes=bytes(raw))
        return found if isinstance(value, uuid.UUID) else str(found)

    return one


def moved(context: Context) -> One:
    """Dates and times, all moved by the same 1 to 3650 days, forward or back."""
    digest = masks_digest.keyed(context.keys.derive(context.purpose, f"moved:{context.domain}"))
    number = int.from_bytes(digest(b"days")[:8], "big") % (2 * MOST_DAYS) - MOST_DAYS
    days = timedelta(days=number + (number >= 0))

    def one(value: Any) -> Any:
        if not isinstance(value, date | datetime):
            return Trouble.WRONG_TYPE
        try:
            return value + days
        except OverflowError:
            return Trouble.WRONG_SHAPE

    return one
