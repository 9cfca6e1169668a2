"""The weighted score is for comparison: exact, bounded, and N/A left out."""

import pytest

from audit.model import Control, ObjectClass, Part, State, Tier
from audit.weighing import Weighing, grade_2021, technical, weigh
from rules.model import Basis, Text

WORD = Text(zh="甲", en="a")


SECTIONS = {"4": "安全计算环境", "5": "安全管理中心", "6": "安全管理制度"}


def control(clause: str, weight: float, section: str = "") -> Control:
    return Control(
        standard="GBT22239-2019",
        level=3,
        part=Part.GENERAL,
        clause=clause,
        point=clause,
        point_title=WORD,
        section=Text(zh=section or SECTIONS[clause.split(".")[2]], en=""),
        text=WORD,
        objects=(ObjectClass.SERVER,),
        tiers={ObjectClass.SERVER: Tier.HOST},
        weight=weight,
        basis=Basis(source="x"),
    )


@pytest.mark.parametrize(
    ("items", "mean", "formula"),
    [
        ([("8.1.4.1", 1.0, State.PASS), ("8.1.6.1", 1.0, State.PASS)], 100.0, 100.0),
        ([("8.1.4.1", 1.0, State.FAIL), ("8.1.6.1", 1.0, State.PASS)], 50.0, 50.0),
        ([("8.1.4.1", 0.4, State.FAIL), ("8.1.6.1", 1.0, State.PASS)], 100 * 1 / 1.4, 50.0),
        ([("8.1.4.1", 1.0, State.PARTIAL)], 50.0, 50.0),  # 50 − 3·½·100 stops at 0
        ([("8.1.4.1", 1.0, State.FAIL), ("8.1.6.1", 1.0, State.FAIL)], 0.0, 0.0),
        ([("8.1.4.1", 1.0, State.NOT_APPLICABLE), ("8.1.6.1", 1.0, State.PASS)], 100.0, 100.0),
        ([("8.1.4.1", 1.0, State.NOT_APPLICABLE)], None, None),
        ([], None, None),
    ],
)
def test_weighted(
    items: list[tuple[str, float, State]], mean: float | None, formula: float | None
) -> None:
    controls = [control(clause, weight) for clause, weight, _ in items]
    states = {one.id: state for one, (_, _, state) in zip(controls, items, strict=True)}
    assert weigh(controls, states, Weighing.MEAN) == pytest.approx(mean)
    assert weigh(controls, states, Weighing.FORMULA_2021) == pytest.approx(formula)


def test_a_minor_item_costs_one_step_of_ten() -> None:
    controls = [control(f"8.1.4.{number}", 0.4) for number in range(10)]
    states = {one.id: State.PASS for one in controls} | {controls[0].id: State.FAIL}
    assert weigh(controls, states, Weighing.FORMULA_2021) == 90.0


@pytest.mark.parametrize(
    ("clause", "section", "wanted"),
    [
        ("8.1.5.4.f", "安全管理中心", True),
        ("8.1.6.1", "安全管理制度", False),
        ("8.1.10.13.c", "安全运维管理", False),
        ("8.2.5.1.a", "安全管理中心", True),
        ("8.3.4.1.a", "安全建设管理", False),  # the fourth section of an extension
        ("8.4.4.1.a", "安全运维管理", False),
    ],
)
def test_technical_sections(clause: str, section: str, wanted: bool) -> None:
    assert technical(control(clause, 1.0, section)) is wanted


@pytest.mark.parametrize(
    ("points", "high", "medium", "wanted"),
    [
        (95, 0, 0, "优"),
        (95, 0, 1, "良"),
        (95, 1, 0, "差"),
        (80, 0, 0, "良"),
        (70, 0, 5, "中"),
        (69.9, 0, 0, "差"),
    ],
)
def test_grades_of_2021(points: float, high: int, medium: int, wanted: str) -> None:
    assert grade_2021(points, high=high, medium=medium).zh == wanted
