"""What tables have to do with one another and with whom: links, subjects, ages. Pure.

Foreign keys are given; columns of the same meaning are linked to the table where that meaning
is unique (the pupils' table for a pupil's number), so that one subject is found everywhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from audit.lifecycle import shapes
from audit.lifecycle.model import Judged, Linked, Table
from rules.model import Text
from rules.recognise.personal.kinds import Kind
from rules.recognise.personal.validators import id_card_shape

IDENTITIES = (
    Kind.ID_CARD, Kind.NATIONAL_STUDENT_NUMBER, Kind.STUDENT_NUMBER, Kind.EXAM_NUMBER,
    Kind.GUARDIAN_ID, Kind.PHONE, Kind.GUARDIAN_PHONE, Kind.EMAIL,
)  # fmt: skip
_AKIN = {Kind.GUARDIAN_ID: Kind.ID_CARD, Kind.GUARDIAN_PHONE: Kind.PHONE}
ADULT = 14  # years from which art. 28 of the law no longer covers everything about a person
MOST_LINKS = 2000
_DATED = (Kind.BIRTH_DATE, Kind.ID_CARD, Kind.NATIONAL_STUDENT_NUMBER)
PUPILS = Text(zh="学生", en="pupils")
STAFF = Text(zh="教职工", en="staff")
GUARDIANS = Text(zh="监护人", en="guardians")
_WHO = (
    (
        re.compile(r"学生|学籍|考生|新生|student|pupil|enrol|xs(?:xx|jb|b)?(?:_|$)|score|成绩"),
        PUPILS,
    ),
    (re.compile(r"教师|教职工|职工|teacher|staff|employee|js(?:xx|jb)(?:_|$)"), STAFF),
    (re.compile(r"监护|家长|guardian|parent|jzxx"), GUARDIANS),
)
_PUPIL_KINDS = frozenset({Kind.NATIONAL_STUDENT_NUMBER, Kind.STUDENT_NUMBER, Kind.EXAM_NUMBER})


def inferred(tables: Sequence[Table]) -> tuple[Table, ...]:
    """The tables with links between columns of the same meaning added."""
    homes: dict[Kind, tuple[tuple[int, int], Judged]] = {}
    keys: dict[tuple[str, str, str], Judged] = {}
    for table in tables:
        for column in table.columns:
            if (column.at.column,) == table.key:
                keys.setdefault((table.source, table.schema, _singular(table.name)), column)
            kind = column.kind
            if kind not in IDENTITIES or kind in _AKIN or column.conflict or not column.sampled:
                continue
            unique = column.distinct == column.sampled
            rank = (int(unique and table.form != "view"), table.rows or 0)
            if kind not in homes or rank > homes[kind][0]:
                homes[kind] = (rank, column)
    return tuple(replace(one, links=(*one.links, *_links(one, homes, keys))) for one in tables)


def _links(
    table: Table,
    homes: dict[Kind, tuple[tuple[int, int], Judged]],
    keys: dict[tuple[str, str, str], Judged],
) -> list[Linked]:
    given = {str(link.column) for link in table.links if not link.inferred}
    made: list[Linked] = []
    for column in table.columns:
        if str(column.at) in given:
            continue
        kind = _AKIN.get(column.kind, column.kind) if column.kind else None
        home = homes[kind][1] if kind in homes else None
        name = column.at.column.lower()
        if home is None and name.endswith("_id"):
            home = keys.get((table.source, table.schema, _singular(name[:-3])))
        if home is not None and home.at != column.at:
            made.append(Linked(column=column.at, other=home.at, inferred=True))
    return made[:MOST_LINKS]


def _singular(name: str) -> str:
    lower = name.lower()
    return lower[:-1] if lower.endswith("s") else lower


def subjects_of(name: str, columns: Iterable[Judged]) -> Text | None:
    """Whom a table is about, by its name and its columns; None where it says nothing."""
    lower = name.lower()
    kinds = {column.kind for column in columns if column.kind is not None}
    if not kinds:
        return None
    for shape, who in _WHO:
        if shape.search(lower) is not None:
            return who
    return PUPILS if kinds & _PUPIL_KINDS else None


def under_age(columns: Sequence[Judged], rows: Sequence[Sequence[Any]], today: str) -> float | None:
    """Share of the sampled subjects that were under 14 on a day (YYYY-MM-DD); None: no dates."""
    at = {column.kind: place for place, column in reversed(tuple(enumerate(columns)))}
    place = next((at[kind] for kind in _DATED if kind in at), None)
    if place is None:
        return None
    limit = f"{int(today[:4]) - ADULT:04d}{today[5:7]}{today[8:10]}"
    known = [day for row in rows if place < len(row) and (day := _born(row[place]))]
    return round(sum(day > limit for day in known) / len(known), 4) if known else None


def _born(value: Any) -> str:
    """YYYYMMDD of a date or of a number that holds one; "" where there is none."""
    text = shapes.text_of(value)
    number = text[1:] if len(text) == 19 and text[0] in "GJL" else text
    if id_card_shape(number.upper()):
        return number[6:14]
    if shapes.dated(text) != shapes.DATE:
        return ""
    parts = re.findall(r"[0-9]+", text)
    if len(parts) >= 3:
        return f"{parts[0]}{int(parts[1]):02d}{int(parts[2]):02d}"
    return str(parts[0][:8]) if len(parts[0]) >= 8 else ""
