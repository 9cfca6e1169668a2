"""Repairs: one identity over years, steps by the table, a run that looks again."""

import pytest

from audit.model import RepairState, State
from audit.repairs import Dated, Do, Step, cases, identity, overdue, refusal, reply, retested
from audit.scope import moment
from tests.audit.judged import made

NOW = moment("2026-11-10T12:00")
OPEN = Step(repair="r", do=Do.OPEN, control="c", target="web01", check="k", owner="校办",
            due="2026-11-20", problem="x", source="2026")  # fmt: skip


def after(*steps: Do) -> RepairState:
    given = [OPEN, *(Step(repair="r", do=one, note="n") for one in steps)]
    return cases(Dated(step=one, at=NOW, by="王") for one in given)["r"].repair.state


@pytest.mark.parametrize(
    ("steps", "state"),
    [
        ((), "open"), ((Do.SEND,), "sent"), ((Do.SEND, Do.EVIDENCE), "done"),
        ((Do.EVIDENCE, Do.PASSED), "verified"), ((Do.EVIDENCE, Do.FAILED), "refused"),
        ((Do.EVIDENCE, Do.UNSEEN), "done"), ((Do.PASSED, Do.CLOSE), "closed"),
        ((Do.CLOSE,), "open"), ((Do.PASSED, Do.CLOSE, Do.FAILED), "closed"),
        ((Do.PASSED, Do.FAILED, Do.SEND), "sent"),
    ],
)  # fmt: skip
def test_the_table(steps: tuple[Do, ...], state: str) -> None:
    assert after(*steps) == state


def test_identity_is_stable() -> None:
    a = identity(control="c", target="t", check="k")
    assert a == identity(control="c", target="t", check="k", source="another year")
    b = identity(control="c", target="t", source="某机构", number="7")
    assert b == identity(control="x", target="y", source="某机构", number="7")
    assert a != b


def test_again_next_year_is_the_same_repair() -> None:
    steps = [OPEN, Step(repair="r", do=Do.PASSED), Step(repair="r", do=Do.CLOSE), OPEN]
    found = cases(Dated(step=one, at=NOW, by="王") for one in steps)
    assert len(found) == 1
    assert found["r"].repair.state is RepairState.OPEN
    assert len(found["r"].steps) == 4
    assert len(reply(found["r"])["steps"]) == 4  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "step",
    [Step(repair="r", do=Do.SEND), Step(repair="r", do=Do.OPEN, due="2026-01-01"),
     Step(repair="r", do=Do.OPEN, owner="x", due="soon")],
)  # fmt: skip
def test_refused(step: Step) -> None:
    assert refusal(None, step)


def test_overdue_from_the_day_after() -> None:
    case = cases([Dated(step=OPEN, at=NOW, by="王")])["r"]
    assert not overdue(case, moment("2026-11-20T23:59"))
    assert overdue(case, moment("2026-11-21T00:00"))
    assert refusal(case, Step(repair="r", do=Do.EVIDENCE))


@pytest.mark.parametrize(
    ("state", "do"),
    [(State.PASS, Do.PASSED), (State.FAIL, Do.FAILED), (State.UNKNOWN, Do.UNSEEN)],
)
def test_a_run_looks_again(state: State, do: Do) -> None:
    finding = next(one for one in made().findings if one.state is state)
    step = Step(repair="r", do=Do.OPEN, control="c", target="web01", check=finding.check,
                owner="x", due="2026-12-01")  # fmt: skip
    case = cases([Dated(step=step, at=NOW, by="王")])["r"]
    assert retested(case, made(), "run1") == Step(repair="r", do=do, run="run1")


def test_without_a_check_the_item_speaks() -> None:
    item = next(one for one in made().single if one.state is State.FAIL)
    step = Step(repair="r", do=Do.OPEN, control=item.control, target=item.target, owner="x",
                due="2026-12-01")  # fmt: skip
    case = cases([Dated(step=step, at=NOW, by="王")])["r"]
    assert retested(case, made(), "run1").do is Do.FAILED
