"""Two ways to find twenty thousand phrases in one pass; both must say the same.

An engine says of every phrase whether it stands in the bytes, and where it ends the first time.
Hyperscan is several times faster and is used where its package is installed; ahocorasick_rs runs
everywhere. An engine belongs to one thread: hyperscan scans in one scratch space.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import Any, Protocol

import ahocorasick_rs

Ends = list[tuple[int, int]]  # (number of the phrase, where it ends), in order of the ends


class Engine(Protocol):
    """Finds phrases in bytes."""

    @property
    def name(self) -> str:
        """hyperscan or ahocorasick."""

    def ends(self, data: bytes) -> Ends:
        """Every phrase that stands in the data, once, with its first end."""


class AhoCorasick:
    """ahocorasick_rs: built from the phrases in a fraction of a second at every start."""

    name = "ahocorasick"

    def __init__(self, phrases: Sequence[bytes]) -> None:
        self._matcher = ahocorasick_rs.BytesAhoCorasick(
            phrases, implementation=ahocorasick_rs.Implementation.ContiguousNFA
        )

    def ends(self, data: bytes) -> Ends:
        first: dict[int, int] = {}
        for number, _, end in self._matcher.find_matches_as_indexes(data, overlapping=True):
            if number not in first:
                first[number] = end
        return list(first.items())


class Hyperscan:
    """hyperscan: compiled once with the RuleBase, read back by every process."""

    name = "hyperscan"

    def __init__(self, database: Any) -> None:
        self._database = database

    def ends(self, data: bytes) -> Ends:
        found: Ends = []
        add = found.append

        def hit(number: int, _start: int, end: int, _flags: int, _context: object) -> None:
            add((number, end))

        self._database.scan(data, match_event_handler=hit)
        return found


def have_hyperscan() -> bool:
    """Is the package installed here?"""
    return find_spec("hyperscan") is not None


def hyperscan_bytes(phrases: Sequence[bytes]) -> bytes:
    """The compiled database of these phrases, to be stored. Needs the package."""
    import hyperscan

    database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
    database.compile(
        expressions=list(phrases),
        ids=list(range(len(phrases))),
        elements=len(phrases),
        flags=hyperscan.HS_FLAG_SINGLEMATCH,
        literal=True,
    )
    stored: bytes = hyperscan.dumpb(database)
    return stored


def from_bytes(stored: bytes) -> Hyperscan | None:
    """Read a stored database; None where it was made for another processor or version."""
    import hyperscan

    try:
        database = hyperscan.loadb(stored, hyperscan.HS_MODE_BLOCK)
        database.scratch = hyperscan.Scratch(database)
    except hyperscan.HyperscanError:
        return None
    return Hyperscan(database)
