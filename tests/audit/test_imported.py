"""Imported findings stand beside our own: they contribute and never close an item."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from audit.catalog import Catalog, load_catalog
from audit.imported import beside, joined, kind_of, load_rule_maps, stated
from audit.importers.formats import READERS
from audit.importers.model import Imported, ImportedFinding, evidences
from audit.items import Answer, results
from audit.model import Evidence, Link, ObjectClass, State, Target, Why

KEY = "GBT22239-2019:3:8.1.4.1.c"


@cache
def catalog() -> Catalog:
    return load_catalog()


def evidence(state: State, rule: str = "SSH-7408", why: Why | None = None) -> Evidence:
    finding = ImportedFinding(tool="Lynis", rule=rule, title="x", state=state, why=why, target="t")
    (made,) = evidences(Imported(format="lynis", tool="Lynis", findings=(finding,)), taken=9.0)
    return made


@pytest.mark.parametrize(
    ("state", "answered", "came"),
    [
        (State.PASS, None, (State.UNKNOWN, Why.PENDING)),
        (State.FAIL, None, (State.UNKNOWN, Why.PENDING)),
        (State.NOT_APPLICABLE, None, (State.UNKNOWN, Why.PENDING)),
        (State.UNKNOWN, None, (State.UNKNOWN, Why.NOT_CHECKED)),
        (State.FAIL, State.PASS, (State.PASS, None)),
    ],
)
def test_never_closing(
    state: State, answered: State | None, came: tuple[State, Why | None]
) -> None:
    why = Why.NOT_CHECKED if state is State.UNKNOWN else None
    findings, served = beside([evidence(state, why=why)], load_rule_maps(), catalog())
    control = catalog().get(KEY)
    assert control
    answers = [Answer(id="a", control=KEY, state=answered, by="李", reason="", dated=1)] if (
        answered
    ) else []  # fmt: skip
    target = Target(id="t", name="t", system="", kind=ObjectClass.SERVER)
    (item,) = results([control], [target], findings, served, answers)
    assert (item.state, item.why) == came
    assert len(item.findings) == 1


def test_links_reach_other_levels_and_join_ours() -> None:
    findings, served = beside([evidence(State.FAIL)], load_rule_maps(), catalog())
    assert served["GBT22239-2019:2:7.1.4.1.c"] == {findings[0].check: Link.CONTRIBUTES}
    both = joined({KEY: {"ours": Link.DECIDES}}, served)
    assert set(both[KEY]) == {"ours", findings[0].check}


def test_unmapped_rules_say_nothing_of_items_and_are_kept() -> None:
    one = evidence(State.FAIL, "NOBODY-1")
    assert beside([one], load_rule_maps(), catalog()) == ((), {})
    assert stated(one)[0]["rule"] == "NOBODY-1"


def test_the_newest_speaks_and_strange_documents_pass_nothing() -> None:
    old, new = replace(evidence(State.PASS), taken=1.0), evidence(State.FAIL)
    ((finding,), _) = beside([new, old], load_rule_maps(), catalog())
    assert finding.state is State.FAIL
    odd = replace(new, document={"findings": [{"rule": "SSH-1", "state": "great"}, 3]})
    ((finding,), _) = beside([odd], load_rule_maps(), catalog())
    assert (finding.state, finding.why) == (State.UNKNOWN, Why.ERROR)
    assert beside([replace(new, document=[])], load_rule_maps(), catalog())[0] == ()


def test_every_map_is_of_a_format_and_names_controls() -> None:
    maps = load_rule_maps()
    assert set(maps) <= set(READERS)
    for one in maps.values():
        assert one.basis.source
        for row in one.rows:
            assert row.match
            assert [name for name in row.controls if catalog().get(name) is None] == []


def test_what_a_target_is() -> None:
    assert kind_of(evidence(State.PASS)) is ObjectClass.SERVER
    assert kind_of(replace(evidence(State.PASS), probe="linux")) is None
    assert kind_of(replace(evidence(State.PASS), document=None)) is None
