"""Windows, slots of a timetable, and what overlaps."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policies.calendar import DayKind
from policies.hours import Slot, Span, Window, overlap


@pytest.mark.parametrize(
    ("text", "start", "end", "slot"),
    [
        ("08:00-09:30", 480, 570, ""),
        ("8:00 - 9:30", 480, 570, ""),
        ("22:00-06:00", 1320, 360, ""),
        ("00:00-24:00", 0, 1440, ""),
        ("class", 0, 0, "class"),
        ("self-study", 0, 0, "self-study"),
    ],
)
def test_windows(text: str, start: int, end: int, slot: str) -> None:
    found = Window.parse(text)
    assert (found.start, found.end, found.slot) == (start, end, slot)


@pytest.mark.parametrize(
    "text", ["", "08:00", "8-9", "24:00-06:00", "08:00-08:00", "25:00-26:00", "Class", "８:00-9:00"]
)
def test_bad_windows(text: str) -> None:
    with pytest.raises(ValueError, match=r"`|24:00"):
        Window.parse(text)


@pytest.mark.parametrize("text", ["08:00-09:30", "22:00-06:00", "class"])
def test_windows_read_back(text: str) -> None:
    assert str(Window.parse(text)) == text


def test_a_slot_is_on_school_days_unless_it_says_otherwise() -> None:
    assert Slot.parse("08:00-09:00").days == (DayKind.SCHOOL_DAY,)
    with pytest.raises(ValueError, match="is a name"):
        Slot.parse("class")
    with pytest.raises(ValueError, match="needs hours"):
        Slot(hours=())


@pytest.mark.parametrize(
    ("texts", "meets"),
    [
        ((), False),
        (("08:00-09:00", "09:00-10:00"), False),
        (("08:00-09:00", "08:59-10:00"), True),
        (("22:00-06:00", "05:59-07:00"), True),
        (("22:00-06:00", "06:00-22:00"), False),
        (("00:00-24:00", "12:00-12:01"), True),
        (("23:00-01:00", "22:00-23:30"), True),
    ],
)
def test_overlap(texts: tuple[str, ...], meets: bool) -> None:
    assert (overlap(tuple(Window.parse(text) for text in texts)) is not None) is meets


@given(st.text(max_size=14))
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_window_or_a_value_error(text: str) -> None:
    try:
        found = Window.parse(text)
    except ValueError:
        return
    assert Window.parse(str(found)) == found


def test_spans_read_like_windows() -> None:
    assert str(Span(1320, 360)) == "22:00-06:00"
