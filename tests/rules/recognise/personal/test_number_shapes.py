"""Shapes of single kinds, without the text around them."""

from rules.recognise.personal.kinds import Confidence, Kind
from rules.recognise.personal.labels import NOTHING, Meaning
from rules.recognise.personal.number_shapes import (
    Prefixes,
    area,
    by_label,
    by_length,
    landline,
    mobile,
    mobile_run,
    plus,
)


def test_ranges_of_mobile_numbers() -> None:
    assert mobile("13800000000")
    assert not mobile("12800000000")
    assert not mobile("1380000000")


def test_area_codes() -> None:
    assert area("010")
    assert area("0898")
    assert not area("026")
    assert not area("0198")


def test_issuers_by_length() -> None:
    made = by_length((Prefixes(length=19, starts=("622202",)),))
    assert made == {19: frozenset({"622202"})}


def test_a_label_makes_what_has_no_check() -> None:
    said = Meaning(frozenset((Kind.TAIWAN_PERMIT,)))
    hit = by_label("L00000000", 0, 9, said.kinds)
    assert hit is not None
    assert hit.confidence is Confidence.VERIFIED
    assert by_label("L00000000", 0, 9, frozenset()) is None


def test_country_codes_and_brackets() -> None:
    assert plus("(+86)138", 2, 5) == 0
    assert plus("(+86 138", 2, 5) == 1  # the bracket is the sentence's
    assert mobile_run("8613800000000", 0, 13, NOTHING) is not None
    assert mobile_run("8612800000000", 0, 13, NOTHING) is None


def test_a_veto_takes_a_landline_away() -> None:
    assert landline("02366660000", 0, 11, NOTHING) is not None
    assert landline("02366660000", 0, 11, Meaning(veto=frozenset((Kind.LANDLINE,)))) is None
