"""The district's table: nobody is left out, rates are made of items."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from audit.model import Organisation, System
from audit.rollup import bounds, rolled

UNITS = (
    Organisation(id="d", name="某区"),
    *(Organisation(id=f"s{n:02}", name=f"第{n}学校", above="d") for n in range(1, 35)),
)
SYSTEMS = tuple(
    System(id=f"oa{n:02}", name="办公", organisation=f"s{n:02}", s=2, a=2, g=2)
    for n in range(1, 34)
)


def item(clause: str, state: str, severity: str | None = None) -> dict[str, Any]:
    return {
        "id": f"G:{clause}", "clause": clause, "state": state, "severity": severity,
        "control_point_title": "鉴别",
        "findings": [{"check": f"c-{clause}", "state": state, "title": "t"}],
    }  # fmt: skip


def run(*items: dict[str, Any]) -> dict[str, Any]:
    return {"level": 2, "now": 5.0, "items": list(items), "score": {"conclusion": {"zh": "无"}}}


def test_a_district() -> None:
    runs = {
        f"oa{n:02}": run(
            item("a", "pass"), item("b", "fail", "high"), item("c", "unknown"),
            item("e", "not_applicable"), item("f", "partial" if n == 1 else "pass"),
        )
        for n in range(1, 33)
    }  # fmt: skip
    repairs = [
        {"id": "r1", "control": "x", "due": "2026-01-01", "state": "open", "owner": "张"},
        {"id": "r2", "control": "x", "due": "2026-01-01", "state": "closed"},
        {"id": "r3", "control": "x", "due": "2027-01-01", "state": "open"},
    ]
    found = rolled(runs, SYSTEMS, UNITS, unreturned=["二中"], repairs=repairs, today="2026-11-01")
    assert len(found.lines) == 33
    assert found.without_run == ("oa33", "s34")
    assert found.states == {
        "pass": 63, "partial": 1, "fail": 32, "not_applicable": 32, "unknown": 32,
    }  # fmt: skip
    assert found.floor == 63 / 128
    assert found.ceiling == 95 / 128
    assert (found.worst_items[0].id, found.worst_items[0].systems) == ("G:b", 32)
    assert found.worst_checks[0].id == "c-b"
    assert found.lines[0].high == ("b",)
    assert found.lines[0].unit_name == "第1学校"
    assert found.overdue_repairs == ("r1 x 张 2026-01-01",)
    assert found.lines[-1].floor is None


def test_a_run_nobody_listed_is_shown_too() -> None:
    (line,) = rolled({"web": run(item("a", "pass"))}).lines
    assert (line.system, line.level, line.floor) == ("web", 2, 1.0)


def test_unknown_words_are_unknown() -> None:
    assert rolled({"x": run(item("a", "great"))}).states["unknown"] == 1
    assert bounds({}) == (None, None)


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.text(max_size=4), st.dictionaries(
    st.sampled_from(["items", "level", "now", "score"]),
    st.none() | st.integers() | st.lists(st.none() | st.dictionaries(st.text(), st.text()),
                                         max_size=3), max_size=4), max_size=3))  # fmt: skip
def test_strange_runs(runs: dict[str, dict[str, Any]]) -> None:
    found = rolled(runs)
    assert found.states["pass"] == 0
    assert len(found.lines) == len(runs)
