"""Which items are asked, and the mark of the wording."""

from __future__ import annotations

from dataclasses import replace

from audit.catalog import load_catalog
from audit.model import Part
from audit.questionnaire.model import PLACE, Header, made, mark, wanted
from rules.model import Text


def test_all_items_of_a_level_with_their_questions() -> None:
    catalog = load_catalog()
    form = made(Header(id="q"), wanted(catalog, level=3))
    assert form.header.rows == len(form.rows) == 211
    assert len(form.sheets) == 10
    assert all(one.questions and one.text and len(one.sheet) <= 31 for one in form.rows)
    assert len(wanted(catalog, level=3, parts=[Part.GENERAL, Part.CLOUD])) == 211 + 46
    assert len(wanted(catalog, level=2)) == 135
    key = "GBT22239-2019:3:8.1.6.1"
    assert [one.id for one in wanted(catalog, level=3, only=[key])] == [key]


def test_the_mark_changes_with_the_wording() -> None:
    (control,) = wanted(load_catalog(), level=3, only=["GBT22239-2019:3:8.1.6.1"])
    assert mark(control) == mark(control)
    assert mark(control) != mark(replace(control, text=Text(zh="另", en="other")))


def test_columns_have_one_place_each() -> None:
    assert sorted(PLACE.values()) == list(range(1, len(PLACE) + 1))
