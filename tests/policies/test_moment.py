"""Wall clock of Asia/Shanghai."""

import pytest

from policies.moment import at, end_of, moment

CASES = [
    (0, "1970-01-01", 3, 480),
    (1788184800, "2026-08-31", 0, 1320),  # 14:00 UTC = 22:00 +08:00
    (1788184799, "2026-08-31", 0, 1319),
    (1788191999.9, "2026-08-31", 0, 1439),
    (1788192000, "2026-09-01", 1, 0),  # midnight in Shanghai, 16:00 UTC
]


@pytest.mark.parametrize(("timestamp", "day", "weekday", "minute"), CASES)
def test_timestamps(timestamp: float, day: str, weekday: int, minute: int) -> None:
    now = moment(timestamp)
    assert (now.day, now.weekday, now.minute) == (day, weekday, minute)
    assert now.timestamp == timestamp


def test_no_summer_time() -> None:
    """1986 to 1991 China had summer time; policies do not."""
    assert at("1988-07-01T12:00").timestamp - at("1988-01-01T12:00").timestamp == 182 * 86400


@pytest.mark.parametrize(
    ("text", "minute"),
    [("2026-09-01T10:00", 600), ("2026-09-01T02:00+00:00", 600), ("2026-09-01 21:59:59", 1319)],
)
def test_texts(text: str, minute: int) -> None:
    assert at(text).minute == minute
    assert at(text).day == "2026-09-01"


@pytest.mark.parametrize(
    "text", ["", "tomorrow", "2026-13-01T10:00", "０", "0001-01-01T00:00+14:00"]
)
def test_bad_texts(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a time|out of range"):
        at(text)


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("2027-07-15", "2027-07-16T00:00"),
        ("2027-12-31", "2028-01-01T00:00"),
        ("2027-07-15T18:00", "2027-07-15T18:00"),
    ],
)
def test_the_end_of_a_day_or_time(text: str, end: str) -> None:
    assert end_of(text) == at(end).timestamp


@pytest.mark.parametrize("text", ["", "soon", "9999-12-31", "2027-02-29", "2027-07-15T25:00"])
def test_no_end(text: str) -> None:
    with pytest.raises(ValueError, match="`"):
        end_of(text)
