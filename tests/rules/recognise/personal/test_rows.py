"""Numbers beside names of a roster."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.personal_files import load_knowledge
from rules.recognise.personal.finder import Finder
from rules.recognise.personal.kinds import Confidence, Hit, Kind
from rules.recognise.personal.names import Roster
from rules.recognise.personal.rows import beside, cells

FINDER = Finder(load_knowledge(), Roster(["张小萌"]))


@pytest.mark.parametrize(
    "text", ["张小萌\t20249999\t初二", "2024990001,张小萌", "张小萌 | 202499000001"]
)
def test_a_number_of_a_pupil(text: str) -> None:
    (number,) = [hit for hit in FINDER.find(text) if hit.kind is Kind.STUDENT_NUMBER]
    assert text[number.start : number.end].isdecimal()
    assert number.confidence is Confidence.SUSPECTED


@pytest.mark.parametrize(
    "text",
    [
        "张小萌\t20260901\t入学",  # a day
        "张小萌,202609011230",  # and a time
        "张小萌：20249999",  # no cell
        "张小萌\t120249999",
        "20249999\t某某某",  # nobody's name
        "张小萌,20249999.5",
    ],
)
def test_another_number(text: str) -> None:
    assert not [hit for hit in FINDER.find(text) if hit.kind is Kind.STUDENT_NUMBER]


def test_no_names_no_numbers() -> None:
    assert list(beside("张小萌\t20249999", ())) == []
    name = Hit(Kind.NAME, 0, 3, Confidence.VERIFIED, "roster")
    assert [hit.start for hit in beside("张小萌\t20249999", [name])] == [4]


def test_cells_of_a_markdown_table_are_read_under_their_header() -> None:
    text = "见表\n| 学号 | 姓名 |\n|---|:-:|\n| 20576781 | 张小萌 |\n|  | 某某 |\n完"
    assert [(head, text[low:high]) for head, low, high in cells(text)] == [
        ("学号", "20576781"),
        ("姓名", "张小萌"),
        ("姓名", "某某"),
    ]
    found = {(hit.kind, text[hit.start : hit.end]) for hit in FINDER.find(text)}
    assert (Kind.STUDENT_NUMBER, "20576781") in found


@settings(max_examples=100, deadline=None)
@given(st.text("|-: \n\t学号1a", max_size=80))
def test_any_text_of_bars(text: str) -> None:
    for _, low, high in cells(text):
        assert text[low:high].strip() == text[low:high] != ""


@pytest.mark.parametrize(
    "text", ["张小萌 X97011608", "张小萌（B20242259）", "张小萌\tX970116085\t1"]
)
def test_a_capital_and_digits_beside_a_name(text: str) -> None:
    assert Kind.STUDENT_NUMBER in {hit.kind for hit in FINDER.find(text)}
