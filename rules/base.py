"""RuleBase: the compiled knowledge in force, memory-mapped and shared by all workers.

Opening maps files and reads one manifest; nothing is copied, so a worker pays kilobytes
and a replaced directory lives on under those who hold it. A look-up walks the name from
the full one to its last label, compares the stored name on every hit (there is no false
one), and unites the categories of all levels. Reads its directory once, at `open`;
needs neither numpy nor the lists.
"""

from __future__ import annotations

import json
import mmap
import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Self

from rules.hosts import boundaries, is_address, normal_path
from rules.importers.rows import Flag
from rules.load import WorldError
from rules.model import CLIENT, Basis, Category, Examples, Layer, Signal, Signals, Status, Text
from rules.table import (
    BOUNDS,
    CATEGORY_SHIFT,
    LIST_SHIFT,
    NAMES,
    PATHS,
    PATTERNS,
    ROWS,
    SLOTS,
    SPECIAL,
    TAGS,
    hasher,
)

FORMAT = 2
MANIFEST = "manifest.json"
CURRENT = "current"
UNCATEGORISED = "uncategorised"
MARKER_LIST = 0  # list number 0 is the marker hosts
MEMO = 4096  # names kept per generation; two generations live

_SELF, _BELOW, _NOT = Flag.SELF.value, Flag.BELOW.value, Flag.NOT.value
_LOW = 0xFFFFFFFF

Chain = list[tuple[int, bytes]]  # (set, the key that matched), most specific first


class _Set:
    """One set of tags with its masks worked out."""

    __slots__ = ("below", "nots", "own", "paths", "patterns", "tags")

    def __init__(self, tags: tuple[int, ...]) -> None:
        real = tuple(tag for tag in tags if tag < SPECIAL)
        self.tags = real
        self.paths = PATHS in tags
        self.patterns = PATTERNS in tags
        self.nots = any(tag & _NOT for tag in real)
        self.own = _union(tag for tag in real if not tag & (_NOT | _BELOW))
        self.below = _union(tag for tag in real if not tag & (_NOT | _SELF))


def _union(tags: Iterable[int]) -> int:
    mask = 0
    for tag in tags:
        mask |= 1 << (tag >> CATEGORY_SHIFT)
    return mask


class RuleBase:
    """Answers what a host or URL is. Safe to share between coroutines of one process."""

    def __init__(self, folder: Path, manifest: Mapping[str, Any]) -> None:
        self.path = folder
        self.hash: str = manifest["hash"]
        self.categories = tuple(map(_category, manifest["categories"]))
        self.index: Mapping[str, int] = {
            category.id: place for place, category in enumerate(self.categories)
        }
        self.lists: tuple[str, ...] = tuple(one["id"] for one in manifest["lists"])
        self.rows: int = manifest["shape"]["rows"]
        self.labels: Mapping[str, tuple[str, ...]] = {
            label: tuple(ids) for label, ids in manifest["labels"].items()
        }
        self.unknown = 1 << self.index[UNCATEGORISED]
        self.help = _union(
            place << CATEGORY_SHIFT
            for place, category in enumerate(self.categories)
            if category.layer is Layer.HELP
        )
        self.clients = self.bits(c.id for c in self.categories if c.id.startswith(CLIENT))
        self._nothing = Signals(mask=self.unknown)
        self._unlisted = (self._nothing, False)
        self._networks: tuple[tuple[int, ...], tuple[int, ...]] = (
            tuple(manifest["networks"][0]),
            tuple(manifest["networks"][1]),
        )
        self._expressions: Mapping[str, list[list[Any]]] = manifest["patterns"]
        self._loose = self._expressions.get("", [])
        self._compiled: dict[str, re.Pattern[str]] = {}
        self._digest = hasher(manifest["shape"]["seed"])
        self._shift = 64 - int(manifest["shape"]["bits"])
        self._maps = [_mapped(folder / name) for name in (SLOTS, ROWS, NAMES, TAGS, BOUNDS)]
        self._names = self._maps[2]
        self._slots = memoryview(self._maps[0]).cast("Q")
        self._rows = memoryview(self._maps[1]).cast("Q")
        self._tags = memoryview(self._maps[3]).cast("I")
        self._bounds = memoryview(self._maps[4]).cast("I")
        self._sets: dict[int, _Set] = {}
        self._memo: dict[str, tuple[Signals, bool]] = {}
        self._older: dict[str, tuple[Signals, bool]] = {}
        self._urls: dict[tuple[str, str], Signals] = {}

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a RuleBase directory, or the one `current` points to. Raises WorldError."""
        folder = path / CURRENT if (path / CURRENT).exists() else path
        try:
            folder = folder.resolve(strict=True)
            manifest = json.loads((folder / MANIFEST).read_bytes())
            if manifest["format"] != FORMAT:
                raise WorldError(
                    f"规则库格式不符 the RuleBase {folder} has another format; "
                    "run `qinglang rules build`"
                )
            return cls(folder, manifest)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise WorldError(
                f"无法打开规则库 cannot open the RuleBase {path}: {error}; "
                "run `qinglang rules build`"
            ) from error

    def close(self) -> None:
        """Let the files go. Look-ups after this fail."""
        for view in (self._slots, self._rows, self._tags, self._bounds):
            view.release()
        for mapped in self._maps:
            mapped.close()

    def bits(self, ids: Iterable[str]) -> int:
        """The mask of category ids. Raises KeyError for an unknown one."""
        mask = 0
        for name in ids:
            mask |= 1 << self.index[name]
        return mask

    def ids(self, mask: int) -> tuple[str, ...]:
        """The category ids of a mask, in bit order."""
        found = []
        while mask:
            low = mask & -mask
            found.append(self.categories[low.bit_length() - 1].id)
            mask ^= low
        return tuple(found)

    def host(self, name: str) -> Signals:
        """What a canonical host or address is. Remembered; equal names share one value."""
        known = self._memo.get(name)
        return known[0] if known is not None else self._remembered(name)[0]

    def url(self, name: str, path: str) -> Signals:
        """What a canonical host with a path (as sent) is. Free where no path rule stands."""
        known = self._memo.get(name) or self._remembered(name)
        if not known[1]:
            return known[0]
        found = self._urls.get((name, path))
        if found is None:
            if len(self._urls) >= MEMO:
                self._urls.clear()
            found = self._signals(self._with_paths(self._chain(name), path), name)
            if len(path) <= 256:
                self._urls[name, path] = found
        return found

    def mask(self, name: str) -> int:
        """The categories of a canonical host, worked out anew (nothing is remembered)."""
        chain = self._chain(name)
        if not chain and not self._loose:
            return self.unknown
        mask, own, plain = 0, name.encode("utf-8", "replace"), True
        for number, key in chain:
            known = self._sets.get(number) or self._set(number)
            plain = plain and not (known.nots or known.patterns)
            mask |= known.own if key == own or key[:1] == b"/" else known.below
        if not plain or self._loose:
            mask = _union(tag for tag, _, _ in self._hits(chain, name))
        if mask & self.help:
            mask &= self.help
        return mask or self.unknown

    def explain(self, name: str, path: str = "") -> tuple[Signal, ...]:
        """Every recognition of a host or URL, before help takes precedence."""
        chain = self._chain(name)
        if path:
            chain = self._with_paths(chain, path)
        return tuple(self._signal(hit) for hit in self._hits(chain, name))

    def _remembered(self, name: str) -> tuple[Signals, bool]:
        known = self._older.get(name)
        if known is None:
            chain = self._chain(name)
            if chain or self._loose:
                paths = any(self._set(number).paths for number, _ in chain)
                known = (self._signals(chain, name), paths)
            else:
                known = self._unlisted
        if len(self._memo) >= MEMO:
            self._older, self._memo = self._memo, {}
        if len(name) <= 255:
            self._memo[name] = known
        return known

    def _chain(self, name: str) -> Chain:
        """The sets that stand at a name and at every name above it."""
        key = name.encode("utf-8", "replace")
        if ":" in name or (name[-1:].isdigit() and is_address(name)):
            return self._address(name, key)
        digest, slots, rows, names, shift = (
            self._digest,
            self._slots,
            self._rows,
            self._names,
            self._shift,
        )
        chain: Chain = []
        while True:
            hashed = digest(key)
            at = hashed >> shift
            while slot := slots[at]:
                if slot >> 32 == hashed & _LOW:
                    row = rows[(slot & _LOW) - 1]
                    start = row >> 32
                    stored = key + b"\n"
                    if names[start : start + len(stored)] == stored:
                        chain.append((row & _LOW, key))
                        break
                at += 1
            dot = key.find(b".")
            if dot < 0:
                return chain
            key = key[dot + 1 :]

    def _find(self, key: bytes) -> int:
        """The set of exactly this key, or -1."""
        hashed = self._digest(key)
        at = hashed >> self._shift
        stored = key + b"\n"
        while slot := self._slots[at]:
            if slot >> 32 == hashed & _LOW:
                row = self._rows[(slot & _LOW) - 1]
                if self._names[row >> 32 : (row >> 32) + len(stored)] == stored:
                    return row & _LOW
            at += 1
        return -1

    def _address(self, name: str, key: bytes) -> Chain:
        """The address itself, then every listed network around it, narrowest first."""
        chain = []
        found = self._find(key)
        if found >= 0:
            chain.append((found, key))
        lengths = self._networks[":" in name]
        if not lengths:
            return chain
        try:
            address = ip_address(name)
        except ValueError:
            return chain
        wide, value = address.max_prefixlen, int(address)
        for length in lengths:
            masked = value >> (wide - length) << (wide - length)
            key = f"/{type(address)(masked)}/{length}".encode("ascii")
            found = self._find(key)
            if found >= 0:
                chain.append((found, key))
        return chain

    def _with_paths(self, chain: Chain, path: str) -> Chain:
        """The chain with path rules put before the hosts they belong to, longest first."""
        prefixes = [prefix.encode("ascii", "replace") for prefix in boundaries(normal_path(path))]
        full: Chain = []
        for number, key in chain:
            if self._set(number).paths:
                for prefix in prefixes:
                    found = self._find(key + prefix)
                    if found >= 0:
                        full.append((found, key + prefix))
            full.append((number, key))
        return full

    def _set(self, number: int) -> _Set:
        known = self._sets.get(number)
        if known is None:
            low, high = self._bounds[number], self._bounds[number + 1]
            known = self._sets[number] = _Set(tuple(self._tags[low:high]))
        return known

    def _hits(self, chain: Chain, name: str) -> list[tuple[int, bytes, str]]:
        """(tag, key, expression) of every recognition left after exceptions.

        An exception takes the category of its own list away from its name and from
        every name above it; what stands at a more specific name remains.
        """
        own = name.encode("utf-8", "replace")
        hits: list[tuple[int, bytes, str]] = []
        gone: set[int] = set()
        for number, key in chain:
            known = self._set(number)
            outside = _BELOW if key.partition(b"/")[0] == own or key[:1] == b"/" else _SELF
            here = [tag for tag in known.tags if not tag & outside]
            gone.update(tag >> LIST_SHIFT for tag in here if tag & _NOT)
            for tag in here:
                if not tag & _NOT and tag >> LIST_SHIFT not in gone:
                    hits.append((tag, key, ""))
            if known.patterns:
                anchored = self._expressions.get(key.decode("ascii"), [])
                hits += self._matching(anchored, name, key, gone)
        return hits + self._matching(self._loose, name, own, gone)

    def _matching(
        self, patterns: list[list[Any]], name: str, key: bytes, gone: set[int]
    ) -> list[tuple[int, bytes, str]]:
        found = []
        for text, tag in patterns:
            if tag >> LIST_SHIFT in gone or len(name) > 253:
                continue
            if text[0] == "=":
                if text[1:] in name:
                    found.append((tag, key, text[1:]))
                continue
            expression = self._compiled.get(text)
            if expression is None:
                expression = self._compiled[text] = re.compile(text)
            if expression.search(name):
                found.append((tag, key, text))
        return found

    def _signals(self, chain: Chain, name: str) -> Signals:
        hits = self._hits(chain, name) if chain or self._loose else []
        if not hits:
            return self._nothing
        mask = _union(tag for tag, _, _ in hits)
        if mask & self.help:
            mask &= self.help
            hits = [hit for hit in hits if mask >> (hit[0] >> CATEGORY_SHIFT) & 1]
        return Signals(mask=mask, items=tuple(map(self._signal, hits)))

    def _signal(self, hit: tuple[int, bytes, str]) -> Signal:
        tag, key, expression = hit
        number = (tag >> LIST_SHIFT) & 0xFFFF
        if number == MARKER_LIST:
            recogniser = "marker"
        else:
            recogniser = "urls" if b"/" in key[1:] and key[:1] != b"/" else "hosts"
        return Signal(
            category=self.categories[tag >> CATEGORY_SHIFT].id,
            recogniser=recogniser,
            matched=expression or key.decode("ascii", "replace").removeprefix("/"),
            list=self.lists[number] if number != MARKER_LIST else "",
        )

    @property
    def nothing(self) -> Signals:
        """The shared answer for what nothing recognised: `uncategorised`."""
        return self._nothing


def _mapped(path: Path) -> mmap.mmap:
    with path.open("rb") as opened:
        found = mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
    with suppress(AttributeError, OSError):
        found.madvise(mmap.MADV_RANDOM)
    return found


def _category(value: Mapping[str, Any]) -> Category:
    limits = value["limits"]
    return Category(
        id=value["id"],
        title=Text(**value["title"]),
        layer=Layer(value["layer"]),
        harm=Text(**value["harm"]),
        basis=tuple(
            Basis(**{**basis, "status": Status(basis["status"])}) for basis in value["basis"]
        ),
        loosen=value["loosen"],
        limits=Text(**limits) if limits else None,
        of=tuple(value.get("of", ())),
        examples=Examples(
            hit=tuple(value["examples"]["hit"]), miss=tuple(value["examples"]["miss"])
        ),
    )
