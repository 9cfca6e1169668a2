"""What is printed as mended was proven mended."""

import pytest

from audit.model import HighRiskRule
from audit.rectification import Counts, Rectified, counts, for_score, rectified
from audit.risk import Risk, RiskState
from audit.score import Hazards
from rules.model import Basis, Text

WORD = Text(zh="甲", en="a")
T, C, U, L, OK, NA = RiskState
NAMES = "abcdefgh"


def risks(*states: RiskState) -> list[Risk]:
    return [
        Risk(
            rule=HighRiskRule(
                id=name,
                title=WORD,
                levels=(3,),
                controls=(),
                trigger=WORD,
                basis=Basis(source="x"),
            ),
            hazard=True,
            state=state,
            places=(),
        )
        for name, state in zip(NAMES, states, strict=False)
    ]


def test_counts() -> None:
    got = counts(risks(T, T, C, U, U, U, L, OK))
    assert got == Counts(triggered=2, candidate=1, unknown=3, lowered=1)
    assert got.open == 4


@pytest.mark.parametrize(
    ("after", "mended"),
    [(OK, 1), (L, 1), (U, 0), (C, 0), (T, 0), (NA, 0)],
)
def test_mended_means_proven(after: RiskState, mended: int) -> None:
    assert rectified(risks(T), risks(after)) == Rectified(before=1, mended=mended)


def test_a_rule_that_is_not_judged_again_still_stands() -> None:
    assert rectified(risks(T, T), risks(OK)) == Rectified(before=2, mended=1)


def test_what_was_clear_before_is_not_mended() -> None:
    assert rectified(risks(OK, U, C), risks(OK, OK, OK)) == Rectified(before=0, mended=0)


@pytest.mark.parametrize(
    ("before", "mended", "zh", "en"),
    [
        (10, 5, "10（5个已整改）", "10 (5 mended)"),
        (10, 10, "10（10个已整改）", "10 (10 mended)"),
        (3, 0, "3", "3"),
        (0, 0, "0", "0"),
    ],
)
def test_printed_as_the_template_wants(before: int, mended: int, zh: str, en: str) -> None:
    text = Rectified(before=before, mended=mended).text
    assert (text.zh, text.en) == (zh, en)


@pytest.mark.parametrize(
    ("after", "wanted"),
    [
        (None, Hazards(high_risks=1, hazards=2, mended=0, open=2)),
        (risks(OK, T, OK, OK), Hazards(high_risks=1, hazards=2, mended=1, open=0)),
        (risks(OK, U, OK, U), Hazards(high_risks=1, hazards=2, mended=1, open=2)),
    ],
)
def test_what_the_conclusion_needs(after: list[Risk] | None, wanted: Hazards) -> None:
    assert for_score(risks(T, C), risks(T, T, C, U), after) == wanted
