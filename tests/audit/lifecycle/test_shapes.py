"""Cells as text, and what they look like."""

import datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.lifecycle import shapes
from rules.recognise.personal.kinds import Kind


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        ("NULL", ""),
        (" a\x00b ", "ab"),
        (True, "true"),
        (3, "3"),
        (2.5, "2.5"),
        (Decimal("1E+3"), "1000"),
        (datetime.date(2012, 3, 4), "2012-03-04"),
        (b"\xff\xd8\xff\xe0", shapes.IMAGE),
        (b"\x00\xfe\x01", shapes.BINARY),
        (b"", ""),
        ("张三".encode("gb18030"), "张三"),
        ({"a": 1}, '{"a": 1}'),
        ("x" * 9000, "x" * 4000),
    ],
)
def test_text_of(value, text):
    assert shapes.text_of(value) == text


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("2012-03-04", shapes.DATE),
        ("20120304", shapes.DATE),
        ("2012年3月4日", shapes.DATE),
        ("2012/3/4 08:00:00", shapes.DATE),
        ("2012年3月", shapes.MONTH),
        ("20120230", ""),
        ("3.14", ""),
        ("", ""),
    ],
)
def test_dated(text, what):
    assert shapes.dated(text) == what


@pytest.mark.parametrize(
    ("text", "yes"),
    [
        ("1.1019920120304E+17", True),
        ("1.10199E+17", True),
        ("110199201203041000", True),
        ("1.1019920129904e+17", False),
        ("1.5E+12", False),
        ("110199201203041235", False),
        ("9.9E+17", False),
    ],
)
def test_numbers_that_went_through_floats(text, yes):
    assert shapes.floated(text) is yes


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("110199********1234", Kind.ID_CARD),
        ("140****1234", Kind.PHONE),
        ("张*", Kind.NAME),
        ("张某某", Kind.NAME),
        ("622202*********1234", Kind.BANK_CARD),
        ("a***@b.com", Kind.EMAIL),
        ("140xxxx1234", Kind.PHONE),
        ("**", None),
        ("plain", None),
        ("某" * 70, None),
    ],
)
def test_half_masked(text, kind):
    assert shapes.masked(text) is kind


def test_whole_numbers_with_a_point():
    assert shapes.whole("14000000000.0") == "14000000000"
    assert shapes.whole("14000000000.5") is None


def test_leaves_of_documents():
    assert dict(shapes.leaves('{"a": {"b": "x"}, "c": [1, null]}')) == {"b": "x", "c": "1"} | {
        "c": "1"
    }
    assert list(shapes.leaves("{broken}")) == []
    assert list(shapes.leaves("plain")) == []
    assert list(shapes.leaves("[" * 9000 + "]" * 9000)) == []


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(), st.binary(), st.floats(), st.integers(), st.decimals()))
def test_any_value_becomes_text(value):
    text = shapes.text_of(value)
    assert "\x00" not in text
    assert len(text) <= shapes.LONGEST
    shapes.masked(text), shapes.floated(text), shapes.dated(text), list(shapes.leaves(text))
