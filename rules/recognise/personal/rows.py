"""Rows of a text: cells of Markdown tables, and school numbers in rows without a header. Pure.

Without a header a number is a year of entry, or a capital, and digits; only names of a roster
count, only
cells next to them, and never what reads as a date.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from rules.recognise.personal.kinds import Confidence, Hit, Kind
from rules.recognise.personal.validators import date

_NUMBER = "(?:20[0-3][0-9](?:[0-9]{8}|[0-9]{6}|[0-9]{4})|[A-Z][0-9]{8,9})"
_BEHIND = re.compile(
    rf" ?[\t,|;] ?({_NUMBER})(?= ?(?:[\t,|;\r\n]|$))| ({_NUMBER})(?=\r?\n|$)|[（(]({_NUMBER})[）)]"
)
_AHEAD = re.compile(rf"(?<![^\t,|;\r\n ])({_NUMBER}) ?[\t,|;] ?$")


_TABLE = re.compile(
    r"^[ \t]*\|(?P<head>[^\n]{1,2000})\|[ \t]*\n"
    r"[ \t]*\|(?:[ \t]*:?-{1,200}:?[ \t]*\|){1,100}[ \t]*$"
    r"(?P<rows>(?:\n[ \t]*\|[^\n]{0,4000})*)",
    re.MULTILINE,
)


def cells(text: str) -> Iterator[tuple[str, int, int]]:
    """(header, start, end) of every filled cell of the Markdown tables of a text."""
    for table in _TABLE.finditer(text) if "|-" in text or "| -" in text or "|:-" in text else ():
        heads = [one.strip() for one in table["head"].split("|")]
        start = table.start("rows")
        for line in table["rows"].split("\n"):
            at = start + line.find("|") + 1
            for head, cell in zip(
                heads,
                line.strip(" \t").removeprefix("|").removesuffix("|").split("|"),
                strict=False,
            ):
                if plain := cell.strip():
                    low = at + len(cell) - len(cell.lstrip())
                    yield head, low, low + len(plain)
                at += len(cell) + 1
            start += len(line) + 1


def beside(text: str, names: Iterable[Hit]) -> Iterator[Hit]:
    """Numbers of pupils in the cells beside names."""
    for name in names:
        for found in (
            _BEHIND.match(text, name.end),
            _AHEAD.search(text, max(0, name.start - 16), name.start),
        ):
            if found is not None and found.lastindex is not None:
                number = found[found.lastindex]
                if not number[0].isdecimal() or not _dated(number):
                    span = found.span(found.lastindex)
                    yield Hit(Kind.STUDENT_NUMBER, *span, Confidence.SUSPECTED, "row")


def _dated(number: str) -> bool:
    """20260901, 202609011230, 20260901123045: a day, and a time."""
    return date(int(number[:4]), int(number[4:6]), int(number[6:8])) and number[8:10] < "24"
