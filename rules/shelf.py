"""Where RuleBases stand: `<data>/rulebase/<hash>/` and the link `current`; good copies.

A door: it locks, swaps and sweeps directories. A reader that holds an old directory
keeps it through its memory map; the one before stays on disk as well.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rules.base import CURRENT
from rules.fingerprint import path_digest
from rules.report import BuildReport

REPORT = "report.json"
GOOD = "good"  # <data>/good/<id>/: the last files of a list that were accepted


@contextmanager
def locked(root: Path) -> Iterator[None]:
    """One build at a time per data folder; others wait."""
    with (root / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def read_report(folder: Path) -> BuildReport | None:
    try:
        return BuildReport.from_json(
            (folder / REPORT).read_text(encoding="utf-8"), folder.resolve(strict=True)
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def put_in_force(root: Path, fresh: Path, name: str) -> None:
    """Move the directory to its hash, point `current` at it, keep one older."""
    target = root / name
    before = (root / CURRENT).resolve().name if (root / CURRENT).exists() else ""
    if target.exists():
        shutil.rmtree(target) if name != before else None
    if target.exists():
        (fresh / REPORT).replace(target / REPORT)
    else:
        fresh.rename(target)
    link = root / f".link-{os.getpid()}"
    link.unlink(missing_ok=True)
    link.symlink_to(name)
    link.replace(root / CURRENT)
    for old in root.iterdir():
        if old.is_dir() and not old.is_symlink() and old.name not in (name, before):
            shutil.rmtree(old, ignore_errors=True)


def adopt(good: Path, name: str, paths: Sequence[Path]) -> None:
    """Keep a copy of files that were accepted."""
    home = good / name
    stamp = home / ".digest"
    digest = path_digest(paths)
    if stamp.is_file() and stamp.read_text() == digest:
        return
    fresh = good / f".{name}.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    for path in paths:
        if path.is_dir():
            shutil.copytree(path, fresh / path.name, symlinks=True)
        else:
            shutil.copyfile(path, fresh / path.name)
    (fresh / ".digest").write_text(digest)
    shutil.rmtree(home, ignore_errors=True)
    fresh.rename(home)
