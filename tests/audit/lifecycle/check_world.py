"""The district of `check_scene` as values: every rule is kept, and no server is needed."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from audit.lifecycle.check import checked
from audit.lifecycle.model import Address, Breach, By, Inventory, Judged, Table
from audit.lifecycle.reality import (
    Reality,
    Right,
    Rights,
    SeenTable,
    ageless,
    agreed,
    due,
    undated,
)
from audit.lifecycle.rule_file import parse
from audit.lifecycle.rules import Privilege, RuleBook
from audit.lifecycle.sharing import Share, Standing
from rules.recognise.personal.kinds import Kind
from tests.audit.lifecycle.check_scene import RULES

AT = dt.date(2026, 11, 24)
BOOK = parse(RULES, "rules.yaml")
COLUMNS = {
    "students": {"id": None, "name": Kind.NAME, "sex": Kind.SEX, "born": Kind.BIRTH_DATE,
                 "id_card": Kind.ID_CARD, "left_on": None},
    "guardians": {"id": None, "student_id": None, "guardian_name": Kind.GUARDIAN_NAME,
                  "guardian_phone": Kind.GUARDIAN_PHONE, "agreed_on": None, "withdrawn_on": None},
    "visits": {"id": None, "name": Kind.NAME, "phone": None, "day": None, "agreed": None},
}  # fmt: skip
COUNTS = (
    due("roll", "left"), due("visits", "year"), undated("visits", "year"),
    agreed("roll", "guardian"), ageless("roll"), agreed("visits", "consent"),
)  # fmt: skip


def right(role: str, privilege: str, table: str, *columns: str, via: tuple[str, ...] = ()) -> Right:
    return Right(
        role=role, privilege=Privilege(privilege), schema="public", table=table,
        columns=columns, via=via,
    )  # fmt: skip


RIGHTS = Rights(
    entries=(
        *(right("roll_app", p, t) for p in ("select", "insert", "update") for t in COLUMNS),
        right("class_teacher", "select", "students", "id", "name"),
        right("teacher_a", "select", "students", "id", "name", via=("class_teacher",)),
        right("health_reader", "select", "students", "name", "born"),
    ),
    owners={("public", table): "roll_owner" for table in COLUMNS},
    mighty={"qinglang": "superuser"},
)
DISTRICT = Reality(
    source="district",
    kind="postgresql",
    tables=tuple(
        SeenTable(schema="public", name=name, columns=tuple(columns), sealed=False)
        for name, columns in COLUMNS.items()
    ),
    rights=RIGHTS,
    counts=dict.fromkeys(COUNTS, 0),
    fields={"visits.phone": True},
)
TRAINING = Reality(source="training", kind="sqlite", rights=Rights())
SHARE = Share(
    id="S4", by="甲", recipient="区卫健局", dataset="roll", purpose="查验",
    fields=("name", "born"), masked="none", until=dt.date(2027, 7, 31), asked=0.0,
    step=Standing.APPROVED,
)  # fmt: skip


def judged(table: str, column: str, kind: Kind | None) -> Judged:
    return Judged(
        at=Address(source="district", schema="public", table=table, column=column),
        kind=kind, by=By.VALUES, sampled=10, verified=1.0 if kind else 0.0,
    )  # fmt: skip


def listed(more: Iterable[tuple[str, str, Kind]] = ()) -> Inventory:
    """What discovery knows of the district, and some columns more."""
    extra = list(more)
    return Inventory(
        at=0.0,
        seed=7,
        tables=tuple(
            Table(
                source="district", schema="public", name=name, rows=30,
                columns=(
                    *(judged(name, column, kind) for column, kind in columns.items()),
                    *(judged(table, column, kind) for table, column, kind in extra
                      if table == name),
                ),
            )
            for name, columns in COLUMNS.items()
        ),
    )  # fmt: skip


def look(**changed: Any) -> tuple[Breach, ...]:
    """Everything that differs, with some of the world changed."""
    book: RuleBook = changed.get("book", BOOK)
    seen = {"district": changed.get("district", DISTRICT), "training": TRAINING}
    seen |= {"training": changed["training"]} if "training" in changed else {}
    return checked(
        book,
        {name: one for name, one in seen.items() if one is not None},
        at=changed.get("at", AT),
        means=changed.get("means", lambda name: None),
        inventory=changed.get("inventory", listed()),
        shares=changed.get("shares", {"S4": SHARE}),
    )


def ruled(*changes: tuple[str, str]) -> RuleBook:
    """The rules with some words replaced."""
    text = RULES
    for old, new in changes:
        if old not in text:
            raise ValueError(old)
        text = text.replace(old, new, 1)
    return parse(text, "rules.yaml")


def told(found: Iterable[Breach], *, known: bool = True) -> set[tuple[str, str]]:
    """(code, place) of what is known, or of what is not."""
    return {(one.code, str(one.at)) for one in found if one.known is known}


def counting(key: str, value: Any) -> Reality:
    """The district with one other count."""
    return replace(DISTRICT, counts={**DISTRICT.counts, key: value})
