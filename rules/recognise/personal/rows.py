"""Rows of a text: cells of tables under their header, and school numbers where there is none. Pure.

Tables are Markdown, or lines with the same sign between their cells as a header line has.
Without a header a number is a year of entry, or a capital, and digits; only names of a roster
count, only cells next to them, and never what reads as a date.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

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


_HEADER = re.compile(
    r"(?P<head>[^0-9\n\t,，;；。|]{1,24}+(?:(?P<gap>[\t,;|])[^0-9\n\t,，;；。|]{1,24}+){1,40})\r?\n(?=[^\n]*(?P=gap))"
)
"""A line of short words without figures, with the same sign between them as the line below."""
_LONGEST_ROW = 4000  # characters


def delimited(text: str, known: Callable[[str], bool]) -> Iterator[tuple[str, int, int]]:
    """(header, start, end) of the filled cells below a header line: CSV, TSV in a text.

    Two words of a header at least are `known`: one is a line of a form. A row has as many cells
    as the header; the first that has not ends the table. Every line is read once.
    """
    at, end = 0, text.find("\n")
    while end >= 0:  # a line, with another below
        header = _HEADER.match(text, at)
        at = end + 1
        if header is None:
            end = text.find("\n", at)
            continue
        gap, start = header["gap"], header.end()
        heads = [one.strip(" \r\"'") for one in header["head"].split(gap)]
        if sum(map(known, heads)) > 1:
            while start < len(text):
                end = text.find("\n", start)
                end = len(text) if end < 0 else end
                if end - start > _LONGEST_ROW or text.count(gap, start, end) + 1 != len(heads):
                    break
                low = start
                for head, cell in zip(heads, text[start:end].split(gap), strict=True):
                    if plain := cell.strip(" \r\"'"):
                        left = low + cell.index(plain)
                        yield head, left, left + len(plain)
                    low += len(cell) + 1
                start = end + 1
        at = start
        end = text.find("\n", at)


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
