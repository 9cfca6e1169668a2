"""All yardsticks load, are complete, and say where they come from."""

import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from audit.catalog import load_catalog, reach
from audit.checks import load_checks
from audit.matrix import covered
from audit.model import HighRiskRule, Part
from audit.risk import at_all_levels
from audit.yardsticks import ROOM, load_answers, load_yardsticks
from rules.load import DataError
from rules.model import Status

ALL = load_yardsticks()
OFFICIAL = {"6.3.3.1", "6.4.1.1", "6.4.3.2", "6.4.4.1", "6.5.1.2", "6.10.1.2"}


def section(name: str) -> str:
    return ".".join(name.removeprefix("local-").replace("-", ".").split(".")[:2])


def test_81_cases_by_section() -> None:
    general = Counter(section(rule.id) for rule in ALL.high if rule.part is Part.GENERAL)
    assert general == {
        "6.1": 4, "6.2": 4, "6.3": 6, "6.4": 16, "6.5": 2,
        "6.6": 1, "6.7": 1, "6.8": 1, "6.9": 5, "6.10": 2,
    }  # fmt: skip
    parts = Counter(rule.part for rule in ALL.high)
    assert parts == {
        Part.GENERAL: 42, Part.CLOUD: 16, Part.MOBILE: 10, Part.IOT: 4, Part.ICS: 9,
    }  # fmt: skip


def test_only_known_numbers_are_official() -> None:
    assert {rule.id for rule in ALL.high if not rule.id.startswith("local-")} == OFFICIAL
    for rule in ALL.high:
        wanted = Status.SECONDARY if rule.id in OFFICIAL else Status.UNVERIFIED
        assert rule.basis.status is wanted, rule.id
        assert rule.basis.note, rule.id


def test_32_triggers_26_tied_to_items() -> None:
    assert [rule.id for rule in ALL.hazards] == [f"A-{number:02d}" for number in range(1, 33)]
    assert [rule.id for rule in ALL.hazards if not rule.controls] == [
        f"A-{number}" for number in range(27, 33)
    ]


@pytest.mark.parametrize("rule", [*ALL.high, *ALL.hazards], ids=lambda rule: rule.id)
def test_controls_fit_part_and_levels(rule: HighRiskRule) -> None:
    chapter = {Part.GENERAL: "1", Part.CLOUD: "2", Part.MOBILE: "3", Part.IOT: "4", Part.ICS: "5"}
    for control in rule.controls:
        standard, level, clause = control.split(":")
        assert standard == "GBT22239-2019"
        assert int(level) == int(clause[0]) - 5
        assert int(level) in rule.levels
        assert clause.split(".")[1] == chapter[rule.part]


CATALOG = load_catalog()
GRADED = at_all_levels([*ALL.high, *ALL.hazards], lambda name: [x.id for x in CATALOG.same(name)])


@pytest.mark.parametrize("rule", GRADED, ids=lambda rule: rule.id)
def test_rules_stand_on_controls_of_the_catalog(rule: HighRiskRule) -> None:
    """At every level of a rule there is something to look at."""
    known = [CATALOG.get(name) for name in rule.controls]
    assert all(
        one is not None and one.id == name for one, name in zip(known, rule.controls, strict=True)
    )
    if rule.controls:
        assert set(rule.levels) <= {one.level for one in known if one is not None}


def test_the_matrix_stands_on_the_catalogs() -> None:
    level3 = [one.id for one in CATALOG.select(standard=ALL.matrix.standard, level=3)]
    points = {one.point for one in CATALOG.select(standard="GBT39204-2022")}
    for cell in ALL.matrix.cells:
        for clause in cell.clauses:
            assert covered(replace(cell, clauses=(clause,)), ALL.matrix, level3), clause
        assert set(cell.activities) <= points, cell.id


def test_the_crosswalk_stands_on_the_catalogs() -> None:
    titles = {one.point: one.point_title.zh for one in CATALOG.select(level=3)}
    cii = {one.point for one in CATALOG.select(standard="GBT39204-2022")}
    for row in ALL.crosswalk.rows:
        assert row.title.zh.endswith(titles[row.point]), row.point
        for pair in row.pairs:
            if pair.standard == "GBT39204-2022":
                assert set(pair.clauses) <= cii


def test_marks_name_points_of_the_catalog() -> None:
    there = {
        (".".join(one.clause.split(".")[1:3]), one.point_title.zh)
        for one in CATALOG.select(standard=ALL.matrix.standard)
    }
    assert {(mark.area, mark.title) for mark in ALL.grades.marks} <= there


def test_aggregation_names_points_of_the_catalog() -> None:
    points = {f"{x.standard}:{x.level}:{x.point}" for x in CATALOG.controls.values()}
    for special in ALL.aggregation.exceptions:
        assert set(special.controls) <= points


def test_the_cases_the_reference_names() -> None:
    rules = {rule.id: rule for rule in ALL.high}
    assert rules["6.4.3.2"].never == ("exposed",)
    assert rules["6.4.4.1"].never == ("platform:windows",)
    assert len(rules["6.4.1.1"].mitigations) == 2
    assert rules["6.10.1.2"].levels == (3, 4)


def test_every_problem_is_reported_at_once(tmp_path: Path) -> None:
    room = tmp_path / "audit"
    for name in ("risks", "scoring"):
        shutil.copytree(ROOM / name, room / name)
    (room / "controls").mkdir()
    for name in ("matrix.yaml", "crosswalk.yaml"):
        shutil.copy(ROOM / "controls" / name, room / "controls" / name)
    assert load_yardsticks(room).digest == ALL.digest
    one = room / "risks" / "high" / "6.4.3.2.yaml"
    one.write_text(one.read_text("utf-8").replace("[exposed]", "[internet]"), "utf-8")
    other = room / "risks" / "hazards" / "A-01.yaml"
    other.write_text(other.read_text("utf-8").replace("levels: [2, 3, 4]", "levels: [7]"), "utf-8")
    (room / "scoring" / "grades.yaml").write_text("id: grades\n", "utf-8")
    with pytest.raises(DataError) as caught:
        load_yardsticks(room)
    told = str(caught.value)
    assert "never: internet" in told
    assert "levels" in told
    assert "grades.yaml" in told


def test_the_digest_follows_the_data(tmp_path: Path) -> None:
    room = tmp_path / "audit"
    for name in ("risks", "scoring"):
        shutil.copytree(ROOM / name, room / name)
    (room / "controls").mkdir()
    for name in ("matrix.yaml", "crosswalk.yaml"):
        shutil.copy(ROOM / "controls" / name, room / "controls" / name)
    path = room / "scoring" / "template-2025.yaml"
    path.write_text(path.read_text("utf-8").replace("at_lower: fails", "at_lower: mostly"), "utf-8")
    assert load_yardsticks(room).digest != ALL.digest


def test_decisions_are_read(tmp_path: Path) -> None:
    path = tmp_path / "answers.yaml"
    path.write_text(
        "answers:\n"
        "  - {rule: 6.4.1.1, target: db, triggered: true, mitigations: [2], reason: 双, by: 王}\n"
        "  - {rule: A-27, triggered: false, reason: 演练未取得权限, by: 王}\n",
        "utf-8",
    )
    first, second = load_answers(path, ALL)
    assert (first.mitigations, first.relevant, second.triggered) == ((2,), None, False)


def test_decisions_that_would_not_count_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "answers.yaml"
    path.write_text(
        "answers:\n"
        "  - {rule: 6.4.1.9, reason: x, by: y}\n"
        "  - {rule: 6.4.1.1, mitigations: [3], reason: x, by: y}\n"
        "  - {rule: 6.4.1.1, triggered: false}\n",
        "utf-8",
    )
    with pytest.raises(DataError) as caught:
        load_answers(path, ALL)
    told = str(caught.value)
    assert len(caught.value.problems) == 3
    assert "answer 1: there is no rule `6.4.1.9`" in told
    assert "answer 2: rule 6.4.1.1 has no mitigation 3" in told
    assert "answer 3: a decision needs `reason` and `by`" in told


def test_checks_of_rules_exist_and_serve_a_control_of_the_rule() -> None:
    catalog, checks, yardsticks = load_catalog(), load_checks(), load_yardsticks()
    rules = at_all_levels(
        (*yardsticks.high, *yardsticks.hazards),
        lambda name: [one.id for one in catalog.same(name)],
    )
    linked = [(rule, name) for rule in rules for name in rule.checks]
    assert linked
    for rule, name in linked:
        assert set(reach(catalog, checks[name].serves)) & set(rule.controls), (rule.id, name)


def test_linked_checks_exist_and_speak_of_a_control_of_their_case() -> None:
    catalog, checks, rules = load_catalog(), load_checks(), load_yardsticks()
    for rule in (*rules.high, *rules.hazards):
        for name in (*rule.checks, *rule.indicates):
            served = reach(catalog, checks[name].serves)
            assert set(served) & set(rule.controls), (rule.id, name)


def test_how_many_rules_machines_can_speak_of() -> None:
    rules = load_yardsticks()
    assert sum(bool(one.checks) for one in rules.high) == 5
    assert sum(bool(one.checks) for one in rules.hazards) == 3
    assert sum(bool(one.indicates) and not one.checks for one in rules.high) == 39
    assert sum(bool(one.indicates) and not one.checks for one in rules.hazards) == 15
