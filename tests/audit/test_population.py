"""The census finds what public catalogs get wrong, and nothing in ours."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from audit.catalog import Catalog, Section, assemble
from audit.model import Part
from audit.population import Census, load_population, verify
from rules.load import loads
from rules.model import Status, Text

SECTION = """
id: s
standard: X
part: general
title: {zh: 节, en: section}
at: {2: "7.1", 3: "8.1"}
basis: {source: X, status: confirmed}
objects: [server]
tiers: {server: host}
points:
  - title: {zh: 甲点, en: first}
    at: {2: 1, 3: 1}
    items:
      - {at: {2: a, 3: a}, text: {zh: 更多的话, en: more}, reads: {2: {zh: 话, en: less}},
         questions: [{ask: test, text: {zh: 问, en: q}}]}
      - {at: {2: b, 3: b}, text: {zh: 别的话, en: other},
         questions: [{ask: test, text: {zh: 问, en: q}}]}
      - {at: {3: c}, text: {zh: 高级的话, en: high},
         questions: [{ask: test, text: {zh: 问, en: q}}]}
  - title: {zh: 乙点, en: second}
    at: {2: 2, 3: 2}
    items:
      - {at: {2: a, 3: a}, text: {zh: 又一句, en: one more},
         questions: [{ask: test, text: {zh: 问, en: q}}]}
"""

CENSUSES = tuple(
    Census(
        standard="X",
        part=Part.GENERAL,
        level=level,
        status=Status.CONFIRMED,
        sections={section: counts},
        absent=absent,
        differs=differs,
    )
    for level, section, counts, absent, differs in (
        (2, "7.1", (2, 1), ("高级",), ("7.1.1.a",)),
        (3, "8.1", (3, 1), (), ()),
    )
)


def made() -> Catalog:
    catalog, problems = assemble([("s.yaml", loads(Section, SECTION, "s.yaml"))])
    assert problems == []
    return catalog


def without(level: int, clause: str) -> Callable[[Catalog], Catalog]:
    def change(catalog: Catalog) -> Catalog:
        kept = {key: one for key, one in catalog.controls.items() if key != ("X", level, clause)}
        return replace(catalog, controls=kept)

    return change


def changed(level: int, place: str, /, **values: object) -> Callable[[Catalog], Catalog]:
    def change(catalog: Catalog) -> Catalog:
        one = replace(catalog.controls["X", level, place], **values)  # type: ignore[arg-type]
        kept = {key: old for key, old in catalog.controls.items() if key != ("X", level, place)}
        return replace(catalog, controls=kept | {("X", level, one.clause): one})

    return change


def only(level: int) -> Callable[[Catalog], Catalog]:
    def change(catalog: Catalog) -> Catalog:
        return replace(
            catalog, controls={k: v for k, v in catalog.controls.items() if v.level == level}
        )

    return change


def text(words: str) -> Text:
    return Text(zh=words, en="x")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (without(3, "8.1.1.c"), "8.1.1: 2 items, 3 wanted"),
        (without(3, "8.1.1.b"), "letters 8.1.1.a, 8.1.1.c"),
        (only(2), "8.1: the section is missing (level 3)"),
        (changed(3, "8.1.1.b", text=text("高级的话")), "the same text as"),
        (changed(2, "7.1.1.a", text=text("更多的话")), "X:2:7.1.1.a: has the wording of level 3"),
        (changed(2, "7.1.1.b", text=text("高级要求")), "`高级` belongs to a higher level"),
        (changed(2, "7.1.2", point_title=text("甲点")), "is the title of 7.1.1 already"),
        (changed(2, "7.1.2", point="7.1.3", clause="7.1.3"), "7.1.3: no such control point"),
        (changed(2, "7.1.2", point="8.1.2", clause="8.1.2"), "8.1 is level 3, general"),
        (changed(2, "7.1.2", questions=()), "X:2:7.1.2: no question"),
        (changed(2, "7.1.2", objects=()), "X:2:7.1.2: no object class"),
        (changed(2, "7.1.2", tiers={}), "X:2:7.1.2: no layer for server"),
        (changed(2, "7.1.2", clause="7.1.2.a"), "letters 7.1.2.a"),
        (without(2, "7.1.1.a"), "7.1.1.a: listed as differing, but not in the catalog"),
    ],
)
def test_each_known_defect_is_found(change: Callable[[Catalog], Catalog], said: str) -> None:
    assert list(verify(made(), CENSUSES)) == []
    assert [line for line in verify(change(made()), CENSUSES) if said in line]


@pytest.mark.parametrize(("level", "total"), [(1, 25), (2, 57), (3, 96), (4, 105)])
def test_totals_of_the_technical_sections(level: int, total: int) -> None:
    technical = {f"{level + 5}.1.{number}" for number in range(1, 6)}
    found = [
        sum(counts)
        for census in load_population()
        if census.standard == "GBT22239-2019" and census.level == level
        for section, counts in census.sections.items()
        if section in technical and (level > 1 or section != "6.1.5")
    ]
    assert sum(found) == total


def test_a_census_knows_its_total() -> None:
    assert [census.total for census in CENSUSES] == [3, 4]
