"""The shipped ladders load and hold; an officer's own comes first."""

import pytest

from audit.lifecycle.coarsen.ladder_files import LADDERS, chosen, load_ladders, load_own
from rules.load import DataError
from rules.recognise.personal.kinds import Kind

OWN = """
columns:
  学校:
    id: schools
    title: {zh: 学校到片区, en: schools to areas}
    steps: tree
    tree: [{东片: [一中, 二中], 西片: [三中]}]
    examples: {hit: [{value: 一中, labels: [一中, 东片]}]}
"""


def test_the_shipped_ones():
    found = load_ladders()
    assert set(found) == {path.stem for path in LADDERS.glob("*.yaml")} | {"hide"}
    assert all(one.examples.hit for one in found.values() if one.id != "hide")
    assert all(one.limits for one in found.values() if one.id != "hide")


def test_which_is_taken(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text(OWN, encoding="utf-8")
    shipped = load_ladders()
    ways = {"a": "", "b": "date", "c": "", "学校": "region"}
    found = chosen(ways, {"a": Kind.AGE, "c": None}, shipped, load_own(path))
    assert [one.id for one in found] == ["age", "date", "hide", "schools"]
    with pytest.raises(DataError, match="no such ladder"):
        chosen({"a": "week"}, {}, shipped, {})


def test_an_example_that_does_not_hold(tmp_path):
    path = tmp_path / "own.yaml"
    path.write_text(OWN.replace("[一中, 东片]", "[一中, 西片]"), encoding="utf-8")
    with pytest.raises(DataError, match=r"own\.yaml:4:"):
        load_own(path)
