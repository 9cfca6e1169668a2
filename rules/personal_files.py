"""What is known of personal data: `rules/personal/*.yaml` → Knowledge; a roster from a file.

A door: it reads files. A roster is one name a line (UTF-8), or the first column of a CSV; it is
kept in memory only, and an error never quotes a line of it.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rules.load import DataError, Problem, load
from rules.recognise.personal.finder import Finder, Knowledge
from rules.recognise.personal.labels import LabelFile
from rules.recognise.personal.names import NameWords, Roster
from rules.recognise.personal.number_shapes import Prefixes
from rules.recognise.personal.triggers import Trigger, best

PERSONAL = Path(__file__).parent / "personal"
SEALED = b"qinglang roster 1\n"  # how a sealed roster begins (gateway/rosters.py)
MOST_NAMES = 2_000_000
MAX_ROSTER = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class BankSamples:
    hit: tuple[str, ...] = ()
    miss: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BankFile:
    """The data file `rules/personal/banks.yaml`."""

    status: str
    prefixes: tuple[Prefixes, ...]
    examples: BankSamples = BankSamples()


@cache
def load_knowledge(folder: Path = PERSONAL) -> Knowledge:
    """The knowledge of a folder. Raises DataError."""
    return Knowledge(
        labels=load(LabelFile, folder / "labels.yaml"),
        prefixes=load(BankFile, folder / "banks.yaml").prefixes,
        people=load(NameWords, folder / "people.yaml"),
    )


def load_finder(
    roster: Path | None = None, trigger: Callable[[Iterable[str]], Trigger] = best
) -> Finder:
    """A Finder of the shipped knowledge, with a roster where one is given."""
    names = load_roster(roster) if roster is not None else None
    return Finder(load_knowledge(), names, trigger)


def load_roster(path: Path) -> Roster:
    """Names of a file. Raises DataError without quoting it."""
    with path.open("rb") as stream:
        return roster_of(stream.read(MAX_ROSTER + 1), str(path))


def roster_of(data: bytes, file: str) -> Roster:
    """The same of a file's bytes."""

    def wrong(message: str, remedy: str, line: int = 1) -> DataError:
        return DataError([Problem(file=file, line=line, column=1, message=message, remedy=remedy)])

    if len(data) > MAX_ROSTER:
        raise wrong("名册过大 the roster is larger than 64 MiB", "split it by school")
    if data.startswith(SEALED):
        raise wrong("名册已加密 the roster is sealed", "give its key: --roster-key")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise wrong("名册编码无法识别 neither UTF-8 nor GB18030", "save the roster as UTF-8")
    rows = csv.reader(io.StringIO(text))
    try:
        names = [row[0].strip() for row in rows if row and row[0].strip()]
    except csv.Error:
        raise wrong("名册不是文本 the roster is no text", "one name a line") from None
    if not names:
        raise wrong("名册为空 the roster holds no name", "one name a line")
    if len(names) > MOST_NAMES:
        raise wrong("名册条目过多 more than 2,000,000 names", "split it by school")
    found = Roster(names)
    if not found.size:
        raise wrong("名册中没有可用的姓名 no name of 2 to 20 characters", "one name a line")
    return found
