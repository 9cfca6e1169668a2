"""The small parsers of policy files."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.policy import At, Policy, Prefix, Quota, Scope, Window
from rules.load import DataError, loads
from tests.policies.samples import end, policy


@pytest.mark.parametrize(
    ("text", "start", "finish"),
    [
        ("22:00-06:00", 1320, 360),
        ("00:00-24:00", 0, 1440),
        ("6:05 - 7:00", 365, 420),
        ("23:59-00:00", 1439, 0),
    ],
)
def test_windows(text: str, start: int, finish: int) -> None:
    window = Window.parse(text)
    assert (window.start, window.end) == (start, finish)
    assert Window.parse(str(window)) == window


@pytest.mark.parametrize(
    "text",
    [
        *["", "22:00", "22-06", "24:00-06:00", "25:00-06:00", "22:60-06:00", "10:00-10:00"],
        *["２２:00-06:00", "1:0-2:00", "-1:00-02:00", "10:00-24:01", "22:00-06:00-07:00", "🌙"],
    ],
)
def test_bad_windows(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Window.parse(text)


@settings(max_examples=200)
@given(st.text(max_size=20))
def test_window_parsing_is_total(text: str) -> None:
    try:
        window = Window.parse(text)
    except ValueError:
        return
    assert 0 <= window.start < 1440
    assert 0 <= window.end <= 1440


@pytest.mark.parametrize("text", ["10.0.0.1/8", "10.0.0.0/33", "school", ""])
def test_bad_prefixes(text: str) -> None:
    with pytest.raises(ValueError, match="not a prefix"):
        Prefix(prefix=text)


def test_a_prefix_names_a_subject_of_its_school() -> None:
    subject = Prefix(prefix="fd00::/8", group="g").subject("s1")
    assert (subject.school, subject.group, subject.stage, subject.source) == (
        "s1",
        "g",
        "",
        "prefix",
    )


@pytest.mark.parametrize("minutes", [0, -1, 1441])
def test_bad_quotas(minutes: int) -> None:
    with pytest.raises(ValueError, match="minutes"):
        Quota(minutes=minutes)


def test_case_times_are_checked_when_read() -> None:
    assert At.parse(" 2026-09-01T10:00 ") == "2026-09-01T10:00"
    with pytest.raises(ValueError, match="not a time"):
        At.parse("noon")


@pytest.mark.parametrize(
    ("scope", "ends", "expected"),
    [("district", True, False), ("preset", True, True), ("preset", False, False)],
)
def test_allow_only(scope: str, ends: bool, expected: bool) -> None:
    made = policy("p", scope, otherwise=end("block") if ends else None)
    assert made.allow_only is expected


def test_errors_of_a_file_are_all_collected_with_their_place() -> None:
    text = """id: p
title: {zh: 题, en: title}
scope: presett
clauses:
  - id: a
    title: {zh: 题, en: title}
    action: blok
    reason: {zh: 由, en: reason}
    when: {hours: "25:00-26:00", colour: red}
"""
    with pytest.raises(DataError) as caught:
        loads(Policy, text, "p.yaml")
    places = [(p.line, p.column) for p in caught.value.problems]
    assert places == [(3, 8), (7, 13), (9, 19), (9, 34)]
    assert "did you mean `block`" in str(caught.value)


def test_one_value_may_stand_for_a_list() -> None:
    text = """id: p
title: {zh: 题, en: title}
scope: school
clauses:
  - id: a
    title: {zh: 题, en: t}
    action: block
    reason: {zh: 由, en: r}
    when: {hours: 22:00-06:00, days: sat}
"""
    found = loads(Policy, text, "p.yaml")
    assert found.scope is Scope.SCHOOL
    assert str(found.clauses[0].when.hours[0]) == "22:00-06:00"
