"""The UT1 layout (Université Toulouse Capitole): `<category>/{domains,urls,usage}` in a tree.

`usage` says white or black; that is information for the report, because what a category
means here is said by our mapping, not by its author's default. An alias (a link from one
category to another) is noted and skipped: its target is in the tree.
"""

from __future__ import annotations

from collections.abc import Iterable

from rules.importers.rows import Rows
from rules.importers.streams import Lines, Member, RefusedError


def ut1(members: Iterable[Member], rows: Rows) -> None:
    """Every `domains` and `urls` file under its folder's name as foreign category."""
    files = 0
    for member in members:
        if len(member.path.parts) < 1:
            continue
        kind, category = member.path.name, member.path.parent.name
        if member.lines is None:
            rows.tally.notes[f"alias {member.path.name} → {member.link}"] += 1
        elif kind == "usage":
            _usage(member.lines, category, rows)
        elif kind in ("domains", "urls"):
            files += 1
            rows.file = f"{category}/{kind}"
            _names(member.lines, category, rows)
    if not files:
        raise RefusedError("no `domains` file in the tree: not the UT1 layout")


def _usage(lines: Lines, category: str, rows: Rows) -> None:
    body = lines.stream.read(4096)
    words = [line.strip() for line in body.decode("utf-8", "replace").splitlines()]
    said = [word for word in words if word in ("white", "black")]
    rows.tally.notes[f"{category}: {' and '.join(said) or 'no usage'}"] += 1


def _names(lines: Lines, category: str, rows: Rows) -> None:
    word = rows.word((category,))
    take = rows.take
    for first, chunk, _ in lines.chunks():
        for number, line in enumerate(chunk, first):
            text = line.strip()
            if text and text[:1] != b"#":
                take(text, word, number)
        rows.flush()
