"""Kinds: those a text can show are the first ones; a Hit says nothing of its value."""

from rules.recognise.personal.kinds import FINDABLE, Confidence, Hit, Kind


def test_findable_kinds_end_where_headers_begin() -> None:
    assert Kind.ID_CARD in FINDABLE
    assert Kind.SECRET in FINDABLE
    assert Kind.BIRTH_DATE not in FINDABLE


def test_a_hit_holds_no_value() -> None:
    assert Hit._fields == ("kind", "start", "end", "confidence", "rule")
    assert {one.value for one in Confidence} == {"verified", "suspected"}
