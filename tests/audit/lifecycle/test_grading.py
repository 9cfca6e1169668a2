"""Grades: the shipped rules, the highest of all, minors, scale, an officer's word."""

import pytest

from audit.lifecycle.grading import GradingFile, Override, OverrideFile, grade
from audit.lifecycle.links import PUPILS
from audit.lifecycle.model import Address, By, Inventory, Judged, Table
from rules.load import DataError, load, loads
from rules.model import Text
from rules.personal_files import PERSONAL
from rules.recognise.personal.kinds import Kind

RULES = load(GradingFile, PERSONAL / "grading.yaml")


def table(*kinds, rows=10, **more):
    columns = tuple(
        kind if isinstance(kind, Judged) else column(f"c{place}", kind)
        for place, kind in enumerate(kinds)
    )
    return Table(source="s", schema="p", name="t", rows=rows, columns=columns, **more)


def column(name, kind, **more):
    at = Address(source="s", schema="p", table="t", column=name)
    return Judged(at=at, kind=kind, by=By.VALUES, sampled=9, **more)


def graded(one, *overrides, today="2026-11-24"):
    return grade(Inventory(at=0.0, seed=1, tables=(one,)), RULES, overrides, today)[0]


def test_every_kind_has_exactly_one_rule():
    ruled = [kind for rule in RULES.kinds for kind in rule.kinds]
    assert sorted(ruled) == sorted(Kind)


def test_rules_say_reason_and_basis():
    assert all(one.basis and one.reason.zh for one in (*RULES.kinds, *RULES.together, *RULES.scale))
    assert set(RULES.levels) == {1, 2, 3, 4, 5, 6}


@pytest.mark.parametrize(
    ("one", "level", "sensitive"),
    [
        (table(None), 1, False),
        (table(Kind.CREDIT_CODE), 1, False),
        (table(Kind.SEX), 2, False),
        (table(Kind.PHONE), 3, False),
        (table(Kind.HEALTH), 4, True),
        (table(Kind.SEX, Kind.HEALTH), 4, True),
        (table(Kind.ID_CARD, Kind.NAME, Kind.PHONE), 4, False),
        (table(Kind.SEX, minors=0.1), 3, True),
        (table(Kind.SEX, minors=0.0, subjects=PUPILS), 2, False),
        (table(Kind.SEX, subjects=PUPILS), 3, True),
        (table(None, subjects=PUPILS), 1, False),
        (table(Kind.PHONE, minors=1.0, rows=100_000), 4, True),
        (table(column("c", None, mixed=(Kind.HEALTH,))), 4, True),
        (table(column("c", None, conflict=True, header_says=Kind.ID_CARD)), 3, False),
    ],
)
def test_levels(one, level, sensitive):
    made = graded(one)
    assert (made.table.level, made.table.sensitive) == (level, sensitive)
    assert made.table.reasons
    assert all(one.reasons for one in made.columns)


def test_scale_asks_a_person_and_raises_nothing_to_important():
    made = graded(table(Kind.HEALTH, rows=20_000_000))
    assert made.table.level == 4
    assert len(made.review) == 2


def test_what_could_not_be_read_is_not_fine():
    made = graded(table(None, problem=Text(zh="x", en="x")))
    assert not made.known
    assert made.review


def test_an_officers_word():
    said = Override(
        table="t", column="c0", by="officer", reason="published", level=1, sensitive=False
    )
    made = graded(table(Kind.PHONE), said)
    assert (made.columns[0].level, made.columns[0].extra["was"]) == (1, "3")
    assert "published" in made.columns[0].overridden
    whole = Override(table="*", by="o", reason="r", level=5, until="2026-11-24")
    assert graded(table(Kind.PHONE), whole).table.level == 5
    assert graded(table(Kind.PHONE), whole, today="2026-11-25").table.level == 3


@pytest.mark.parametrize(
    "text",
    [
        "overrides: [{table: t, by: '', reason: r}]",
        "overrides: [{table: t, by: o, reason: ' '}]",
        "overrides: [{table: t, by: o, reason: r, level: 9}]",
        "overrides: [{table: t}]",
    ],
)
def test_overrides_without_who_and_why_are_refused(text):
    with pytest.raises(DataError, match=r"o\.yaml:1"):
        loads(OverrideFile, text, "o.yaml")
