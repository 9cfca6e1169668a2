"""Drill results: good ones pass, bad ones fail, foreign bytes are a problem."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.checks import load_checks
from audit.judge import judge
from audit.model import Check, Evidence, State
from audit.probes.drill import read

NOW = 1_800_000_000.0  # 2027-01-15

GOOD = """drills:
  - id: d1
    form: live
    began: 2026-11-20
    plan: 网络攻击应急预案
    people: 12
    cleaned: true
    lessons: 2
    mended: 2
    ledger: 41
    trials:
      - {id: s1, origin: outside, technique: 钓鱼站点, expected: blocked, outcome: blocked,
         seconds: 1}
      - {id: s2, origin: inside, technique: 横向扫描, expected: detected, outcome: detected}
      - {id: s3, origin: failure, technique: 恢复数据库, expected: restored, outcome: restored}
      - {id: s4, origin: outside, technique: 演练工具失效, expected: blocked, outcome: error}
"""
BAD = """drills:
  - id: d0
    form: tabletop
    began: 2024-01-05
    plan: ""
    lessons: 3
    trials:
      - {id: s1, origin: outside, technique: x, expected: blocked, outcome: missed}
      - {id: s2, origin: inside, technique: x, expected: detected, outcome: missed}
      - {id: s3, origin: failure, technique: x, expected: restored, outcome: failed}
"""


@cache
def checks() -> dict[str, Check]:
    return {name: one for name, one in load_checks().items() if one.probe == "drill"}


def states(evidence: Evidence) -> set[State]:
    return {judge(c, evidence, target="t", now=NOW).state for c in checks().values()}


def seen(text: str) -> Evidence:
    return read(text.encode(), target="t", taken=NOW)


def test_good_and_bad() -> None:
    assert len(checks()) >= 8
    assert states(seen(GOOD)) == {State.PASS}
    assert states(seen(BAD)) == {State.FAIL}


def test_a_drill_that_is_only_planned_does_not_count() -> None:
    document = seen(GOOD.replace("2026-11-20", "2027-11-20")).document
    assert (document["drills"], document["newest"]) == (0, 0.0)
    assert document["errors"] == 0


def test_totals() -> None:
    document = seen(GOOD).document
    assert document["errors"] == 1
    assert document["origins"]["outside"] == {
        "tried": 1, "as_expected": 1, "missed": 0, "otherwise": 0, "slowest": 1.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["", "drills: 3", "drills: [{id: a}]", GOOD.replace("live", "fun"),
     GOOD.replace("2026-11-20", "soon"), GOOD.replace("mended: 2", "mended: 9")],
)  # fmt: skip
def test_what_is_none_is_a_problem(text: str) -> None:
    evidence = seen(text)
    assert evidence.document is None
    assert "不是演练结果" in evidence.problem
    assert states(evidence) == {State.UNKNOWN}


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes(data: bytes) -> None:
    evidence = read(data, target="t", taken=NOW)
    assert (evidence.document is None) == bool(evidence.problem)
