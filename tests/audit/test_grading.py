"""A system graded S3A2: what keeps it available is asked at level 2, all else at level 3."""

import pytest

from audit.catalog import load_catalog
from audit.grading import Mark, in_scope, mark_of
from audit.model import Control, ObjectClass, Part, System, Tier
from audit.yardsticks import load_yardsticks
from rules.model import Basis, Text

GRADES = load_yardsticks().grades
WORD = Text(zh="甲", en="a")


def control(clause: str, title: str, part: Part = Part.GENERAL) -> Control:
    return Control(
        standard="GBT22239-2019",
        level=int(clause[0]) - 5,
        part=part,
        clause=clause,
        point=clause,
        point_title=Text(zh=title, en=""),
        section=WORD,
        text=WORD,
        objects=(ObjectClass.SERVER,),
        tiers={ObjectClass.SERVER: Tier.HOST},
        basis=Basis(source="x"),
    )


CATALOG = tuple(load_catalog().controls.values())


@pytest.mark.parametrize(
    ("s", "a", "g", "wanted"),
    [
        (3, 3, 3, 211),
        (2, 2, 2, 135),
        (3, 2, 3, 211 - 3 - 3 + 2 + 2),  # 电力供应 and 数据备份恢复 at level 2
        (2, 3, 3, None),
    ],
)
def test_the_real_catalog(s: int, a: int, g: int, wanted: int | None) -> None:
    system = System(id="x", name="x", organisation="o", s=s, a=a, g=g)
    chosen = in_scope(CATALOG, system, GRADES)
    if wanted is not None:
        assert len(chosen) == wanted
    assert {one.standard for one in chosen} == {"GBT22239-2019"}


CONTROLS = (
    control("7.1.1.9.a", "电力供应"),
    control("8.1.1.9.a", "电力供应"),
    control("7.1.4.8.a", "数据备份恢复"),
    control("8.1.4.9.a", "数据备份恢复"),
    control("7.1.4.1.a", "身份鉴别"),
    control("8.1.4.1.a", "身份鉴别"),
    control("7.1.3.2.a", "访问控制"),
    control("8.1.3.2.a", "访问控制"),
    control("8.2.2.1.a", "网络架构", Part.CLOUD),
)


@pytest.mark.parametrize(
    ("s", "a", "g", "wanted"),
    [
        (3, 3, 3, {"8.1.1.9.a", "8.1.4.9.a", "8.1.4.1.a", "8.1.3.2.a"}),
        (3, 2, 3, {"7.1.1.9.a", "7.1.4.8.a", "8.1.4.1.a", "8.1.3.2.a"}),
        (2, 3, 3, {"8.1.1.9.a", "8.1.4.9.a", "7.1.4.1.a", "8.1.3.2.a"}),
        (2, 2, 2, {"7.1.1.9.a", "7.1.4.8.a", "7.1.4.1.a", "7.1.3.2.a"}),
        (3, 2, 2, {"7.1.1.9.a", "7.1.4.8.a", "8.1.4.1.a", "8.1.3.2.a"}),  # G follows the level
        (1, 1, 1, set()),
    ],
)
def test_each_item_at_its_own_grade(s: int, a: int, g: int, wanted: set[str]) -> None:
    system = System(id="x", name="x", organisation="o", s=s, a=a, g=g)
    assert {one.clause for one in in_scope(CONTROLS, system, GRADES)} == wanted


def test_extensions_only_where_the_system_has_them() -> None:
    system = System(
        id="x", name="x", organisation="o", s=3, a=3, g=3, parts=(Part.GENERAL, Part.CLOUD)
    )
    assert "8.2.2.1.a" in {one.clause for one in in_scope(CONTROLS, system, GRADES)}


@pytest.mark.parametrize(
    ("clause", "title", "mark"),
    [
        ("8.1.3.2.a", "访问控制", Mark.G),  # the same words at the border are G
        ("8.1.4.2.a", "访问控制", Mark.S),
        ("8.1.1.10.a", "电磁防护", Mark.S),
        ("8.1.6.1", "安全策略", Mark.G),
        ("28", "x", Mark.G),
    ],
)
def test_marks(clause: str, title: str, mark: Mark) -> None:
    assert mark_of(control(clause if "." in clause else "8.1.9.9", title), GRADES) is mark
