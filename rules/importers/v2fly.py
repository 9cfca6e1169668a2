"""v2fly domain-list-community: a folder `data/` of lists that include one another.

A bare line or `domain:` is a name with its subdomains, `full:` one name, `keyword:` and
`regexp:` patterns; `@attribute`s follow; `include:other @a @-b` takes the lines of another
list that have @a and have not @b. Only lists named in the source's categories are read
(`list` or `list@attribute`). Format: the project's README, section "Structure of data".
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rules.importers.expressions import EndlessError, anchor, check, expand
from rules.importers.rows import Flag, Pattern, Rows, is_plain
from rules.importers.streams import Member

_KINDS = ("domain", "full", "keyword", "regexp", "include")


@dataclass(frozen=True, slots=True)
class _Line:
    file: str
    number: int
    kind: str
    value: str
    attributes: frozenset[str]
    filters: tuple[str, ...] = ()


def v2fly(members: Iterable[Member], rows: Rows, wanted: Iterable[str]) -> None:
    """Take the wanted lists, includes resolved, from a tree of files."""
    lists = _read(members, rows)
    for name in wanted:
        plain, _, attribute = name.partition("@")
        if plain not in lists:
            rows.tally.notes[f"no list `{plain}`"] += 1
            continue
        seen: set[tuple[str, int]] = set()
        for line in _resolved(plain, lists, (), rows):
            if (attribute and attribute not in line.attributes) or (
                (line.file, line.number) in seen
            ):
                continue
            seen.add((line.file, line.number))
            _take(line, name, rows)
        rows.flush()


def _read(members: Iterable[Member], rows: Rows) -> dict[str, list[_Line]]:
    lists: dict[str, list[_Line]] = {}
    for member in members:
        if member.lines is None or (len(member.path.parts) > 1 and member.path.parts[-2] != "data"):
            continue
        rows.file = member.path.name
        found = lists.setdefault(member.path.name.lower(), [])
        for number, raw in member.lines.all():
            parts = raw.partition(b"#")[0].decode("utf-8", "replace").split()
            if parts:
                line = _parse(member.path.name, number, parts)
                if line is None:
                    rows.bad(number, "not a v2fly rule", raw)
                else:
                    found.append(line)
    return lists


def _parse(file: str, number: int, parts: list[str]) -> _Line | None:
    kind, colon, value = parts[0].partition(":")
    if not colon:
        kind, value = "domain", parts[0]
    extra = [part for part in parts[1:] if not part.startswith("&")]
    if kind not in _KINDS or not value or any(not part.startswith("@") for part in extra):
        return None
    marks = tuple(part[1:] for part in extra)
    if kind == "include":
        return _Line(file, number, kind, value.lower(), frozenset(), marks)
    return _Line(file, number, kind, value, frozenset(marks))


def _resolved(
    name: str, lists: dict[str, list[_Line]], above: tuple[str, ...], rows: Rows
) -> Iterator[_Line]:
    """The lines of a list with its includes; a cycle or a missing list is reported once."""
    for line in lists[name]:
        if line.kind != "include":
            yield line
            continue
        rows.file = line.file
        if line.value in (*above, name):
            _once(rows, line, f"include cycle: {' → '.join((*above, name, line.value))}")
        elif line.value not in lists:
            _once(rows, line, f"include of a list that is not there: {line.value}")
        elif len(above) < 16:
            for inner in _resolved(line.value, lists, (*above, name), rows):
                if _passes(inner.attributes, line.filters):
                    yield inner


def _once(rows: Rows, line: _Line, reason: str) -> None:
    if reason not in rows.tally.reasons:
        rows.bad(line.number, reason, f"include:{line.value}")


def _passes(attributes: frozenset[str], filters: tuple[str, ...]) -> bool:
    return all(
        mark[1:] not in attributes if mark.startswith("-") else mark in attributes
        for mark in filters
    )


def _take(line: _Line, name: str, rows: Rows) -> None:
    rows.file = line.file
    if line.kind == "domain":
        rows.take(line.value.encode(), rows.word((name,), Flag.NONE), line.number)
    elif line.kind == "full":
        rows.take(line.value.encode(), rows.word((name,), Flag.SELF), line.number, exact=True)
    elif line.kind == "keyword":
        _pattern(line, line.value.lower(), name, rows)
    else:
        _expression(line, name, rows)


def _expression(line: _Line, name: str, rows: Rows) -> None:
    try:
        below, names = expand(line.value)
    except EndlessError:
        _pattern(line, line.value, name, rows)
        return
    word = rows.word((name,), Flag.NONE if below else Flag.SELF)
    for host in names:
        if is_plain(host):
            rows.take(host.encode(), word, line.number)


def _pattern(line: _Line, text: str, name: str, rows: Rows) -> None:
    try:
        if line.kind == "keyword" and len(text) < 4:
            raise ValueError("a keyword this short hits by chance")
        if line.kind == "regexp":
            check(text)
    except ValueError as error:
        rows.bad(line.number, str(error), text)
        return
    kept = f"={text}" if line.kind == "keyword" else text
    end = anchor(text) if line.kind == "regexp" else ""
    rows.pattern(Pattern(text=kept, word=rows.word((name,), Flag.NONE), anchor=end), line.number)
