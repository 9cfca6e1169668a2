"""Findings and answers become items; what only contributes stays open until a person decides."""

from __future__ import annotations

from functools import cache

import pytest

from audit.catalog import Catalog, load_catalog
from audit.checks import load_checks
from audit.items import Answer, closed, links, newest, results
from audit.model import Finding, Link, ObjectClass, Severity, State, Target, Why
from rules.model import Text

P, H, F, N, U = State.PASS, State.PARTIAL, State.FAIL, State.NOT_APPLICABLE, State.UNKNOWN
TEXT = Text(zh="因", en="reason")
HOST = Target(id="t", name="t", system="s", kind=ObjectClass.SERVER, platform="debian")
L3 = "GBT22239-2019:3:8.1."


@cache
def catalog() -> Catalog:
    return load_catalog()


def finding(state: State, why: Why | None = None, check: str = "c") -> Finding:
    return Finding(
        check=check,
        version="v",
        target="t",
        state=state,
        why=why or (Why.ERROR if state is U else None),
        severity=Severity.MEDIUM,
        reason=TEXT,
    )


def answer(state: State, control: str = "x", target: str = "", dated: float = 1) -> Answer:
    return Answer(
        id=f"a{dated}",
        control=control,
        target=target,
        state=state,
        by="李",
        reason="因",
        dated=dated,
    )


@pytest.mark.parametrize(
    ("deciding", "helping", "said", "state", "why"),
    [
        ([], [], None, U, Why.NOT_CHECKED),
        ([P, P], [], None, P, None),
        ([F, F], [], None, F, None),
        ([P, F], [], None, H, None),
        ([P, N], [], None, P, None),
        ([N], [], None, U, Why.PENDING),
        ([P, U], [], None, U, Why.ERROR),
        ([F, U], [], None, U, Why.ERROR),
        ([P, F, U], [], None, H, None),
        ([P], [F], None, U, Why.PENDING),
        ([P], [P], None, P, None),
        ([F], [P], None, F, None),
        ([], [P, P], None, U, Why.PENDING),
        ([], [F], None, U, Why.PENDING),
        ([], [U], None, U, Why.ERROR),
        ([], [P], P, P, None),
        ([], [F], F, F, None),
        ([P], [F], P, P, None),
        ([F], [], P, H, None),
        ([F], [], N, N, None),
        ([], [], H, H, None),
        ([P], [], U, U, Why.PENDING),
    ],
)
def test_an_item(
    deciding: list[State],
    helping: list[State],
    said: State | None,
    state: State,
    why: Why | None,
) -> None:
    found = closed(
        [finding(one) for one in deciding],
        [finding(one) for one in helping],
        answer(said) if said else None,
    )
    assert found == (state, why)


def test_the_newest_answer_counts_and_not_applicable_takes_a_reason() -> None:
    assert newest([answer(F, dated=2), answer(P, dated=1)])["x", ""].state is F
    with pytest.raises(ValueError, match="reason"):
        Answer(id="a", control="x", state=N, by="", reason="", dated=1)


def test_every_control_has_a_result_and_none_passes_unseen() -> None:
    served = links(load_checks().values(), catalog())
    controls = catalog().select(standard="GBT22239-2019", level=3)
    found = results(controls, (HOST,), (), served)
    assert {one.control for one in found} == {one.id for one in controls}
    assert {(one.state, one.why) for one in found} == {(U, Why.NOT_CHECKED)}


def test_findings_reach_their_items_and_levels() -> None:
    checks = load_checks()
    served = links(checks.values(), catalog())
    assert served[f"{L3}4.1.b"]["linux-lockout-active"] is Link.DECIDES
    assert "linux-lockout-active" in served["GBT22239-2019:2:7.1.4.1.b"]
    good = [finding(P, check=name) for name in served[f"{L3}4.1.b"]]
    control = catalog().get(f"{L3}4.1.b")
    room = catalog().get(f"{L3}1.1.a")
    assert control is not None
    assert room is not None
    said = answer(P, control=room.id)
    passed, inside = results((control, room), (HOST,), good, served, (said,))
    assert (passed.state, passed.target, len(passed.findings)) == (P, "t", len(good))
    assert (inside.state, inside.target, inside.answers) == (P, "", (said.id,))
    bad = [finding(F, check=name) for name in served[f"{L3}4.1.b"]]
    (failed,) = results((control,), (HOST,), bad, served)
    assert (failed.state, failed.severity) == (F, Severity.MEDIUM)
