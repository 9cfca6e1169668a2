"""Batches as rows: days of Shanghai, sums of equal aggregates, plain values."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.batch import Batch
from gateway.rows import by_day, counted, day_file, day_of, plain
from tests.gateway.event_samples import NOON, TRACE, aggregate, batch, event

MIDNIGHT = NOON + 12 * 3600


@pytest.mark.parametrize(
    ("second", "day"),
    [
        (0, "1970-01-01"),
        (NOON, "2026-03-01"),
        (MIDNIGHT - 1, "2026-03-01"),
        (MIDNIGHT, "2026-03-02"),
        (2**33 - 1, "2242-03-16"),
    ],
)
def test_day_of(second: int, day: str) -> None:
    assert day_of(second) == day


@pytest.mark.parametrize(
    ("node", "name"),
    [
        ("n1", "n1-2026-03-01.sqlite"),
        ("", "node-2026-03-01.sqlite"),
        ("../etc/x", ".._etc_x-2026-03-01.sqlite"),
        ("边缘一", "___-2026-03-01.sqlite"),
    ],
)
def test_day_file_stays_in_its_folder(node: str, name: str) -> None:
    assert day_file(Path("/e"), node, "2026-03-01") == Path("/e") / name


def test_a_batch_over_midnight_is_split_and_nothing_is_lost() -> None:
    late = event(ts=MIDNIGHT * 1_000_000 - 1)
    early = event(ts=MIDNIGHT * 1_000_000)
    counts = (aggregate(bucket=MIDNIGHT - 300), aggregate(bucket=MIDNIGHT))
    over = Batch(node="n1", worker="w", boot="b", seq=3, events=(late, early), aggregates=counts)
    both = by_day([over])
    assert {day: parts[0].events for day, parts in both.items()} == {
        "2026-03-01": (late,),
        "2026-03-02": (early,),
    }
    assert [parts[0].aggregates for parts in both.values()] == [counts[:1], counts[1:]]
    assert {parts[0].seq for parts in both.values()} == {3}


def test_traces_belong_to_the_day_they_were_seen() -> None:
    (part,) = by_day([batch(5, counts=0, events=0)])["2026-03-01"]
    assert part.traces == (TRACE,)


def test_equal_aggregates_are_summed_and_unlike_ones_are_not() -> None:
    twice = batch(aggregates=(aggregate(), aggregate(), aggregate(school="s2")))
    rows = counted([twice, batch(2, aggregates=(aggregate(count=1),))])
    assert sorted((row["school"], row["count"], row["bytes_down"]) for row in rows) == [
        ("s1", 7, 1800),
        ("s2", 3, 600),
    ]
    assert len({row["key"] for row in rows}) == 2


def test_plain_values_are_of_the_types_databases_know() -> None:
    row = plain(event())
    assert {type(value) for value in row.values()} == {str, int, float}
    assert row["names"] == '["bet.example", "赌.例"]'
    assert row["signals"] == '[["gambling", "hosts", "bet.example", "own", ""]]'
    assert plain(event(names=()))["names"] == "[]"
    assert type(row["action"]) is str
