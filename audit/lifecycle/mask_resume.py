"""Where a file's masking job was when it was killed: a point kept beside the unfinished result.

The result so far is `.NAME.part`, readable by its owner alone; the point is `.NAME.job`: how many
batches are in it, how many bytes they came to. A job goes on from there only if source, policy,
plan, key and day are those of the point; else it starts again. A point holds no value. A door:
files.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

EVERY = 10  # batches between two points


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """So many batches are in so many bytes; what gave trouble in them, by column."""

    batches: int = 0
    size: int = 0
    troubles: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


START = Point()


def mark_of(*parts: Any) -> str:
    """What must be the same for a job to go on."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


class Points:
    """The points of one job."""

    def __init__(self, path: Path, part: Path, mark: str) -> None:
        self._path, self._part, self._mark = path, part, mark

    def last(self) -> Point:
        """The last point of this very job; START where there is none that can be trusted."""
        try:
            found = json.loads(self._path.read_text(encoding="utf-8"))
            point = Point(
                batches=_count(found["batches"]),
                size=_count(found["size"]),
                troubles={
                    str(name): {str(one): _count(count) for one, count in rows.items()}
                    for name, rows in found["troubles"].items()
                },
            )
            own = os.lstat(self._part)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return START
        mine = own.st_uid == os.getuid() and own.st_mode & 0o177777 == 0o100600
        whole = mine and own.st_size >= point.size > 0 and point.batches > 0
        return point if whole and found.get("mark") == self._mark else START

    def keep(self, point: Point) -> None:
        """Remember a point, whose bytes are on the disk."""
        fresh = self._path.with_name(self._path.name + "+")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with open(handle, "w", encoding="utf-8") as file:
            json.dump({"mark": self._mark, **asdict(point)}, file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)

    def forget(self) -> None:
        """The job has ended."""
        forget(self._path)


def forget(path: Path) -> None:
    """Nothing of a point is left."""
    for one in (path, path.with_name(path.name + "+")):
        with suppress(FileNotFoundError):
            one.unlink()


def _count(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError("no count")
    return value
