"""A dated list is evidence: read whole or not at all, and no list is not 'not listed'."""

import contextlib
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.trusted import Product, Standing, compare, parse
from rules.load import DataError

HEAD = "公告日期,公告文号,类别,产品名称,研制单位,安全可靠等级,有效期至\n"
LIST = (
    HEAD
    + "2024-05-20,公告2024-1,操作系统,甲操作系统 V10,甲公司,II级,2027-05-20\n"
    + "2025-05-20,公告2025-1,操作系统,甲操作系统 V10,甲公司,I级,2026-01-01\n"
    + "\n"
    + "2025-05-20,公告2025-1,数据库,乙数据库,乙公司,I级,\n"
)
TODAY = date(2025, 11, 1)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_reads(encoding: str) -> None:
    got = parse(LIST.encode(encoding), "list.csv")
    assert [(one.product, one.grade, one.until is None) for one in got] == [
        ("甲操作系统 V10", "II级", False),
        ("甲操作系统 V10", "I级", False),
        ("乙数据库", "I级", True),
    ]


def test_english_headers() -> None:
    text = "announced,number,product,vendor\n2025-01-01,n,p,v\n"
    assert parse(text.encode(), "x")[0].number == "n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "empty"),
        ("公告日期,产品名称\n", "公告文号 / number is missing"),
        (HEAD + "昨天,公告,类,甲,乙,,\n", "2:1: 公告日期: `昨天` is no date"),
        (HEAD + "2025-01-01,,类,甲,乙,,\n", "2:2: 公告文号: is empty"),
        (HEAD + "2025-01-01,n,类,甲,乙,,永久\n", "2:7: 有效期至: `永久` is no date"),
        (HEAD + "2025-01-01\n", "公告文号: is empty"),
        (HEAD + '"2025-01-01\n', "unexpected end"),
    ],
)
def test_wrong_lists_are_refused_with_the_place(text: str, told: str) -> None:
    with pytest.raises(DataError) as caught:
        parse(text.encode(), "list.csv")
    assert told in str(caught.value)


def test_all_wrong_rows_at_once() -> None:
    with pytest.raises(DataError) as caught:
        parse((HEAD + ",,,,,,\n昨天,n,,p,v,,\n2025-01-01,n,,,v,,\n").encode(), "x")
    assert len(caught.value.problems) == 2


@pytest.mark.parametrize(
    ("name", "vendor", "wanted"),
    [
        ("甲操作系统 V10", "甲公司", Standing.LISTED),
        ("甲操作系统Ｖ１０", "甲公司", Standing.LISTED),
        ("乙数据库", "乙公司", Standing.LISTED),
        ("乙数据库", "丙公司", Standing.OTHER_VENDOR),
        ("丁", "丁公司", Standing.NOT_LISTED),
    ],
)
def test_compared(name: str, vendor: str, wanted: Standing) -> None:
    (got,) = compare([Product(name=name, vendor=vendor)], parse(LIST.encode(), "x"), today=TODAY)
    assert got.standing is wanted


def test_the_newest_announcement_speaks() -> None:
    product = Product(name="甲操作系统 V10", vendor="甲公司")
    (got,) = compare([product], parse(LIST.encode(), "x"), today=date(2026, 6, 1))
    assert got.standing is Standing.EXPIRED
    assert got.entry is not None
    assert got.entry.number == "公告2025-1"


def test_without_a_list_nothing_is_known() -> None:
    (got,) = compare([Product(name="甲", vendor="乙")], [], today=TODAY)
    assert got.standing is Standing.NO_LIST


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.binary(max_size=200), st.text(max_size=80).map(lambda x: (HEAD + x).encode())))
def test_foreign_bytes_are_read_or_refused(data: bytes) -> None:
    with contextlib.suppress(DataError):
        assert all(one.product for one in parse(data, "x"))
