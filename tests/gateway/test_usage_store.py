"""The usage file: batches once, survival of kills, damage, rotation, age, a disk that refuses."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.usage import Mark, Row
from gateway.usage_store import UsageStore
from rules.load import WorldError

A = ("a", "p/c", "2026-09-01")
B = ("b", "p/c", "2026-09-01")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "usage" / "usage.sqlite"


Open = Callable[[Path], UsageStore]


@pytest.fixture
def opened() -> Iterator[Open]:
    """Opens stores, and closes them at the end of the test: until then as after a kill."""
    made: list[UsageStore] = []

    def open_(path: Path) -> UsageStore:
        made.append(UsageStore(path))
        return made[-1]

    yield open_
    for store in made:
        store.close()


def test_batches_merge_and_survive(path: Path, opened: Open) -> None:
    store = opened(path)
    assert store.apply("w1", 1, {A: Mark({1, 2}, 10)}) == [(A, Row(2, 2, 10, False))]
    assert store.apply("w2", 1, {A: Mark({2, 1439}, 5, True)}) == [(A, Row(3, 1439, 15, True))]
    again = opened(path)  # as after a kill: nothing was closed
    assert again.rows() == [(A, Row(3, 1439, 15, True))]
    assert path.stat().st_mode & 0o077 == 0


def test_a_batch_said_twice_counts_once(path: Path, opened: Open) -> None:
    store = opened(path)
    store.apply("w1", 1, {A: Mark({1}, 10)})
    assert store.apply("w1", 1, {A: Mark({1}, 10)}) == []
    store.close()
    store = opened(path)
    assert store.apply("w1", 1, {A: Mark({9}, 10)}) == []
    assert store.rows() == [(A, Row(1, 1, 10, False))]
    store.apply("w1", 2, {A: Mark(set(), 1)})
    assert store.rows()[0][1].bytes == 11


def test_reset(path: Path, opened: Open) -> None:
    store = opened(path)
    other = ("a", "p/d", "2026-09-01")
    store.apply("w", 1, {A: Mark({1}), B: Mark({1}), other: Mark({1})})
    assert store.reset(token="a", counter="p/c") == 1
    assert store.reset(counter="p/c") == 1
    assert store.reset() == 1
    assert opened(path).rows() == []


def test_a_rotated_token_takes_its_usage_along(path: Path, opened: Open) -> None:
    store = opened(path)
    store.apply("w", 1, {A: Mark({1, 2}, 10), B: Mark({2, 3}, 5, True)})
    assert store.rename([("a", "b"), ("x", "y"), ("b", "b")]) == 1
    assert store.rows() == [(B, Row(3, 3, 15, True))]
    assert opened(path).rows() == store.rows()


def test_old_days_go(path: Path, opened: Open) -> None:
    store = opened(path)
    old = ("a", "p/c", "2026-08-01")
    store.apply("w", 1, {A: Mark({1}), old: Mark({1})})
    assert store.prune("2026-09-05") == 1
    assert [place for place, _ in opened(path).rows()] == [A]


def test_a_damaged_file_is_moved_aside(path: Path, opened: Open) -> None:
    path.parent.mkdir()
    path.write_bytes(b"this is no database, but long enough to be taken for one" * 50)
    store = opened(path)
    store.apply("w", 1, {A: Mark({1})})
    assert len(list(path.parent.glob("*.damaged-*"))) == 1


def test_what_cannot_be_written_changes_nothing(path: Path, opened: Open) -> None:
    store = opened(path)
    store.apply("w", 1, {A: Mark({1}, 1)})
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    store._base.execute("PRAGMA busy_timeout = 0")
    with pytest.raises(WorldError, match="cannot be written"):
        store.apply("w", 2, {A: Mark({2}, 1)})
    assert store.rows() == [(A, Row(1, 1, 1, False))]
    blocker.execute("ROLLBACK")
    blocker.close()
    assert store.apply("w", 2, {A: Mark({2}, 1)}) == [(A, Row(2, 2, 2, False))]


def test_a_folder_that_cannot_be_had(tmp_path: Path) -> None:
    (tmp_path / "usage").mkdir()
    (tmp_path / "usage" / "usage.sqlite").mkdir()
    with pytest.raises(WorldError, match="cannot be opened"):
        UsageStore(tmp_path / "usage" / "usage.sqlite")
