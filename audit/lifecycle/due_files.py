"""Files whose time is over: found by glob and time, overwritten, renamed, unlinked.

A name may tell who somebody is, so the plan has digests of names only. Overwriting promises
nothing on flash storage, on copy-on-write file systems, or of journals and snapshots: the trace
says so. A door: files.
"""

from __future__ import annotations

import datetime as dt
import os
import secrets
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from audit.lifecycle.destroying import State, Trace, keyed
from audit.lifecycle.rule_times import ZONE
from rules.load import DataError, Problem, WorldError

PIECE = 1024 * 1024
LEFTOVER = ".qinglang-destroy-"
PROMISE = (
    "覆写在 SSD、写时复制、日志或快照文件系统上不作保证 "
    "overwriting promises nothing on SSD, copy-on-write, journals, snapshots"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """One file. Its path is never printed."""

    path: Path
    digest: int
    size: int
    day: str
    held: bool
    linked: bool = False  # other names lead to it: what they are is not known, so it is kept

    def __repr__(self) -> str:
        return "Due(…)"


def due_files(
    folder: Path, globs: Iterable[str], holds: Sequence[str], before: dt.date, secret: bytes
) -> Iterator[Due]:
    """Regular files below the folder by their time of change; links are not followed."""
    root = folder.resolve()
    if not root.is_dir():
        raise WorldError(f"没有这个文件夹 there is no such folder: {folder.name}")
    start = dt.datetime.combine(before, dt.time(), ZONE).timestamp()
    kept = {path for one in holds for path in _matching(root, one)}
    for path in sorted({path for one in globs for path in _matching(root, one)}):
        told = path.lstat()
        mine = path.name.startswith(LEFTOVER)
        if stat.S_ISREG(told.st_mode) and told.st_mtime < start and not mine:
            name = path.relative_to(root).as_posix()
            yield Due(
                path=path,
                digest=keyed(secret, [name, told.st_size, told.st_mtime_ns]),
                size=told.st_size,
                day=dt.datetime.fromtimestamp(told.st_mtime, ZONE).date().isoformat(),
                held=path in kept or told.st_nlink > 1,
                linked=told.st_nlink > 1,
            )


def _matching(root: Path, glob: str) -> Iterator[Path]:
    try:
        found = list(root.glob(glob))
    except (ValueError, NotImplementedError):
        raise DataError([Problem(file="files", line=1, column=1,
                                 message="不是相对的通配符 not a relative pattern",
                                 remedy="forms/**/*.xlsx")]) from None  # fmt: skip
    for path in found:
        if ".." in path.relative_to(root).parts or not path.resolve().is_relative_to(root):
            continue  # a link that leads out of the folder
        yield path


def erase(path: Path) -> None:
    """Rename, overwrite, cut, unlink, and the folder on disk.

    Renamed first: a file whose erasure was cut short is known by its name. Raises OSError.
    """
    told = path.lstat()
    if told.st_nlink > 1 or not stat.S_ISREG(told.st_mode):
        raise OSError("another name leads to it")
    here = path
    if not path.name.startswith(LEFTOVER):
        here = path.with_name(LEFTOVER + secrets.token_hex(8))
        path.rename(here)
        _synced(path.parent)
    handle = os.open(here, os.O_RDWR | os.O_NOFOLLOW)
    try:
        left = os.fstat(handle).st_size
        while left > 0:
            left -= os.write(handle, secrets.token_bytes(min(PIECE, left)))
        os.fsync(handle)
        os.ftruncate(handle, 0)
        os.fsync(handle)
    finally:
        os.close(handle)
    here.unlink()
    _synced(path.parent)


def _synced(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def leftovers(folder: Path) -> list[Path]:
    """Files whose erasure was cut short."""
    return sorted(one for one in folder.resolve().rglob(LEFTOVER + "*") if not one.is_symlink())


def traces(paths: Sequence[Path]) -> tuple[Trace, ...]:
    """Whether the names are gone, and what no look can tell."""
    left = sum(os.path.lexists(path) for path in paths)
    facts = {"files": str(len(paths)), "left": str(left)}
    state = State.REMAINS if left else State.GONE
    return (
        Trace(level="query", where="文件名 names", state=state, facts=facts),
        Trace(level="blocks", where="存储介质 medium", state=State.UNKNOWN, note=PROMISE),
    )
