"""The residual scan: what of people is still in a masked copy. Pure; no value is kept.

Two looks at every cell of the result: the recognisers (verified hits that are not fakes of
ours), and the source's own direct identifiers, names included, which are held as bits of a
keyed hash (Python's SipHash, whose key is made for the process and never stored). A cell whose
bits are all set is only a candidate: candidates are settled by reading the source again.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from policies.masks_fake import FAKERS, is_fake
from policies.masks_model import SAME
from policies.masks_plain import REDACTED, canonical
from rules.recognise.personal.finder import Finder
from rules.recognise.personal.kinds import FINDABLE, Confidence, Kind

PROBES = 6
LARGEST = 1 << 28  # bits (32 MiB)
MOST_CANDIDATES = 200_000
SHORTEST = 2  # characters; a shorter value says nothing of anybody

_RUNS = re.compile(r"[0-9A-Za-z]{5,40}|[\u4e00-\u9fff·]{2,64}")


class Seen:
    """Values of the source, as bits."""

    __slots__ = ("_bits", "_mask", "count")

    def __init__(self, expected: int) -> None:
        size = 1 << max(16, min(28, (max(1, expected) * 32 - 1).bit_length()))
        self._bits = np.zeros(size // 8, dtype=np.uint8)
        self._mask = np.uint64(size - 1)
        self.count = 0

    def __repr__(self) -> str:
        return f"Seen({self.count})"

    def _places(self, hashes: np.ndarray[Any, Any]) -> Iterable[np.ndarray[Any, Any]]:
        step = (hashes >> np.uint64(32)) | np.uint64(1)
        for probe in range(PROBES):
            yield (hashes + step * np.uint64(probe)) & self._mask

    def add(self, values: Iterable[Any], kind: Kind | None) -> None:
        """Remember a column's values, as written and in one way of writing."""
        hashes = hashed(spellings(values, kind))
        self.count += len(hashes)
        for places in self._places(hashes):
            bits = np.left_shift(1, (places & np.uint64(7)).astype(np.uint8)).astype(np.uint8)
            np.bitwise_or.at(self._bits, (places >> np.uint64(3)).astype(np.int64), bits)

    def candidates(self, hashes: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """Those whose bits are all set."""
        for probe in range(PROBES):
            step = (hashes >> np.uint64(32)) | np.uint64(1)
            places = (hashes + step * np.uint64(probe)) & self._mask
            byte = self._bits[(places >> np.uint64(3)).astype(np.int64)]
            held = (byte >> (places & np.uint64(7)).astype(np.uint8)) & 1
            hashes = hashes[held.astype(bool)]
        return hashes


def spellings(values: Iterable[Any], kind: Kind | None) -> list[str]:
    """The ways a value is looked for: as written, and canonical."""
    found: list[str] = []
    chinese = SAME.get(kind, kind) in (Kind.NAME, Kind.ADDRESS) if kind is not None else False
    for value in set(values):
        text = value if value.__class__ is str else ("" if value is None else str(value))
        if len(text) < SHORTEST or text == REDACTED:
            continue
        if text.isalnum() and (chinese or text.isascii()):
            found.append(text)
            continue
        text = text.strip()
        other = canonical(text, kind)
        found += [text, other] if isinstance(other, str) and other != text else [text]
    return found


def hashed(texts: Sequence[str]) -> np.ndarray[Any, Any]:
    """Keyed 64-bit hashes of texts."""
    return np.fromiter(map(hash, texts), dtype=np.int64, count=len(texts)).view(np.uint64)


@dataclass(slots=True, kw_only=True)
class Residual:
    """What was found; counts only."""

    cells: int = 0
    verified: Counter[str] = field(default_factory=Counter)  # column: kind
    suspected: Counter[str] = field(default_factory=Counter)
    fakes: int = 0
    declared: int = 0  # verified hits in columns of reversible, format-preserving masks
    sources: int = 0  # source values of direct identifiers that stand in the result
    unsettled: bool = False  # too many candidates to settle

    @property
    def clean(self) -> bool:
        """Whether nothing of anybody was found."""
        return not self.verified and not self.sources and not self.unsettled

    def told(self) -> dict[str, Any]:
        """As a certificate says it."""
        return {
            "cells": self.cells,
            "verified": dict(sorted(self.verified.items())),
            "suspected": sum(self.suspected.values()),
            "fakes": self.fakes,
            "declared": self.declared,
            "source_values": self.sources,
            "unsettled": self.unsettled,
        }


class Scan:
    """Reads the result batch by batch."""

    def __init__(self, finder: Finder, seen: Seen, knows: Sequence[Kind] = FINDABLE) -> None:
        self.found = Residual()
        self.candidates: set[int] = set()
        self._finder = finder
        self._seen = seen
        self._knows = frozenset(knows)
        self._names: dict[str, Any] = {}

    def column(
        self,
        table: str,
        name: str,
        values: Sequence[Any],
        *,
        kept: bool,
        declared: bool,
        kind: Kind | None = None,
    ) -> None:
        """One column of one batch. `kept`: parts of the source may stand in it as text."""
        texts = [
            value if value.__class__ is str else str(value)
            for value in values
            if value is not None and value not in ("", REDACTED)
        ]
        self.found.cells += len(values)
        if not texts:
            return
        if len(texts) > 200:
            distinct = set(texts)
            texts = list(distinct) if len(distinct) < len(texts) // 2 else texts
        whole = [text.strip() for text in texts if len(text) >= SHORTEST]
        if kept:
            for text in list(whole):
                if len(text) > 8:
                    whole += pieces(text)
        if whole and self._seen.count:
            suspects = self._seen.candidates(hashed(whole))
            if len(suspects):
                self.candidates.update(map(int, suspects))
                if len(self.candidates) > MOST_CANDIDATES:
                    self.found.unsettled = True
                    self.candidates.clear()
        faker = FAKERS.get(SAME.get(kind, kind)) if kind is not None else None
        if faker is not None:
            known = faker.known.fullmatch
            others = [text for text in texts if known(text) is None]
            self.found.fakes += len(texts) - len(others)
            texts = others
        if texts:
            self._recognise(f"{table}.{name}", name, texts, declared=declared)

    def _recognise(self, place: str, name: str, texts: list[str], *, declared: bool) -> None:
        meaning = self._names.get(name)
        if meaning is None:
            meaning = self._names[name] = self._finder.labels.kinds(name)
        joined = "\n".join(texts)
        for hit in self._finder.find(joined):
            if hit.kind not in self._knows:
                continue
            value = joined[hit.start : hit.end]
            if _made(hit.kind, value):
                self.found.fakes += 1
            elif hit.confidence is Confidence.VERIFIED or hit.kind in meaning.kinds:
                if declared:
                    self.found.declared += 1
                else:
                    self.found.verified[f"{place}: {hit.kind}"] += 1
            else:
                self.found.suspected[f"{place}: {hit.kind}"] += 1

    def settle(self, values: Iterable[Any], kind: Kind | None) -> None:
        """Read the source again: which candidates are values of it."""
        if not self.candidates:
            return
        texts = spellings(values, kind)
        for text, code in zip(texts, map(int, hashed(texts)), strict=True):
            if code in self.candidates:
                self.candidates.discard(code)
                if kind is None or not is_fake(kind, text):  # nobody's own: the source's fakes
                    self.found.sources += 1


def _made(kind: Kind, value: str) -> bool:
    if is_fake(kind, value):
        return True
    return any(is_fake(other, value) for other in FAKERS if SAME.get(other, other) is not kind)


def pieces(text: str) -> list[str]:
    """The runs of a text that could be an identifier or a name of three or four characters."""
    found: list[str] = []
    for match in _RUNS.finditer(text):
        run = match.group()
        if run[0] < "\u4e00":
            found.append(run)
            continue
        for size in (3, 4):
            found += [run[at : at + size] for at in range(len(run) - size + 1)]
    return found
