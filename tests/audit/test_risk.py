"""High risks and major hazards: what triggers, what lowers, what nobody has decided."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.model import (
    Finding,
    HighRiskRule,
    ItemResult,
    ObjectClass,
    Part,
    Severity,
    State,
    System,
    Target,
    Why,
)
from audit.risk import (
    Risk,
    RiskAnswer,
    RiskState,
    at_all_levels,
    barred,
    judge,
)
from audit.yardsticks import load_yardsticks
from rules.model import Basis, Text

WORD = Text(zh="甲", en="a")
ITEM = "GBT22239-2019:3:8.1.4.4.e"
OTHER = "GBT22239-2019:3:8.1.4.5"
SYSTEM = System(id="s", name="s", organisation="o", s=3, a=3, g=3)


def rule(**changes: object) -> HighRiskRule:
    return HighRiskRule(
        **{  # type: ignore[arg-type]
            "id": "6.4.3.2",
            "title": WORD,
            "levels": (2, 3, 4),
            "controls": (ITEM, OTHER),
            "trigger": WORD,
            "mitigations": (Text(zh="已拦截", en="shielded"), Text(zh="已隔离", en="isolated")),
            "checks": ("vuln",),
            "basis": Basis(source="x"),
            **changes,
        }
    )


def finding(check: str, state: State) -> Finding:
    return Finding(
        check=check,
        version="1",
        target="a",
        state=state,
        severity=Severity.HIGH,
        reason=WORD,
    )


def item(
    state: State, *, target: str = "a", control: str = ITEM, checks: tuple[Finding, ...] = ()
) -> ItemResult:
    return ItemResult(
        control=control,
        target=target,
        state=state,
        why=Why.ERROR if state is State.UNKNOWN else None,
        findings=checks,
    )


def target(name: str = "a", *, exposed: bool = False, platform: str = "debian") -> Target:
    return Target(
        id=name,
        name=name,
        system="s",
        kind=ObjectClass.SERVER,
        platform=platform,
        exposed=exposed,
    )


def answer(**more: object) -> RiskAnswer:
    return RiskAnswer(**{"rule": "6.4.3.2", "reason": "测试过", "by": "王", **more})  # type: ignore[arg-type]


def one(results: list[ItemResult], *answers: RiskAnswer, **more: object) -> Risk:
    chosen = more.pop("rule", rule())
    (got,) = judge(
        [chosen],  # type: ignore[list-item]
        results,
        answers=answers,
        **{"system": SYSTEM, "targets": {"a": target()}, **more},  # type: ignore[arg-type]
    )
    return got


P, F, H, U, N = State.PASS, State.FAIL, State.PARTIAL, State.UNKNOWN, State.NOT_APPLICABLE
FAILS = finding("vuln", F)


@pytest.mark.parametrize(
    ("results", "wanted"),
    [
        ([item(P), item(P, control=OTHER)], RiskState.CLEAR),
        ([item(F)], RiskState.CANDIDATE),  # an item may fail for other reasons
        ([item(H)], RiskState.CANDIDATE),
        ([item(F, checks=(FAILS,))], RiskState.TRIGGERED),
        ([item(U, checks=(FAILS,))], RiskState.TRIGGERED),  # the check is evidence enough
        ([item(F, checks=(finding("else", F),))], RiskState.CANDIDATE),
        (
            [item(P, checks=(finding("vuln", U),))],
            RiskState.UNKNOWN,
        ),  # could not tell
        ([item(P, checks=(finding("else", U),))], RiskState.CLEAR),
        ([item(U)], RiskState.UNKNOWN),
        ([item(P), item(U, control=OTHER)], RiskState.UNKNOWN),
        ([item(N), item(N, control=OTHER)], RiskState.NOT_APPLICABLE),
        ([item(N), item(P, control=OTHER)], RiskState.CLEAR),
        ([], RiskState.UNKNOWN),  # nothing looked at is not clear
        ([item(P, control="GBT22239-2019:3:8.1.1.2")], RiskState.UNKNOWN),
        ([item(P), item(F, target="b", checks=(FAILS,))], RiskState.TRIGGERED),  # worst place
        ([item(P), item(U, target="b")], RiskState.UNKNOWN),
        ([item(F, target="")], RiskState.CANDIDATE),  # aggregated only
    ],
)
def test_evidence_alone(results: list[ItemResult], wanted: RiskState) -> None:
    assert one(results).state is wanted


@pytest.mark.parametrize(
    ("results", "given", "wanted"),
    [
        ([item(F)], answer(triggered=True), RiskState.TRIGGERED),
        ([item(F)], answer(triggered=False), RiskState.CLEAR),
        ([item(U)], answer(triggered=True), RiskState.TRIGGERED),
        ([], answer(triggered=True), RiskState.TRIGGERED),
        ([item(F, checks=(FAILS,))], answer(triggered=False), RiskState.CANDIDATE),  # contradicted
        (
            [item(F)],
            answer(triggered=False, reason=""),
            RiskState.CANDIDATE,
        ),
        ([item(F)], answer(triggered=False, by=" "), RiskState.CANDIDATE),
        ([item(F)], answer(rule="other", triggered=True), RiskState.CANDIDATE),
        ([item(F)], answer(target="b", triggered=False), RiskState.CANDIDATE),
        ([item(F, checks=(FAILS,))], answer(mitigations=(1,)), RiskState.LOWERED),
        ([item(F)], answer(triggered=True, mitigations=(2,)), RiskState.LOWERED),
        ([item(F, checks=(FAILS,))], answer(mitigations=(0, 3)), RiskState.TRIGGERED),  # no such
        ([item(F)], answer(mitigations=(1,)), RiskState.CANDIDATE),  # nothing to lower yet
    ],
)
def test_a_person_decides(results: list[ItemResult], given: RiskAnswer, wanted: RiskState) -> None:
    assert one(results, given).state is wanted


@pytest.mark.parametrize(
    ("never", "known", "wanted"),
    [
        ((), target(exposed=True), RiskState.LOWERED),
        (("exposed",), target(exposed=False), RiskState.LOWERED),
        (("exposed",), target(exposed=True), RiskState.TRIGGERED),
        (("platform:windows",), target(platform="windows-2019"), RiskState.TRIGGERED),
        (("platform:windows",), target(platform="debian"), RiskState.LOWERED),
        (("platform:windows",), target(platform=""), RiskState.TRIGGERED),  # not known: no benefit
        (("always",), target(), RiskState.TRIGGERED),
        (("exposed",), None, RiskState.TRIGGERED),  # not known: no benefit
    ],
)
def test_what_is_never_lowered(
    never: tuple[str, ...], known: Target | None, wanted: RiskState
) -> None:
    got = one(
        [item(F, checks=(FAILS,))],
        answer(mitigations=(1,)),
        rule=rule(never=never, never_lowered=WORD if never else None),
        targets={} if known is None else {"a": known},
    )
    assert got.state is wanted


def test_a_bar_says_why() -> None:
    bar = barred(rule(never=("exposed",), never_lowered=WORD), None)
    assert bar is not None
    assert "对象情况不明" in bar.zh


def test_the_own_answer_of_a_target_beats_the_one_for_all() -> None:
    got = one(
        [item(F), item(F, target="b")],
        answer(triggered=True),
        answer(target="b", triggered=False),
    )
    assert {place.target: place.state for place in got.places} == {
        "a": RiskState.TRIGGERED,
        "b": RiskState.CLEAR,
    }


def test_the_last_answer_counts() -> None:
    assert one([item(F)], answer(triggered=True), answer(triggered=False)).state is RiskState.CLEAR


@pytest.mark.parametrize(
    ("changes", "system"),
    [
        ({"levels": (4,)}, SYSTEM),
        ({"part": Part.CLOUD}, SYSTEM),
        ({}, System(id="s", name="s", organisation="o", s=1, a=1, g=1)),
    ],
)
def test_rules_of_other_levels_and_parts_do_not_apply(
    changes: dict[str, object], system: System
) -> None:
    got = one([item(F, checks=(FAILS,))], rule=rule(**changes), system=system)
    assert (got.state, got.places) == (RiskState.NOT_APPLICABLE, ())


@pytest.mark.parametrize(
    ("three", "wanted"),
    [
        ((True, True, True), RiskState.TRIGGERED),
        ((True, True, None), RiskState.CANDIDATE),
        ((None, None, None), RiskState.CANDIDATE),
        ((True, False, True), RiskState.LOWERED),
        ((False, None, None), RiskState.LOWERED),
    ],
)
def test_a_hazard_needs_three_principles(
    three: tuple[bool | None, bool | None, bool | None], wanted: RiskState
) -> None:
    relevant, severe, frequent = three
    given = answer(relevant=relevant, severe=severe, frequent=frequent)
    assert one([item(F, checks=(FAILS,))], given, hazards=True).state is wanted


def test_three_principles_do_not_turn_a_candidate_into_a_hazard() -> None:
    given = answer(relevant=True, severe=True, frequent=True)
    assert one([item(F)], given, hazards=True).state is RiskState.CANDIDATE


def test_a_general_hazard_is_unknown_until_somebody_answers() -> None:
    general = rule(controls=(), checks=(), mitigations=())
    assert one([], rule=general, hazards=True).state is RiskState.UNKNOWN
    assert one([], answer(triggered=False), rule=general, hazards=True).state is RiskState.CLEAR


def test_what_is_known_of_the_whole_speaks_for_a_target_without_its_own() -> None:
    got = one([item(P), item(F, target="", control=OTHER)])
    assert got.state is RiskState.CANDIDATE
    assert got.places[0].controls == (OTHER,)


def test_places_name_items_and_checks() -> None:
    (place,) = one([item(F, checks=(FAILS, FAILS))]).places
    assert (place.controls, place.checks) == ((ITEM,), ("vuln",))


def test_controls_at_all_levels() -> None:
    kin = {ITEM: ("GBT22239-2019:2:7.1.4.4.e", ITEM, "GBT22239-2019:4:9.1.4.4.e")}
    (got,) = at_all_levels([rule()], lambda name: kin.get(name, ()))
    assert got.controls == (ITEM, *[one for one in kin[ITEM] if one != ITEM], OTHER)


@settings(max_examples=60, deadline=None)
@given(
    seen=st.lists(
        st.tuples(st.sampled_from([P, F, H, U, N]), st.sampled_from("ab"), st.booleans()),
        max_size=4,
    )
)
def test_without_an_answer_the_unknown_is_never_clear(
    seen: list[tuple[State, str, bool]],
) -> None:
    results = [
        item(state, target=name, control=ITEM if first else OTHER) for state, name, first in seen
    ]
    got = one(results)
    if not seen or any(state is U for state, _, _ in seen):
        assert got.state in (RiskState.CANDIDATE, RiskState.UNKNOWN)
    assert got.state is not RiskState.TRIGGERED  # an item alone triggers nothing


SHIPPED = load_yardsticks()


@pytest.mark.parametrize("shipped", [*SHIPPED.high, *SHIPPED.hazards], ids=lambda one: one.id)
def test_every_shipped_rule_can_fire_and_be_undone(shipped: HighRiskRule) -> None:
    level = shipped.levels[0]
    system = System(
        id="s", name="s", organisation="o", s=level, a=level, g=level, parts=(shipped.part,)
    )
    hazard = shipped.id.startswith("A-")
    three = {"relevant": True, "severe": True, "frequent": True} if hazard else {}
    fails = [item(F, control=name) for name in shipped.controls]

    def state(results: list[ItemResult], *answers: RiskAnswer) -> RiskState:
        more = {"rule": shipped, "system": system, "hazards": hazard}
        return one(results, *answers, **more).state

    yes = answer(rule=shipped.id, triggered=True, **three)
    assert state(fails, yes) is RiskState.TRIGGERED
    assert state(fails) is (RiskState.CANDIDATE if fails else RiskState.UNKNOWN)
    assert state(fails, answer(rule=shipped.id, triggered=False)) is RiskState.CLEAR
    for number, _ in enumerate(shipped.mitigations, 1):
        eased = answer(rule=shipped.id, triggered=True, mitigations=(number,), **three)
        wanted = RiskState.TRIGGERED if "always" in shipped.never else RiskState.LOWERED
        assert state(fails, eased) is wanted
    if hazard:
        not_severe = answer(rule=shipped.id, triggered=True, **{**three, "severe": False})
        assert state(fails, not_severe) is RiskState.LOWERED


def test_an_indication_makes_a_candidate_and_never_triggers() -> None:
    hinted = rule(checks=(), indicates=("hint",))
    results = [item(U, checks=(finding("hint", F),))]
    got = one(results, rule=hinted)
    assert got.state is RiskState.CANDIDATE
    assert got.places[0].indicates == ("hint",)
    assert one(results, answer(triggered=False), rule=hinted).state is RiskState.CLEAR
    assert one(results, answer(triggered=True), rule=hinted).state is RiskState.TRIGGERED
    for state in (P, U, N):
        quiet = [item(U, checks=(finding("hint", state),))]
        assert one(quiet, rule=hinted).state is RiskState.UNKNOWN
