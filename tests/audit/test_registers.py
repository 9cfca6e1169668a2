"""Registers are read with every error by line and cell, and never anything else happens."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.catalog import load_catalog
from audit.registers import Column, Kind, Register, day, load_registers, read, template, value
from rules.load import DataError, load
from rules.model import Text


@cache
def known() -> dict[str, Register]:
    return dict(load_registers())


def trainings(*lines: str) -> bytes:
    return "\n".join(("日期*,主题*,类别*,对象*,人数*,组织者*", *lines)).encode()


def test_all_descriptions_are_read_and_their_clauses_are_there() -> None:
    catalog = load_catalog()
    assert len(known()) >= 30
    for one in known().values():
        assert one.needed, one.id
        assert one.clauses, one.id
        for clause in one.clauses:
            assert catalog.get(f"GBT22239-2019:3:{clause}"), f"{one.id}: {clause}"


def test_rows_are_read() -> None:
    rows = read(
        trainings(
            "2026-09-01,钓鱼邮件,安全意识,教师,120,信息中心", "", "2026年10月8日,巡检,skill,,8,"
        ),
        known()["trainings"],
        "t.csv",
    )
    assert [row["line"] for row in rows] == [2, 4]
    assert rows[0]["date"] == date(2026, 9, 1)
    assert (rows[0]["kind"], rows[1]["kind"]) == ("awareness", "skill")
    assert (rows[0]["people"], rows[1]["audience"], rows[1]["hours"]) == (120.0, None, None)


def test_gbk_and_byte_order_marks() -> None:
    text = "日期,主题,类别,对象,人数,组织者\n2026-09-01,甲,应急,乙,3,丙\n"
    for name in ("gb18030", "utf-8-sig"):
        (row,) = read(text.encode(name), known()["trainings"], "t.csv")
        assert (row["topic"], row["kind"]) == ("甲", "emergency")


def test_yaml_rows() -> None:
    text = "rows:\n  - {date: 2026-09-01, topic: x, kind: exam, people: 3}\n"
    (row,) = read(text.encode(), known()["trainings"], "t.yaml")
    assert (row["date"], row["kind"], row["by"]) == (date(2026, 9, 1), "exam", None)
    with pytest.raises(DataError, match="`when` 未知"):
        read(b"rows:\n  - {when: 1}\n", known()["trainings"], "t.yaml")


def test_every_error_is_told_with_its_place() -> None:
    with pytest.raises(DataError) as caught:
        read(
            trainings("2026-02-30,a,安全意识,x,3,y", "2026-09-01,b,聚餐,x,many,y"),
            known()["trainings"],
            "t.csv",
        )
    said = str(caught.value)
    assert "t.csv:2:1" in said
    assert "2026-02-30" in said
    assert "t.csv:3:3" in said
    assert "聚餐" in said
    assert "t.csv:3:5" in said


def test_headings() -> None:
    wrong = {
        "日期,日期": "重复",
        "日期,心情": "心情",
        "日期": "缺列",
        "": "缺列",
    }
    for head, said in wrong.items():
        with pytest.raises(DataError, match=said):
            read(head.encode(), known()["trainings"], "t.csv")
    with pytest.raises(DataError, match="more cells"):
        read(trainings("2026-09-01,a,应急,x,3,y,z"), known()["trainings"], "t.csv")


@pytest.mark.parametrize(
    "text", ["2026-09-01", "2026/9/1", "2026.9.1", "2026年9月1日", "2026-09-01 08:00"]
)
def test_dates_as_people_write_them(text: str) -> None:
    assert day(text) == date(2026, 9, 1)


@pytest.mark.parametrize("text", ["", "1 Sept", "2026-13-01", "20260901", "二〇二六年", "=TODAY()"])
def test_what_is_no_date(text: str) -> None:
    with pytest.raises(ValueError, match="不是日期"):
        day(text)


def test_values() -> None:
    column = Column(id="a", title=Text(zh="甲", en="a"), kind=Kind.YES)
    assert [value(column, one) for one in ("是", "No", " ", "有")] == [True, False, None, True]
    with pytest.raises(ValueError, match="是"):
        value(column, "也许")


def test_a_description_that_does_not_hold(tmp_path: Path) -> None:
    bad = tmp_path / "x.yaml"
    bad.write_text(
        "id: x\ntitle: {zh: 甲, en: a}\ndated: when\n"
        "columns:\n  - {id: a, title: {zh: 乙, en: b}}\n",
        encoding="utf-8",
    )
    with pytest.raises(DataError, match="dated"):
        load(Register, bad)


def test_empty_tables_read_back() -> None:
    for one in known().values():
        assert read(template(one).encode(), one, f"{one.id}.csv") == ()


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.one_of(st.binary(max_size=300), st.text(max_size=200).map(trainings)))
def test_any_bytes_are_rows_or_an_error(data: bytes) -> None:
    for file in ("t.csv", "t.yaml"):
        with suppress(DataError):
            assert all("line" in row for row in read(data, known()["trainings"], file))
