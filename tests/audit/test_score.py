"""The conclusion decides a school's year: edges, unknowns, hazards, compensation."""

import dataclasses
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.model import (
    Compensation,
    Control,
    ItemResult,
    ObjectClass,
    Part,
    Score,
    State,
    Tier,
    Why,
)
from audit.score import (
    Compensated,
    Conclusion,
    Hazards,
    Scoring,
    conclude,
    counted,
    score,
)
from audit.weighing import Weighing
from audit.yardsticks import ROOM, load_yardsticks
from rules.load import DataError, loads, read_text
from rules.model import Basis, Status, Text

DEFAULT = load_yardsticks().scoring
WORD = Text(zh="甲", en="a")
LETTER = {
    "p": State.PASS,
    "h": State.PARTIAL,
    "f": State.FAIL,
    "n": State.NOT_APPLICABLE,
    "u": State.UNKNOWN,
}


def scoring(**changes: object) -> Scoring:
    """The shipped settings with some changed (a frozen value, so made anew)."""
    return dataclasses.replace(DEFAULT, **changes)  # type: ignore[arg-type]


def control(clause: str, *, scored: bool = True, weight: float = 1.0) -> Control:
    return Control(
        standard="GBT22239-2019",
        level=3,
        part=Part.GENERAL,
        clause=clause,
        point=clause,
        point_title=WORD,
        section=Text(zh="安全计算环境", en=""),
        text=WORD,
        objects=(ObjectClass.SERVER,),
        tiers={ObjectClass.SERVER: Tier.HOST},
        weight=weight,
        basis=Basis(source="x", status=Status.CONFIRMED),
        scored=scored,
    )


def result(clause: str, letter: str, **more: object) -> ItemResult:
    state = LETTER[letter]
    return ItemResult(
        control=f"GBT22239-2019:3:{clause}",
        target="",
        state=state,
        why=Why.NOT_CHECKED if state is State.UNKNOWN else None,
        reason=WORD,
        **more,  # type: ignore[arg-type]
    )


def scored(letters: str, **more: object) -> Score:
    clauses = [f"8.1.4.{number}" for number in range(1, len(letters) + 1)]
    return score(
        [result(clause, letter) for clause, letter in zip(clauses, letters, strict=True)],
        [control(clause) for clause in clauses],
        **{"scoring": DEFAULT, **more},  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("letters", "code", "rate"),
    [
        ("p" * 10, "meets", 1.0),
        ("p" * 91 + "f" * 9, "meets", 0.91),
        ("p" * 9 + "f", "mostly", 0.9),  # exactly 90 %: open edge, by setting
        ("p" * 89 + "f" * 11, "mostly", 0.89),
        ("p" * 61 + "f" * 39, "mostly", 0.61),
        ("p" * 6 + "f" * 4, "fails", 0.6),  # exactly 60 %: open edge, by setting
        ("p" * 59 + "f" * 41, "fails", 0.59),
        ("f", "fails", 0.0),
        ("p" * 10 + "n" * 90, "meets", 1.0),  # what does not apply leaves the denominator
        ("p" * 95 + "h" * 5, "meets", 0.95),
        ("h" * 10, "fails", 0.0),  # partial counts 0
        ("p" * 99 + "u", "none", None),  # one unknown blocks, however good the rest
        ("u", "none", None),
        ("n", "none", None),
        ("", "none", None),
    ],
)
def test_conclusions_by_the_2025_template(letters: str, code: str, rate: float | None) -> None:
    got = scored(letters)
    assert (got.code, got.rate) == (code, rate)


@pytest.mark.parametrize(
    ("rate", "hazards", "changes", "wanted"),
    [
        ("0.95", Hazards(hazards=1), {}, Conclusion.MOSTLY),
        ("0.95", Hazards(hazards=1), {"hazard_above": Conclusion.FAILS}, Conclusion.FAILS),
        ("0.95", Hazards(hazards=2, mended=2), {}, Conclusion.MOSTLY),  # counted as before
        ("0.95", Hazards(hazards=2, mended=2), {"mended_hazards": False}, Conclusion.MEETS),
        ("0.95", Hazards(hazards=2, mended=1), {"mended_hazards": False}, Conclusion.MOSTLY),
        ("0.95", Hazards(open=1), {}, Conclusion.NONE),  # undecided, and it would decide
        ("0.95", Hazards(high_risks=9), {}, Conclusion.MEETS),  # Q20 names hazards only
        ("0.80", Hazards(hazards=9, high_risks=9, open=9), {}, Conclusion.MOSTLY),  # indifferent
        ("0.50", Hazards(open=1), {}, Conclusion.FAILS),
        ("0.9", Hazards(), {"at_upper": Conclusion.MEETS}, Conclusion.MEETS),
        ("0.9", Hazards(hazards=1), {"at_upper": Conclusion.MEETS}, Conclusion.MOSTLY),
        ("0.9", Hazards(open=1), {"at_upper": Conclusion.MEETS}, Conclusion.NONE),
        ("0.6", Hazards(), {"at_lower": Conclusion.MOSTLY}, Conclusion.MOSTLY),
        ("0.900001", Hazards(), {}, Conclusion.MEETS),
        ("0.599999", Hazards(), {}, Conclusion.FAILS),
    ],
)
def test_hazards_and_open_edges(
    rate: str, hazards: Hazards, changes: dict[str, object], wanted: Conclusion
) -> None:
    code, reasons = conclude(Fraction(rate), unknown=0, hazards=hazards, scoring=scoring(**changes))
    assert code is wanted
    assert reasons


def test_ninety_percent_is_exact_not_a_float() -> None:
    """0.9 as a float is less than 9/10: the edge must not depend on it."""
    assert scored("p" * 189 + "f" * 21).code == "mostly"
    assert (
        conclude(
            Fraction(189, 210),
            unknown=0,
            hazards=Hazards(),
            scoring=scoring(at_upper=Conclusion.FAILS),
        )[0]
        is Conclusion.FAILS
    )


def test_unknown_stays_in_the_denominator() -> None:
    got = scored("ppffuuuunn")
    assert (got.passed, got.failed, got.unknown, got.not_applicable) == (2, 2, 4, 2)
    assert (got.floor, got.ceiling, got.rate, got.weighted) == (0.25, 0.75, None, None)
    assert got.conclusion.zh == "暂不作结论"


def test_an_item_without_a_result_is_unknown() -> None:
    got = score([], [control("8.1.4.1")], scoring=DEFAULT)
    assert (got.unknown, got.code) == (1, "none")


def test_not_applicable_without_a_reason_is_unknown() -> None:
    bare = ItemResult(control="GBT22239-2019:3:8.1.4.1", target="", state=State.NOT_APPLICABLE)
    assert counted(bare, Compensated.UNCHANGED) is State.UNKNOWN
    assert counted(result("8.1.4.1", "n"), Compensated.UNCHANGED) is State.NOT_APPLICABLE


def test_unverified_items_are_shown_and_unscored() -> None:
    got = score(
        [result("8.1.4.1", "p"), result("8.1.4.2", "f")],
        [control("8.1.4.1"), control("8.1.4.2", scored=False)],
        scoring=DEFAULT,
    )
    assert (got.rate, got.unscored, got.failed) == (1.0, 1, 0)


def test_results_out_of_scope_count_nothing() -> None:
    got = score([result("8.1.4.9", "f")], [control("8.1.4.1")], scoring=DEFAULT)
    assert (got.failed, got.unknown) == (0, 1)


def test_two_results_for_one_control_are_refused() -> None:
    with pytest.raises(ValueError, match="two results"):
        score([result("8.1.4.1", "p")] * 2, [control("8.1.4.1")], scoring=DEFAULT)


def test_partial_both_ways_are_printed() -> None:
    got = scored("pppppppphh")
    assert got.rates == {"0": 0.8, "0.5": 0.9}
    assert (got.rate, got.code) == (0.8, "mostly")
    assert scored("p" * 19 + "hh", scoring=scoring(partial=0.5)).code == "meets"


@pytest.mark.parametrize(
    ("compensation", "how", "wanted"),
    [
        (Compensation(by="8.1.3.2.a", reason="边界已限制", approver="李"), "unchanged", State.FAIL),
        (
            Compensation(by="8.1.3.2.a", reason="边界已限制", approver="李"),
            "partial",
            State.PARTIAL,
        ),
        (Compensation(by="8.1.3.2.a", reason="边界已限制", approver="李"), "pass", State.PASS),
        (Compensation(by="8.1.3.2.a", reason=" ", approver="李"), "pass", State.FAIL),
        (Compensation(by="8.1.3.2.a", reason="边界已限制", approver=""), "pass", State.FAIL),
        (Compensation(by="", reason="边界已限制", approver="李"), "pass", State.FAIL),
        (None, "pass", State.FAIL),
    ],
)
def test_compensation_counts_with_reason_and_approver(
    compensation: Compensation | None, how: str, wanted: State
) -> None:
    one = result("8.1.4.1", "f", compensation=compensation)
    assert counted(one, Compensated(how)) is wanted


def test_compensation_never_makes_the_unknown_known() -> None:
    made = Compensation(by="8.1.3.2.a", reason="边界已限制", approver="李")
    one = result("8.1.4.1", "u", compensation=made)
    assert counted(one, Compensated.PASS) is State.UNKNOWN


def test_every_setting_is_printed_with_its_source() -> None:
    got = scored("p")
    for name in ("upper", "lower", "partial", "at_upper", "at_lower", "hazard_above"):
        told = got.settings[name]
        assert told["source"]
        assert told["zh"]
        assert told["status"] in {"confirmed", "secondary", "unverified"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("partial: 0\n", "partial: 0.7\n"),
        ("upper: 0.9\n", "upper: 0.5\n"),
        ("hazard_above: mostly", "hazard_above: meets"),
        ("  at_upper:\n    reason", "  at_uper:\n    reason"),
    ],
)
def test_a_wrong_template_is_refused(old: str, new: str) -> None:
    text = read_text(ROOM / "scoring" / "template-2025.yaml")
    assert old in text
    with pytest.raises(DataError):
        loads(Scoring, text.replace(old, new), "x.yaml")


def test_the_2021_template_is_a_plug_in() -> None:
    old = load_yardsticks(template="template-2021").scoring
    assert old.weighing is Weighing.FORMULA_2021
    assert old.basis.status is Status.UNVERIFIED
    assert scored("ppff", scoring=old).weighted == 50.0  # the management half is untouched


ORDER = ("none", "fails", "mostly", "meets")


@settings(max_examples=120, deadline=None)
@given(letters=st.text("pphfn", min_size=1, max_size=40), hazards=st.integers(0, 2))
def test_mending_an_item_never_worsens_the_conclusion(letters: str, hazards: int) -> None:
    risks = Hazards(hazards=hazards)
    before = scored(letters, hazards=risks)
    better = letters.replace("f", "h", 1) if "f" in letters else letters.replace("h", "p", 1)
    after = scored(better, hazards=risks)
    assert ORDER.index(after.code) >= ORDER.index(before.code)
    assert before.floor <= after.floor


@settings(max_examples=120, deadline=None)
@given(letters=st.text("pphfnu", max_size=40))
def test_counts_add_up_and_the_rate_lies_between(letters: str) -> None:
    got = scored(letters)
    whole = got.passed + got.partial + got.failed + got.not_applicable + got.unknown
    assert whole == len(letters)
    assert 0 <= got.floor <= got.ceiling <= 1
    assert (got.rate is None) is (got.unknown > 0 or got.not_applicable == whole)
    assert got.unknown == 0 or got.code == "none"
