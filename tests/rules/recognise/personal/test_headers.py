"""Headers of columns and value sets, with the file's own examples."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.load import load
from rules.personal_files import PERSONAL
from rules.recognise.personal.headers import HeaderFile, Headers
from rules.recognise.personal.kinds import FINDABLE, Kind

FILE = load(HeaderFile, PERSONAL / "headers.yaml")
HEADERS = Headers(FILE)


@pytest.mark.parametrize("sample", FILE.examples.hit, ids=lambda one: one.text)
def test_examples_hit(sample):
    assert HEADERS.meaning(sample.text).kind is sample.kind


@pytest.mark.parametrize("sample", FILE.examples.miss, ids=lambda one: one.text)
def test_examples_miss(sample):
    assert HEADERS.meaning(sample.text).kind is not sample.kind


def test_every_label_says_its_own_kind():
    """A label that another one always hides would never work."""
    for label in FILE.headers:
        for word in (*label.words, *label.ascii):
            assert HEADERS.meaning(word).kind is label.kind, word


def test_every_kind_has_a_header():
    assert {label.kind for label in FILE.headers} == set(Kind)


@pytest.mark.parametrize(
    ("value", "kinds"),
    [
        ("男", {Kind.SEX}),
        ("汉族", {Kind.ETHNICITY}),
        ("第二实验中学", {Kind.SCHOOL}),
        ("$2b$12$" + "a" * 53, {Kind.PASSWORD}),
        ("苹果", set()),
        ("", set()),
    ],
)
def test_values_that_say_a_kind_alone(value, kinds):
    assert HEADERS.alone(value) == kinds


def test_codes_fit_only_under_their_header():
    assert HEADERS.fits("1", Kind.SEX)
    assert not HEADERS.fits("7", Kind.SEX)
    assert HEADERS.fits("97.5", Kind.SCORE)
    assert not HEADERS.fits("x", Kind.NAME)
    assert HEADERS.has_set(Kind.SEX)
    assert not HEADERS.has_set(Kind.PHONE)


def test_sets_are_of_kinds_that_texts_do_not_show():
    assert {one.kind for one in FILE.sets} & set(FINDABLE) == set()


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=300))
def test_any_header_is_read(text):
    HEADERS.meaning(text)
    HEADERS.alone(text)
