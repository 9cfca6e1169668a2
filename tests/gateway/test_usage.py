"""Marks and rows: minutes counted once, weeks, edges, the clock that jumps, bounds."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.usage import Mark, Row, Tally, back_at, oldest, usage_file, usage_socket, week_of
from policies.model import NO_USAGE, Metered, Period
from policies.moment import at, moment

HOUR = Metered(counter="p/c", period=Period.DAY, minutes=60, warn=48)
WEEK = Metered(counter="p/c", period=Period.WEEK, minutes=90)
START = at("2026-09-01T19:00:00").timestamp  # a Tuesday


def watched(tally: Tally, first: float, seconds: int, step: int = 10) -> None:
    """Somebody who does something every few seconds."""
    for second in range(0, seconds, step):
        tally.mark("t", ["p/c"], moment(first + second), size=1000)


@pytest.mark.parametrize(
    ("limit", "second", "spent"),
    [(60, 3_599, False), (60, 3_600, True), (120, 7_199, False), (120, 7_200, True)],
)
def test_the_edges_of_a_quota(limit: int, second: int, spent: bool) -> None:
    """An hour is used up with its 3,600th second, not before."""
    tally = Tally()
    watched(tally, START, second, step=1)
    metered = Metered(counter="p/c", period=Period.DAY, minutes=limit)
    assert metered.spent(tally.usage("t", moment(START + second))) is spent


def test_a_minute_counts_once_whatever_happens_in_it() -> None:
    tally = Tally()
    for _ in range(500):
        tally.mark("t", ["p/c", "p/d"], moment(START), size=10)
    found = tally.usage("t", moment(START + 60))
    assert found.minutes["p/c@day"] == found.minutes["p/d@week"] == 1
    assert found.bytes["p/c@day"] == 5000


def test_nothing_used_is_no_usage() -> None:
    assert Tally().usage("t", moment(START)) is NO_USAGE
    tally = Tally()
    tally.mark("", ["p/c"], moment(START))
    tally.mark("t", ["p/c"], moment(START), minute=False)
    assert tally.pending() == {}


def test_midnight_begins_a_day_and_monday_a_week() -> None:
    tally = Tally()
    sunday = at("2026-09-06T23:50").timestamp
    watched(tally, sunday, 600)
    late = moment(sunday + 599.9)
    assert tally.usage("t", late).minutes == {"p/c@day": 9, "p/c@week": 9}
    assert tally.usage("t", moment(sunday + 600)).minutes == {}
    saturday = at("2026-09-05T23:50").timestamp
    watched(tally, saturday, 600)
    assert tally.usage("t", moment(sunday + 599.9)).minutes == {"p/c@day": 9, "p/c@week": 19}


def test_a_clock_that_jumps_back_gives_no_time_back() -> None:
    tally = Tally()
    watched(tally, START, 3600)
    assert HOUR.spent(tally.usage("t", moment(START + 3600)))
    assert HOUR.spent(tally.usage("t", moment(START - 7200)))
    watched(tally, START - 7200, 60)  # using the past again costs nothing twice
    assert tally.usage("t", moment(START + 3600)).minutes["p/c@day"] >= 60
    yesterday = moment(START - 86_400)
    assert "p/c@day" not in tally.usage("t", yesterday).minutes
    assert tally.usage("t", yesterday).minutes["p/c@week"] == 60


def test_a_clock_that_jumps_forward_begins_the_next_day() -> None:
    tally = Tally()
    watched(tally, START, 3600)
    assert tally.usage("t", moment(START + 86_400)).minutes == {"p/c@week": 60}
    assert not WEEK.spent(tally.usage("t", moment(START + 86_400)))
    assert tally.usage("t", moment(START + 86_400 * 400)).minutes == {}


def test_what_the_service_says_is_what_counts() -> None:
    tally = Tally()
    watched(tally, START, 60)
    tally.learn([(("t", "p/c", "2026-09-01"), Row(61, 1200, 5, True))])
    assert tally.usage("t", moment(START)).minutes["p/c@day"] == 61
    assert tally.told("t", HOUR, moment(START))
    tally.learn([], whole=True)
    assert tally.usage("t", moment(START)) is NO_USAGE
    assert not tally.told("t", HOUR, moment(START))


def test_pending_marks_are_taken_once_and_bounded() -> None:
    tally = Tally(most_pending=2)
    for token in ("a", "b", "c", "a"):
        tally.mark(token, ["p/c"], moment(START), size=1, told=token == "b")
    assert tally.lost == 1
    assert tally.pending() == {
        ("a", "p/c", "2026-09-01"): Mark({1140}, 2),
        ("b", "p/c", "2026-09-01"): Mark({1140}, 1, True),
    }
    assert tally.pending() == {}


def test_old_days_are_forgotten() -> None:
    tally = Tally()
    watched(tally, START, 60)
    watched(tally, START + 9 * 86_400, 60)
    tally.forget_before(oldest("2026-09-10"))
    assert tally.usage("t", moment(START)).minutes == {}
    tally.forget_before("2027-01-01")
    assert tally.usage("t", moment(START)) is NO_USAGE


def test_two_threads_lose_nothing() -> None:
    tally = Tally()

    def work(base: int) -> None:
        for number in range(300):
            tally.mark(f"t{number % 7}", ["p/c"], moment(START + base * 60), size=1)
            tally.learn([((f"u{number % 5}", "p/c", "2026-09-01"), Row(number, 1))])
            tally.usage(f"t{number % 7}", moment(START))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    assert sum(mark.bytes for mark in tally.pending().values()) == 1200


@pytest.mark.parametrize(
    ("time", "period", "back"),
    [
        ("2026-09-01T19:00", Period.DAY, "2026-09-02 00:00"),
        ("2026-12-31T23:59:59", Period.DAY, "2027-01-01 00:00"),
        ("2026-09-06T19:00", Period.WEEK, "2026-09-07 00:00"),
        ("2026-09-07T00:00", Period.WEEK, "2026-09-14 00:00"),
    ],
)
def test_when_a_quota_begins_anew(time: str, period: Period, back: str) -> None:
    assert back_at(at(time), period) == back


@given(st.dates())
@settings(max_examples=60, deadline=None)
def test_weeks_and_old_days_are_total(day) -> None:  # type: ignore[no-untyped-def]
    monday = week_of(day.isoformat())
    assert monday <= day.isoformat()
    assert oldest(day.isoformat()) <= day.isoformat()


def test_paths(tmp_path) -> None:  # type: ignore[no-untyped-def]
    from gateway.node import Node

    node = Node(name="n", data=tmp_path)
    assert usage_socket(node).parent == node.run
    assert usage_file(node).parent == tmp_path / "usage"
