"""Numbers beside names of a roster."""

import pytest

from rules.personal_files import load_knowledge
from rules.recognise.personal.finder import Finder
from rules.recognise.personal.kinds import Confidence, Hit, Kind
from rules.recognise.personal.names import Roster
from rules.recognise.personal.rows import beside

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
