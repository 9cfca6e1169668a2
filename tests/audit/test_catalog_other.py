"""The catalogs beside 等保: how many, where they stand, how sure, and nothing invented."""

import re

import pytest

from audit.catalog import load_catalog
from audit.grading import MLPS
from rules.model import Status

CATALOG = load_catalog()
OTHERS = [one for one in CATALOG.controls.values() if one.standard != MLPS]

POPULATION = {
    "GBT39204-2022": 90,
    "PIPL-2021": 12,
    "DSL-2021": 6,
    "NDSR-2025": 12,
    "MINORS-2024": 6,
    "CHILD-PI-2019": 13,
    "GBT37988-2019": 30,
    "GBT36637-2018": 8,
    "GBT43698-2024": 10,
    "GBT47020-2026": 1,
    "XINCHUANG": 2,
    "EDU-APPS-2019": 5,
    "EDU-DATA": 6,
    "MUNICIPAL": 2,
    "GBT39786-2021": 41,
}


@pytest.mark.parametrize(("standard", "number"), POPULATION.items())
def test_population(standard: str, number: int) -> None:
    assert len(CATALOG.select(standard=standard)) == number


def test_no_standard_is_forgotten() -> None:
    assert {one.standard for one in OTHERS} == set(POPULATION)


def test_six_activities() -> None:
    sections = {
        one.section.zh: one.clause.split(".")[0] for one in CATALOG.select(standard="GBT39204-2022")
    }
    assert sections == {
        "分析识别": "6",
        "安全防护": "7",
        "检测评估": "8",
        "监测预警": "9",
        "主动防御": "10",
        "事件处置": "11",
    }
    titles = {one.point_title.zh for one in CATALOG.select(standard="GBT39204-2022")}
    assert {"供应链安全保护", "数据安全防护"} <= titles


@pytest.mark.parametrize("standard", POPULATION)
def test_each_says_what_where_and_how(standard: str) -> None:
    for control in CATALOG.select(standard=standard):
        assert control.level == 0, control.id  # other standards never mix with the graded items
        assert control.text.zh, control.id
        assert control.text.en, control.id
        assert control.questions, control.id
        assert all(one.evidence for one in control.questions), control.id
        assert control.objects, control.id
        assert set(control.tiers) == set(control.objects), control.id
        assert control.defences, control.id
        assert control.basis.source, control.id
        assert control.scored is (control.status is not Status.UNVERIFIED), control.id


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("MINORS-2024:0:36", ("最小授权", "审批", "记录")),
        ("MINORS-2024:0:37", ("每年", "合规审计")),
        ("PIPL-2021:0:31", ("不满十四周岁", "监护人同意", "专门")),
        ("PIPL-2021:0:56", ("三年",)),
        ("NDSR-2025:0:12", ("合同", "三年")),
        ("CHILD-PI-2019:0:8", ("专门", "专人")),
        ("EDU-APPS-2019:0:use-s1", ("提供者备案",)),
        ("EDU-APPS-2019:0:use-s3", ("ICP", "等级保护备案")),
        ("GBT37988-2019:0:PA10", ("脱敏",)),
        ("GBT39204-2022:0:7.4.c", ("30 学时",)),
        ("GBT39204-2022:0:10.1.a", ("暴露面",)),
        ("GBT39786-2021:0:8.3.b", ("远程管理", "密码技术")),
    ],
)
def test_key_terms(name: str, words: tuple[str, ...]) -> None:
    control = CATALOG.get(name)
    assert control is not None
    assert [word for word in words if word not in control.text.zh] == []


def test_only_laws_that_were_read_are_confirmed() -> None:
    confirmed = {one.standard for one in OTHERS if one.status is Status.CONFIRMED}
    assert confirmed == {"PIPL-2021", "DSL-2021", "NDSR-2025", "MINORS-2024"}


def test_our_own_numbers_are_marked() -> None:
    """Where a standard's numbering is not known, ids carry an `s` and are not official."""
    for standard in ("GBT36637-2018", "GBT47020-2026", "XINCHUANG", "EDU-DATA", "MUNICIPAL"):
        for one in CATALOG.select(standard=standard):
            assert re.match(r"s\d", one.clause), one.id
