"""What was seen becomes a Finding; what was not seen never becomes a pass."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.judge import fingerprint, judge, platforms_of
from audit.model import (
    Check,
    Evidence,
    Expectation,
    Link,
    ObjectClass,
    Serves,
    Severity,
    State,
    Why,
)
from rules.model import Text

E = Expectation
NOW = 1_800_000_000.0


def check(expect: Expectation, **more: Any) -> Check:
    return Check(
        id="c",
        title=Text(zh="标题", en="title"),
        probe="linux",
        objects=(ObjectClass.SERVER,),
        expect=expect,
        severity=Severity.HIGH,
        problem=Text(zh="有问题", en="a problem"),
        remedy=Text(zh="整改", en="mend"),
        serves=(Serves(control="GBT22239-2019:3:8.1.4.1.a", link=Link.DECIDES),),
        examples=(),
        **more,
    )


def evidence(document: Any, **more: Any) -> Evidence:
    return Evidence(
        id="e",
        target="t",
        probe="linux",
        method="m",
        taken=NOW,
        dated=NOW,
        document=document,
        **more,
    )


def state(expect: Expectation, document: Any, **more: Any) -> tuple[State, Why | None]:
    found = judge(check(expect, **more), evidence(document), target="t", now=NOW)
    return found.state, found.why


USERS = {"users": [{"name": "root", "days": 90}, {"name": "li", "days": 99999}]}
ALL = E(all=(E(op="eq", path="a", value=1), E(op="eq", path="b", value=1)))
ANY = E(any=(E(op="eq", path="a", value=1), E(op="eq", path="b", value=1)))
NONE = E(none=(E(op="eq", path="a", value=1),))
EACH = E(op="each", path="users", all=(E(op="le", path="days", value=90),))
SOME = E(op="some", path="users", all=(E(op="eq", path="name", value="li"),))
STAR = E(op="le", path="users.*.days", value=90)
LE = E(op="le", path="a", value=5)
EMPTY = E(op="empty", path="a")
PASS, FAIL, UNKNOWN = State.PASS, State.FAIL, State.UNKNOWN
ERROR, NOT_CHECKED = Why.ERROR, Why.NOT_CHECKED


def gap(path: str, /, why: str = "denied", **values: Any) -> dict[str, Any]:
    return {**values, "gaps": [{"path": path, "why": why, "section": "shadow"}]}


@pytest.mark.parametrize(
    ("expect", "document", "wanted", "why"),
    [
        (LE, {"a": 5}, PASS, None),
        (LE, {"a": 6}, FAIL, None),
        (LE, {}, UNKNOWN, NOT_CHECKED),
        (LE, {"a": None}, UNKNOWN, NOT_CHECKED),
        (LE, {"a": "5"}, UNKNOWN, ERROR),
        (LE, None, UNKNOWN, NOT_CHECKED),
        (LE, [1], UNKNOWN, NOT_CHECKED),
        (LE, gap("a", a=1), UNKNOWN, ERROR),
        (LE, gap("", a=1), UNKNOWN, ERROR),
        (LE, gap("b", a=1), PASS, None),
        (ALL, {"a": 1, "b": 1}, PASS, None),
        (ALL, {"a": 2}, FAIL, None),
        (ALL, {"a": 1}, UNKNOWN, NOT_CHECKED),
        (ANY, {"a": 1}, PASS, None),
        (ANY, {"a": 2}, UNKNOWN, NOT_CHECKED),
        (ANY, {"a": 2, "b": 2}, FAIL, None),
        (NONE, {"a": 2}, PASS, None),
        (NONE, {"a": 1}, FAIL, None),
        (NONE, {}, UNKNOWN, NOT_CHECKED),
        (EACH, USERS, FAIL, None),
        (EACH, {"users": []}, PASS, None),
        (EACH, {"users": {"x": {"days": 1}}}, PASS, None),
        (EACH, {"users": [{"days": 1}, {}]}, UNKNOWN, NOT_CHECKED),
        (EACH, {"users": "x"}, UNKNOWN, ERROR),
        (EACH, gap("users", users=[{"days": 1}]), UNKNOWN, ERROR),
        (EACH, gap("users", users=USERS["users"]), FAIL, None),
        (EACH, gap("users.*.days", users=[{"days": None}]), UNKNOWN, ERROR),
        (EACH, gap("users.*.hash", users=[{"days": 1}]), PASS, None),
        (SOME, USERS, PASS, None),
        (SOME, {"users": []}, FAIL, None),
        (SOME, {}, UNKNOWN, NOT_CHECKED),
        (STAR, USERS, FAIL, None),
        (STAR, {"users": [{"days": 1}]}, PASS, None),
        (STAR, {"users": 5}, UNKNOWN, NOT_CHECKED),
        (E(op="eq", path="users.1.name", value="li"), USERS, PASS, None),
        (E(op="eq", path="users.7.name", value="li"), USERS, UNKNOWN, NOT_CHECKED),
        (E(op="exists", path="a"), {"a": 0}, PASS, None),
        (E(op="exists", path="a"), {"a": None}, FAIL, None),
        (E(op="missing", path="a"), {"a": None}, PASS, None),
        (E(op="missing", path="a"), {}, UNKNOWN, NOT_CHECKED),
        (E(op="exists", path="a"), {}, UNKNOWN, NOT_CHECKED),
        (E(op="missing", path="a"), gap("a"), UNKNOWN, ERROR),
        (E(op="eq", path="a", value=None), {"a": None}, PASS, None),
        (E(op="bogus", path="a"), {"a": 1}, UNKNOWN, ERROR),
        (EMPTY, gap("a", "cut", a=["x"]), FAIL, None),
        (EMPTY, gap("a", "cut", a=[]), UNKNOWN, ERROR),
        (EMPTY, gap("a", "denied", a=["x"]), UNKNOWN, ERROR),
        (E(all=(LE,), when=(E(op="eq", path="on", value=True),)), {"on": False},
         State.NOT_APPLICABLE, None),
        (E(all=(LE,), when=(E(op="eq", path="on", value=True),)), {"a": 1}, UNKNOWN, NOT_CHECKED),
    ],
)  # fmt: skip
def test_answers(expect: Expectation, document: Any, wanted: State, why: Why | None) -> None:
    assert state(expect, document) == (wanted, why)


def test_partial_needs_a_clear_fail_of_the_whole() -> None:
    half = E(op="le", path="a", value=9)
    assert state(LE, {"a": 7}, partial=half)[0] is State.PARTIAL
    assert state(LE, {"a": 10}, partial=half)[0] is FAIL
    assert state(LE, {}, partial=half)[0] is UNKNOWN


def test_no_evidence_and_broken_evidence_and_old_evidence() -> None:
    one = check(LE)
    good = evidence({"a": 1})
    cases = [
        (None, NOT_CHECKED),
        (replace(good, problem="unreachable"), ERROR),
        (replace(good, expires=NOW - 1), NOT_CHECKED),
        (replace(good, probe="mysql"), NOT_CHECKED),
    ]
    for seen, why in cases:
        found = judge(one, seen, target="t", now=NOW)
        assert (found.state, found.why) == (UNKNOWN, why)
    assert judge(one, good, target="t", now=NOW).state is PASS


def test_platforms() -> None:
    one = check(LE, platforms=("debian",))
    document = {"a": 1, "os": {"id": "ubuntu", "families": ["debian", "linux"]}}
    assert platforms_of(document) == ("ubuntu", "debian", "linux")
    assert judge(one, evidence(document), target="t", now=NOW).state is PASS
    other = {"a": 1, "os": {"id": "openeuler", "families": ["rhel"]}}
    assert judge(one, evidence(other), target="t", now=NOW).state is State.NOT_APPLICABLE
    assert judge(one, evidence({"a": 1}), target="t", now=NOW).state is UNKNOWN


def test_a_finding_says_what_was_seen_and_which_check_it_was() -> None:
    found = judge(check(LE), evidence({"a": 6}), target="t", now=NOW)
    assert found.seen == "a=6"
    assert found.reason.zh == "有问题"
    assert found.version == fingerprint(check(LE)) != fingerprint(check(STAR))
    assert found.evidence == ("e",)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=True) | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["a", "b", "users", "days", "gaps", "path"]), inner)
    ),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(VALUES)
def test_every_document_comes_to_a_finding(document: Any) -> None:
    for expect in (LE, ALL, ANY, NONE, EACH, SOME, STAR, EMPTY):
        found = judge(check(expect), evidence(document), target="t", now=NOW)
        assert (found.why is None) == (found.state is not UNKNOWN)
