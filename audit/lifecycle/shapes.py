"""What one cell looks like, whatever a database or a file handed over. Pure.

Values become text once; half-masked values, dates, identity numbers that went through a floating
number and numbers with a decimal point are told here, so that judging a column sees words only.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from rules.recognise.personal.kinds import Kind
from rules.recognise.personal.validators import PROVINCES, date, region

LONGEST = 4000  # characters of a cell that are read
MOST_LEAVES = 200  # of one JSON document
IMAGE, BINARY, DATE, MONTH = "<image>", "<binary>", "<date>", "<month>"
_EMPTY = frozenset({"", "-", "--", "/", "\\N", "null", "NULL", "None", "N/A", "n/a", "#N/A", "nan"})
_IMAGES = (b"\xff\xd8\xff", b"\x89PNG\r\n", b"GIF8", b"BM", b"RIFF")
_DATE = re.compile(
    r"((?:19|20)[0-9]{2})(?:[-/.年]?)([0-9]{1,2})(?:[-/.月]?)([0-9]{1,2})日?"
    r"(?:[T ][0-9:.]{4,15}(?:Z|[+-][0-9:]{2,5})?)?"
)
_MONTH = re.compile(r"(?:19|20)[0-9]{2}[-/.年]?(?:0?[1-9]|1[0-2])月?")
_FLOAT = re.compile(r"([1-9])(?:\.([0-9]{1,20}))?[eE]\+?(1[0-9])")
_POINT = re.compile(r"([0-9]{5,20})\.0{1,6}")
_STARS = re.compile(r"[*×＊•●█]|[xX]{3}")
_MASKED = re.compile(r"[0-9A-Za-z]{0,12}(?:[*×＊•●█]+|[xX]{3,})[0-9A-Za-z]{0,12}")
_MASKED_NAME = re.compile("[\u4e00-\u9fff]{1,2}[*×＊某]{1,3}|[*×＊]{1,3}[\u4e00-\u9fff]{1,2}"
                          "|[\u4e00-\u9fff][*×＊][\u4e00-\u9fff]{1,2}")  # fmt: skip
_MASKED_MAIL = re.compile(r"[0-9A-Za-z._-]{0,20}[*]{2,}[0-9A-Za-z._-]{0,20}@[0-9A-Za-z.-]{3,60}")


def text_of(value: Any) -> str:
    """A cell as text; "" where there is nothing in it."""
    if value is None:
        return ""
    if isinstance(value, str):
        text = value[:LONGEST].replace("\x00", "").strip()
    elif isinstance(value, bool):
        return "true" if value else "false"
    elif isinstance(value, (bytes, bytearray, memoryview)):
        return _of_bytes(bytes(value[: LONGEST * 4]))
    elif isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat()
    elif isinstance(value, Decimal):
        text = format(value, "f") if abs(value.adjusted()) < 40 else str(value)
    elif isinstance(value, (dict, list)):
        text = json.dumps(value, ensure_ascii=False, default=str)[:LONGEST]
    else:
        text = str(value)[:LONGEST].strip()
    return "" if text in _EMPTY else text


def _of_bytes(data: bytes) -> str:
    if not data:
        return ""
    if data.startswith(_IMAGES):
        return IMAGE
    for encoding in ("utf-8", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        return text[:LONGEST].strip() if text.isprintable() else BINARY
    return BINARY


def dated(text: str) -> str:
    """DATE or MONTH where a text is one, in any common spelling, else ""."""
    if len(text) < 6 or text[0] not in "12":
        return ""
    found = _DATE.fullmatch(text)
    if found is not None and date(*(int(part) for part in found.groups())):
        return DATE
    return MONTH if _MONTH.fullmatch(text) else ""


def floated(text: str) -> bool:
    """An identity number that went through a floating number: 1.10101201001011E+17."""
    found = _FLOAT.fullmatch(text)
    if found is not None:
        if found.group(3) != "17":
            return False
        digits = found.group(1) + (found.group(2) or "")
    elif len(text) in (18, 20) and text[:15].isdecimal() and text[15:] in ("000", "000.0", "00.0"):
        digits = text[:15]
    else:
        return False
    if len(digits) < 14:
        return digits[:2] in PROVINCES and len(digits) >= 5
    return region(digits[:6]) and date(int(digits[6:10]), int(digits[10:12]), int(digits[12:14]))


def whole(text: str) -> str | None:
    """The digits of a number that was written with a needless decimal point (13812345678.0)."""
    found = _POINT.fullmatch(text)
    return found.group(1) if found is not None else None


def masked(text: str) -> Kind | None:
    """The kind that a half-masked value was."""
    if len(text) > 60 or (_STARS.search(text) is None and "某" not in text):
        return None
    if _MASKED_NAME.fullmatch(text):
        return Kind.NAME
    if _MASKED_MAIL.fullmatch(text):
        return Kind.EMAIL
    if _MASKED.fullmatch(text):
        size = len(text)
        if size == 18 and (text[:2] in PROVINCES or not text[:2].isdecimal()):
            return Kind.ID_CARD
        if size == 11 and text[0] in "1*":
            return Kind.PHONE
        if 15 <= size <= 19 and text[0] in "3456*":
            return Kind.BANK_CARD
    return None


def leaves(text: str) -> Iterator[tuple[str, str]]:
    """(key, value) of every leaf of a JSON document; nothing where it is none."""
    if not text or text[0] not in "{[" or text[-1] not in "}]":
        return
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return
    waiting: list[tuple[str, Any]] = [("", found)]
    given = 0
    while waiting and given < MOST_LEAVES:
        key, value = waiting.pop()
        if isinstance(value, dict):
            waiting += [(str(name)[:100], inner) for name, inner in value.items()]
        elif isinstance(value, list):
            waiting += [(key, inner) for inner in value[:MOST_LEAVES]]
        else:
            given += 1
            yield key, text_of(value)
