"""Several objects, one item: an object that was not reached never helps."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.aggregate import Aggregation, Over, Special, aggregate, together
from audit.model import Compensation, ItemResult, Severity, State, Why
from rules.model import Basis, Text

P, H, F, N, U = (
    State.PASS,
    State.PARTIAL,
    State.FAIL,
    State.NOT_APPLICABLE,
    State.UNKNOWN,
)
WORD = Text(zh="甲", en="a")


@pytest.mark.parametrize(
    ("states", "mixed", "worst", "half"),
    [
        ([P, P], P, P, P),
        ([F, F], F, F, F),
        ([P, F], H, F, P),
        ([P, F, F], H, F, H),
        ([P, H], H, H, P),
        ([H, H], H, H, H),
        ([H, F], H, F, H),
        ([P, N], P, P, P),
        ([N, N], N, N, N),
        ([], U, U, U),
        ([U], U, U, U),
        ([N, U], U, U, U),
        ([P, U], U, U, U),
        ([P, P, P, U], U, U, U),  # half would be reached: still no pass
        ([F, U], U, F, U),
        ([P, F, U], H, F, U),
        ([H, U], H, U, U),
    ],
)
def test_rules(states: list[State], mixed: State, worst: State, half: State) -> None:
    assert together(states, Over.MIXED) is mixed
    assert together(states, Over.WORST) is worst
    assert together(states, Over.SHARE, Fraction(1, 2)) is half


@settings(max_examples=150, deadline=None)
@given(
    states=st.lists(st.sampled_from([P, H, F, N, U]), max_size=6),
    over=st.sampled_from(Over),
    share=st.fractions(min_value=Fraction(1, 10), max_value=1),
)
def test_no_unknown_object_ever_passes(states: list[State], over: Over, share: Fraction) -> None:
    got = together(states, over, share)
    if U in states:
        assert got is not P
        assert got is not N


def result(target: str, state: State, **more: object) -> ItemResult:
    return ItemResult(control="S:3:1.1", target=target, state=state, **more)  # type: ignore[arg-type]


RULE = Aggregation(
    id="x",
    title=WORD,
    basis=Basis(source="x"),
    over=Over.MIXED,
    exceptions=(
        Special(controls=("S:3:1",), over=Over.SHARE, share=0.5, reason=WORD),
        Special(controls=("S:3:1.1",), over=Over.WORST, reason=WORD),
    ),
)


@pytest.mark.parametrize(
    ("control", "over"),
    [
        ("S:3:1.1", Over.WORST),
        ("S:3:1.1.a", Over.WORST),
        ("S:3:1.10", Over.SHARE),
        ("S:3:2", Over.MIXED),
    ],
)
def test_the_longest_name_wins(control: str, over: Over) -> None:
    assert RULE.rule(control)[0] is over


def test_one_result_a_control_with_what_was_seen() -> None:
    (got,) = aggregate(
        [
            result("a", F, severity=Severity.LOW, answers=("q1",)),
            result("b", F, severity=Severity.HIGH, answers=("q1", "q2")),
            result("c", P, severity=None),
        ],
        RULE,
    )
    assert (got.target, got.state, got.severity, got.answers) == (
        "",
        F,
        Severity.HIGH,
        ("q1", "q2"),
    )
    assert got.reason is not None
    assert got.reason.zh == "3 个对象：符合 1，不符合 2。"


def test_the_most_urgent_reason_of_not_knowing_is_kept() -> None:
    (got,) = aggregate([result("a", U, why=Why.PENDING), result("b", U, why=Why.ERROR)], RULE)
    assert (got.state, got.why) == (U, Why.ERROR)


def test_compensated_only_where_every_faulty_object_is() -> None:
    made = Compensation(by="x", reason="y", approver="z")
    (half,) = aggregate([result("a", F, compensation=made), result("b", F)], RULE)
    (whole,) = aggregate([result("a", F, compensation=made), result("b", P)], RULE)
    assert half.compensation is None
    assert whole.compensation == made


def test_a_share_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="share"):
        Aggregation(id="x", title=WORD, basis=Basis(source="x"), over=Over.SHARE, share=0)
