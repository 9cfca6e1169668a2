"""What must hold of hours, timetables and school years. Called by `policies.check`.

Terms that overlap, a slot nobody defines, windows that cover each other: each is an
error with its place. Pure: values in, Problems out.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from policies.calendar import bits
from policies.hours import NAME, Window, overlap
from policies.places import Path, place
from policies.policy import PolicySet, Source
from policies.schoolyear import SchoolYear, clashes
from rules.load import Problem


def check_dates(given: PolicySet) -> list[Problem]:
    """Every problem of the hours and school years of a set of policies."""
    slots = {slot for _, _, year in _years(given) for slot in year.timetable}
    problems = [
        problem for name, path, year in _years(given) for problem in _year(given, name, path, year)
    ]
    for policy in given.policies:
        for number, clause in enumerate(policy.clauses):
            path: Path = ["clauses", number, "when", "hours"]
            problems += _hours(given, policy.id, path, clause.when.hours, slots)
    return problems


def _years(given: PolicySet) -> Iterator[tuple[str, Path, SchoolYear]]:
    for policy in given.policies:
        if policy.calendar is not None:
            yield policy.id, ["calendar"], policy.calendar
    for calendar in given.calendars:
        yield f"calendar/{calendar.id}", ["year"], calendar.year


def _year(given: PolicySet, name: str, path: Path, year: SchoolYear) -> Iterator[Problem]:
    for part in ("terms", "vacations", "exams"):
        found = clashes(getattr(year, part))
        if found is not None:
            message = f"`{part}` {found[0] + 1} and {found[1] + 1} overlap"
            yield _placed(given, name, [*path, part, found[1]], message, "mend their dates")
    for number, vacation in enumerate(year.vacations):
        if any(clashes([vacation, term]) for term in year.terms):
            here: Path = [*path, "vacations", number]
            yield _placed(given, name, here, "a vacation lies within a term", "shorten the term")
    for slot, lines in year.timetable.items():
        here = [*path, "timetable", slot]
        if not NAME(slot):
            yield _placed(given, name, here, f"`{slot}` cannot be the name of a slot", "use a-z")
        for number, line in enumerate(lines):
            for earlier in lines[:number]:
                if bits(line.days) & bits(earlier.days):
                    yield from _covered(given, name, here, (*earlier.hours, *line.hours))
            yield from _covered(given, name, here, line.hours)


def _hours(
    given: PolicySet, name: str, path: Path, windows: tuple[Window, ...], slots: set[str]
) -> Iterator[Problem]:
    for number, window in enumerate(windows):
        if window.slot and window.slot not in slots:
            near = difflib.get_close_matches(window.slot, slots, 1)
            remedy = f"did you mean `{near[0]}`?" if near else "add it to a `timetable`"
            message = f"no timetable has a slot `{window.slot}`"
            yield _placed(given, name, [*path, number], message, remedy)
    yield from _covered(given, name, path, tuple(w for w in windows if not w.slot))


def _covered(
    given: PolicySet, name: str, path: Path, windows: tuple[Window, ...]
) -> Iterator[Problem]:
    found = overlap(windows)
    if found is not None:
        yield _placed(
            given, name, path, f"{found[0]} and {found[1]} overlap", "join them to one window"
        )


def _placed(given: PolicySet, name: str, path: Path, message: str, remedy: str) -> Problem:
    source = given.sources.get(name, Source(file=name, text=""))
    line, column = place(source.text, path)
    return Problem(file=source.file, line=line, column=column, message=message, remedy=remedy)
