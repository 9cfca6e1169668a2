"""Files whose time is over: found, kept, erased, and what a cut erasure leaves."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path

import pytest

from audit.lifecycle.destroying import State
from audit.lifecycle.due_files import LEFTOVER, due_files, erase, leftovers, traces
from rules.load import DataError, WorldError

BEFORE = dt.date(2026, 1, 1)
EDGE = 1767196800.0  # 2026-01-01 00:00 by the clock of Shanghai


def put(path: Path, at: float) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x" * 100)
    os.utime(path, (at, at))
    return path


def found(root: Path, *globs: str, holds: tuple[str, ...] = ()) -> dict[str, bool]:
    listed = due_files(root, globs, holds, BEFORE, b"s")
    return {one.path.name: one.held for one in listed}


def test_by_glob_time_and_hold(tmp_path: Path) -> None:
    root = tmp_path / "root"
    put(root / "a" / "old.txt", EDGE - 1)
    put(root / "new.txt", EDGE)
    put(root / "held" / "kept.txt", 0)
    put(tmp_path / "outside.txt", 0)
    (root / "link.txt").symlink_to(tmp_path / "outside.txt")
    put(root / "hard.txt", 0)
    (root / "twin.dat").hardlink_to(root / "hard.txt")
    assert found(root, "**/*.txt", holds=("held/*",)) == {
        "old.txt": False, "kept.txt": True, "hard.txt": True
    }  # fmt: skip
    assert found(root, "../*.txt") == {}
    with pytest.raises(DataError, match="relative"):
        found(root, "/etc/*")
    with pytest.raises(WorldError):
        found(tmp_path / "gone", "*")


def test_nothing_prints_a_path(tmp_path: Path) -> None:
    put(tmp_path / "某甲.txt", 0)
    (one,) = due_files(tmp_path, ["*"], [], BEFORE, b"s")
    assert "某甲" not in repr(one)


def test_erasing(tmp_path: Path) -> None:
    path = put(tmp_path / "a.txt", 0)
    with path.open("rb") as still_open:
        erase(path)
        assert still_open.read() == b""  # cut, and written over before
    assert not list(tmp_path.iterdir())
    other = put(tmp_path / "b.txt", 0)
    (tmp_path / "c.txt").hardlink_to(other)
    with pytest.raises(OSError, match="another name"):
        erase(other)
    assert other.read_text() == "x" * 100


def test_a_cut_erasure_is_known_by_its_name(tmp_path: Path) -> None:
    left = put(tmp_path / "d" / f"{LEFTOVER}ab", 0)
    assert leftovers(tmp_path) == [left]
    assert found(tmp_path, "**/*") == {}
    erase(left)
    assert leftovers(tmp_path) == []


def test_traces(tmp_path: Path) -> None:
    here = put(tmp_path / "a", 0)
    assert [one.state for one in traces([here])] == [State.REMAINS, State.UNKNOWN]
    assert [one.state for one in traces([tmp_path / "gone"])] == [State.GONE, State.UNKNOWN]
