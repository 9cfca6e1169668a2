"""Directories of RuleBases: swapped, swept, locked; good copies."""

from __future__ import annotations

import threading
from pathlib import Path

from rules.report import BuildReport
from rules.shelf import REPORT, adopt, locked, put_in_force, read_report


def fresh(root: Path, text: str) -> Path:
    folder = root / ".new"
    folder.mkdir(parents=True)
    (folder / REPORT).write_text(BuildReport(hash=text, rows=3).to_json())
    return folder


def test_put_in_force(tmp_path: Path) -> None:
    for name in ("one", "two", "three"):
        put_in_force(tmp_path, fresh(tmp_path, name), name)
        assert (tmp_path / "current").resolve().name == name
    assert sorted(path.name for path in tmp_path.iterdir()) == ["current", "three", "two"]


def test_going_back_to_one_that_is_still_there(tmp_path: Path) -> None:
    for name in ("one", "two", "one", "one"):
        folder = fresh(tmp_path, name)
        put_in_force(tmp_path, folder, name)
        if folder.exists():
            (folder / REPORT).unlink(missing_ok=True)
            folder.rmdir()
    assert (tmp_path / "current").resolve().name == "one"
    report = read_report(tmp_path / "current")
    assert report is not None
    assert (report.hash, report.rows, report.path) == ("one", 3, tmp_path / "one")


def test_reports_that_cannot_be_read(tmp_path: Path) -> None:
    assert read_report(tmp_path) is None
    for text in ("", "{", "[]", "{}", '{"lists": 1}'):
        (tmp_path / REPORT).write_text(text)
        assert read_report(tmp_path) is None


def test_adopt_copies_files_and_folders_once(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("one")
    (tmp_path / "tree" / "sub").mkdir(parents=True)
    (tmp_path / "tree" / "sub" / "x").write_text("x")
    paths = (tmp_path / "data", tmp_path / "tree")
    good = tmp_path / "good"
    adopt(good, "own", paths)
    assert (good / "own" / "data").read_text() == "one"
    assert (good / "own" / "tree" / "sub" / "x").read_text() == "x"
    before = (good / "own" / "data").stat().st_ino
    adopt(good, "own", paths)
    assert (good / "own" / "data").stat().st_ino == before
    (tmp_path / "data").write_text("two")
    adopt(good, "own", paths)
    assert (good / "own" / "data").read_text() == "two"
    assert [path.name for path in good.iterdir()] == ["own"]


def test_one_build_at_a_time(tmp_path: Path) -> None:
    order: list[str] = []

    def other() -> None:
        with locked(tmp_path):
            order.append("other")

    with locked(tmp_path):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join(0.05)
        order.append("first")
    thread.join()
    assert order == ["first", "other"]
