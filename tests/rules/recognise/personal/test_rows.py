"""Numbers beside names of a roster."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.personal_files import load_knowledge
from rules.recognise.personal.finder import Finder
from rules.recognise.personal.kinds import Confidence, Hit, Kind
from rules.recognise.personal.names import Roster
from rules.recognise.personal.rows import beside, cells, delimited

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


def headed(text: str) -> list[tuple[str, str]]:
    return [(str(hit.kind), text[hit.start : hit.end]) for hit in FINDER.find(text)]


@pytest.mark.parametrize("gap", ["\t", ",", ";", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_cells_under_the_header_of_their_lines(gap: str, end: str) -> None:
    rows = (("学号", "姓名", "考号"), ("0000017", "张小萌", "K000017"), ("0000018", "", "0000018"))
    found = headed(end.join(gap.join(row) for row in rows))
    assert found == [
        ("student_number", "0000017"),
        ("name", "张小萌"),
        ("exam_number", "K000017"),
        ("student_number", "0000018"),
        ("exam_number", "0000018"),
    ]


def test_a_number_that_looks_like_another_is_what_its_header_says() -> None:
    assert headed("姓名,考号\n张小萌,K00000000")[1] == ("exam_number", "K00000000")
    assert headed("name,phone\n张小萌,+8613800000000")[1] == ("phone", "+8613800000000")


@pytest.mark.parametrize(
    "text",
    [
        "学号,姓名\n",  # no rows
        "学号,姓名\n0000017",  # another number of cells
        "学号,姓名\n\n0000017,某某",  # the table has ended
        "第1列,学号\n甲,0000017",  # figures are no header
        "班级,座位\n甲,0000017",  # no header that says what it is
        "监护人,某某\n学号,0000017",  # a form: a label and its value in each line
    ],
)
def test_no_table(text: str) -> None:
    assert headed(text) == []


@settings(max_examples=200, deadline=None)
@given(st.lists(st.sampled_from(["姓名", "学号", ",", "\t", "|", "\n", "\r", "0000017", " ", '"', "甲"]), max_size=60).map("".join))  # fmt: skip  # noqa: E501
def test_cells_of_any_lines_stand_where_they_are_said_to(text: str) -> None:
    last = 0
    for header, start, end in delimited(text, lambda one: one in ("姓名", "学号")):
        assert header in text
        assert last <= start < end <= len(text)
        assert not set(text[start:end]) & set("\n")
        last = end
