"""School numbers in rows without a header: a year of entry and digits, beside a known name. Pure.

Only names of a roster count, only cells next to them, and never what reads as a date.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from rules.recognise.personal.kinds import Confidence, Hit, Kind
from rules.recognise.personal.validators import date

_NUMBER = "20[0-3][0-9](?:[0-9]{8}|[0-9]{6}|[0-9]{4})"
_BEHIND = re.compile(rf" ?[\t,|;] ?({_NUMBER})(?= ?(?:[\t,|;\r\n]|$))")
_AHEAD = re.compile(rf"(?<![^\t,|;\r\n ])({_NUMBER}) ?[\t,|;] ?$")


def beside(text: str, names: Iterable[Hit]) -> Iterator[Hit]:
    """Numbers of pupils in the cells beside names."""
    for name in names:
        for found in (
            _BEHIND.match(text, name.end),
            _AHEAD.search(text, max(0, name.start - 16), name.start),
        ):
            if found is not None and not _dated(found[1]):
                yield Hit(Kind.STUDENT_NUMBER, *found.span(1), Confidence.SUSPECTED, "row")


def _dated(number: str) -> bool:
    """20260901, 202609011230, 20260901123045: a day, and a time."""
    return date(int(number[:4]), int(number[4:6]), int(number[6:8])) and number[8:10] < "24"
