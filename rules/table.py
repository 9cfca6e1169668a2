"""The tables of a RuleBase on disk: how keys become slots, rows and sets.

    slots  uint64[2^bits + slack]  low half of the hash << 32 | row + 1; 0 is free
    rows   uint64[n + 1]           offset into names << 32 | set
    names  bytes                   every key followed by a newline
    tags   uint32[]                category << 20 | list << 4 | flags
    bounds uint32[sets + 1]        where the tags of each set begin

A key's home slot is the high bits of its xxh3_64, so rows sorted by hash fill the table
in order and linear probing is one `maximum.accumulate`. The name itself is compared on
every hit: there is no false one. Built with numpy; read (`base`) without it.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import xxhash
from numpy.typing import NDArray

from rules.importers.streams import RefusedError

CATEGORY_SHIFT, LIST_SHIFT = 20, 4
MOST_CATEGORIES, MOST_LISTS = 4095, 1 << 16
SPECIAL = MOST_CATEGORIES << CATEGORY_SHIFT
PATHS = SPECIAL | 1  # keys `host/path` exist for this host
PATTERNS = SPECIAL | 2  # expressions are anchored at this host
SLOTS, ROWS, NAMES, TAGS, BOUNDS = "slots.u64", "rows.u64", "names.txt", "tags.u32", "bounds.u32"

U64 = NDArray[np.uint64]


def hasher(seed: int) -> Callable[[bytes], int]:
    """xxh3_64 with a seed (0 is the fastest)."""
    if seed == 0:
        digest: Callable[[bytes], int] = xxhash.xxh3_64_intdigest
        return digest
    return functools.partial(xxhash.xxh3_64_intdigest, seed=seed)


def tag(category: int, number: int, flags: int) -> int:
    """One (category, list, flags) as 32 bits."""
    return category << CATEGORY_SHIFT | number << LIST_SHIFT | flags


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a reader must know of the tables."""

    seed: int
    bits: int
    rows: int
    sets: int


class TableBuilder:
    """Collects keys in chunks, then writes the tables of a RuleBase into a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.sets: dict[tuple[int, ...], int] = {}
        self._names: BinaryIO = (folder / NAMES).open("wb")
        self._digest = hasher(0)
        self._hashes: list[U64] = []
        self._lengths: list[NDArray[np.uint16]] = []
        self._words: list[NDArray[np.uint32]] = []

    def word(self, tags: tuple[int, ...]) -> int:
        """The number of a set of tags."""
        return self.sets.setdefault(tuple(sorted(set(tags))), len(self.sets))

    def add(self, keys: list[bytes], words: list[int]) -> None:
        """One chunk of keys with their sets; a key may come again with another set."""
        count = len(keys)
        self._names.write(b"\n".join(keys) + b"\n")
        self._hashes.append(np.fromiter(map(self._digest, keys), np.uint64, count))
        self._lengths.append(np.fromiter(map(len, keys), np.uint16, count))
        self._words.append(np.array(words, np.uint32))

    def mark(self) -> tuple[int, int]:
        """Where the table stands now, for `rollback`."""
        return len(self._hashes), self._names.tell()

    def rollback(self, mark: tuple[int, int]) -> None:
        """Forget every chunk added since `mark`."""
        chunks, size = mark
        del self._hashes[chunks:], self._lengths[chunks:], self._words[chunks:]
        self._names.seek(size)
        self._names.truncate()

    def close(self) -> None:
        """Give the file up after an error."""
        self._names.close()

    def finish(self) -> Shape:
        """Sort, join equal keys, write the tables."""
        self._names.close()
        lengths = _joined(self._lengths, np.uint16).astype(np.uint64) + np.uint64(1)
        ends = np.cumsum(lengths, dtype=np.uint64)
        if len(ends) and int(ends[-1]) >= 1 << 32:
            raise RefusedError("the names take more than 4 GiB")
        starts = ends - lengths
        words = _joined(self._words, np.uint32)
        for seed in range(16):
            hashes = _joined(self._hashes, np.uint64) if seed == 0 else self._rehashed(seed)
            order = np.argsort(hashes, kind="stable")
            merged = self._merged(hashes[order], starts[order], words[order])
            if merged is not None:
                return self._write(seed, *merged)
        raise RefusedError("sixteen seeds gave hash collisions: the input is built to collide")

    def _rehashed(self, seed: int) -> U64:
        names = (self.folder / NAMES).read_bytes().split(b"\n")[:-1]
        return np.fromiter(map(hasher(seed), names), np.uint64, len(names))

    def _merged(
        self, hashes: U64, starts: U64, words: NDArray[np.uint32]
    ) -> tuple[U64, U64, NDArray[np.uint32]] | None:
        """Rows with equal keys joined into one; None where two keys share a hash."""
        first = np.ones(len(hashes), bool)
        first[1:] = hashes[1:] != hashes[:-1]
        heads = np.flatnonzero(first)
        bounds = np.append(heads, len(hashes))
        several = np.flatnonzero(np.diff(bounds) > 1)
        if len(several):
            words = words.copy()
            tags = {number: known for known, number in self.sets.items()}
            with (self.folder / NAMES).open("rb") as names:
                whole = names.read()
            for group in several.tolist():
                low, high = int(bounds[group]), int(bounds[group + 1])
                keys = {whole[at : whole.index(b"\n", at)] for at in starts[low:high].tolist()}
                if len(keys) > 1:
                    return None
                union = sorted({one for word in words[low:high].tolist() for one in tags[word]})
                number = self.word(tuple(union))
                tags[number] = tuple(union)
                words[low] = number
        return hashes[heads], starts[heads], words[heads]

    def _write(self, seed: int, hashes: U64, starts: U64, words: NDArray[np.uint32]) -> Shape:
        count = len(hashes)
        bits = max(4, (2 * count - 1).bit_length())
        places = np.arange(count, dtype=np.int64)
        home = (hashes >> np.uint64(64 - bits)).astype(np.int64)
        at = np.maximum.accumulate(home - places) + places if count else places
        size = max(1 << bits, int(at[-1]) + 1 if count else 0) + 1
        slots = np.zeros(size, np.uint64)
        slots[at] = (hashes << np.uint64(32)) | (places + 1).astype(np.uint64)
        slots.tofile(self.folder / SLOTS)
        rows = np.zeros(count + 1, np.uint64)
        rows[:count] = (starts << np.uint64(32)) | words.astype(np.uint64)
        rows.tofile(self.folder / ROWS)
        listed = list(self.sets)
        flat = [one for tags in listed for one in tags]
        np.array(flat or [0], np.uint32).tofile(self.folder / TAGS)
        bounds = np.cumsum([0, *map(len, listed)], dtype=np.uint32)
        bounds.tofile(self.folder / BOUNDS)
        if not count:
            (self.folder / NAMES).write_bytes(b"\n")
        return Shape(seed=seed, bits=bits, rows=count, sets=len(listed))


def census(folder: Path) -> dict[int, int]:
    """Rows per category number of the tables in a folder (exceptions not counted)."""
    rows = np.fromfile(folder / ROWS, np.uint64)[:-1] & np.uint64(0xFFFFFFFF)
    bounds = np.fromfile(folder / BOUNDS, np.uint32).tolist()
    tags = np.fromfile(folder / TAGS, np.uint32).tolist()
    found: dict[int, int] = {}
    for number, count in enumerate(np.bincount(rows.astype(np.int64)).tolist()):
        real = {
            one >> CATEGORY_SHIFT
            for one in tags[bounds[number] : bounds[number + 1]]
            if one < SPECIAL and not one & 4
        }
        for category in real:
            found[category] = found.get(category, 0) + count
    return found


def _joined[T: np.generic](parts: list[NDArray[T]], kind: type[T]) -> NDArray[T]:
    return np.concatenate(parts) if parts else np.empty(0, kind)
