"""Where personal data can stand at all: three engines with the same answers. Pure.

A trigger is a superset: every hit of every recogniser has at least one place in it, and a place
without a hit costs only time. Hyperscan reads bytes, RE2 and `re` characters; all give places
as characters. Hyperscan and RE2 are optional, `re` is always there.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from importlib import import_module
from itertools import accumulate
from typing import Any, Protocol

from rules.recognise.personal.addresses import PROVINCES
from rules.recognise.personal.windows import Window, around, blocks
from rules.recognise.personal.words import PLATE_PROVINCES

hyperscan: Any = None
re2: Any = None
with suppress(ModuleNotFoundError):
    hyperscan = import_module("hyperscan")
with suppress(ModuleNotFoundError):
    re2 = import_module("re2")

_HAN = "[\u4e00-\u9fff]"
_SIGN = "[0-9一二三四五六七八九十百千零〇甲乙丙丁A-Za-z]"
_NUMBERS = (
    "(?:^|[^0-9])[0-9]{5}",  # once for each run, not for each digit of it
    r"[0-9]{3}(?: |\)|）|-|　){1,2}[0-9]{4}",
    "[0-9]{4}(?: |-|　)[0-9]{3}(?: |-|　)",
)  # brackets and spaces of either width: a text is looked at before it is folded
_LETTERS = (
    "@",
    r"[0-9]\.[0-9]{1,3}\.",
    "[0-9A-Fa-f]:[0-9A-Fa-f]{0,4}:",
    "[0-9A-Fa-f]{2}-[0-9A-Fa-f]{2}-",
    r"[0-9A-Fa-f]{4}[.-][0-9A-Fa-f]{4}[.-]",
    f"(?:{'|'.join(PLATE_PROVINCES)})[A-Z]",
    "字第",
    "[微薇]信",
    "加[Vv]",
    "[Ww][Xx]",
    "[Vv][Xx]",
    "[Ww][Ee][Cc][Hh][Aa][Tt]",
    "[Ww][Ee][Ii][Xx][Ii][Nn]",
    "-----BEGIN",
    "AKIA",
    "LTAI",
    "AKID",
    r"\.eyJ",
    "sk-[0-9A-Za-z]{8}",
)
_PLACES = (
    "[址地][\"']? ?(?::|：|=)",
    r"[址地](?:\(|（)",
    f"(?:{PROVINCES}){_HAN}{{0,30}}[路街道巷弄村胡里社组屯区苑园庄坪湾沟桥城](?:{_SIGN}|{_HAN})",
    f"[路街道巷弄村]{_SIGN}{{1,6}}[号弄栋幢]",
)
SHORT = 2048  # characters; a text no longer is read as a whole where anything is
NUMBERS, LETTERS, PLACES, NAMES = 1, 2, 4, 8
"""A bit for each family: each is read only where its own triggers are."""
ALL, WIDE = 0b1111, 0b10000
"""Every family; letters that must be folded before anything is known."""
_WIDES = (
    r"\xef\xbc[\x82-\x87\x8a\x8b\x8d-\x99\x9c-\x9e\xa0-\xbf]", r"\xef\xbd[\x80-\x9e]",
    r"\xe2\x80[\x90-\x95]", r"\xe2\x88\x92", r"\xe3\x80\x80", r"\xef\xbc[\x88\x89]",
)  # fmt: skip


class Trigger(Protocol):
    """Parts of a text in which there may be something."""

    name: str

    def windows(self, text: str) -> Iterable[Window]:
        """Of a folded text; in order, none over another."""
        ...


def _families(names: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    return (_NUMBERS, _LETTERS, _PLACES, tuple(names))


class Plain:
    """Python's own engine: every block is read, as looking with it costs as much."""

    name = "re"
    __slots__ = ()

    def __init__(self, names: Iterable[str] = ()) -> None:
        del names

    def windows(self, text: str) -> Iterator[Window]:
        """Blocks, for every family."""
        for start, end in blocks(text):
            yield start, end, ALL


class Linear:
    """RE2: linear in the text whatever it is. Names are read everywhere: the automaton over
    labels and titles is faster than any expression."""

    name = "re2"
    __slots__ = ("_shapes",)

    def __init__(self, names: Iterable[str] = ()) -> None:
        del names
        if re2 is None:  # pragma: no cover - an optional package
            raise ModuleNotFoundError("google-re2")
        self._shapes: tuple[Any, ...] = tuple(
            re2.compile("|".join(one)) for one in _families(())[:-1]
        )

    def windows(self, text: str) -> Iterator[Window]:
        """Blocks, each looked at until the first sign of a family."""
        numbers, letters, places = (shape.search for shape in self._shapes)
        for start, end in blocks(text):
            part = text[start:end]
            mask = NAMES | (NUMBERS if numbers(part) else 0)
            mask |= (LETTERS if letters(part) else 0) | (PLACES if places(part) else 0)
            yield start, end, mask


class Everywhere:
    """No trigger: every line is read. What the others are held against."""

    name = "none"
    __slots__ = ()

    def __init__(self, names: Iterable[str] = ()) -> None:
        del names

    def windows(self, text: str) -> Iterator[Window]:
        starts = {0, *(one.end() for one in re.finditer("\n", text)), *range(0, len(text), 100)}
        return around(text, ((start, ALL) for start in sorted(starts)))


class Vector:
    """Hyperscan: reads UTF-8 at gigabytes a second and calls back where something is."""

    name = "hyperscan"
    __slots__ = ("_all", "_bits", "_every", "_once")

    def __init__(self, names: Iterable[str] = ()) -> None:
        if hyperscan is None:  # pragma: no cover - an optional package
            raise ModuleNotFoundError("hyperscan")
        families = _families(names)
        wanted = [one.encode() for shapes in families for one in _bytes(shapes)]
        wides = [one.encode() for one in _WIDES]
        self._once = _Scanner([*wanted, *wides], single=True)
        self._every = _Scanner(wanted)
        self._all = _Scanner([*wanted, *wides])
        each = (1 << at for at, shapes in enumerate(families) for _ in shapes)
        self._bits = (*each, *(WIDE for _ in _WIDES))

    def families(self, text: str) -> int:
        """One look; each expression reports at most once."""
        mask, bits = 0, self._bits

        def seen(id_: int, _start: int, _end: int, _flags: int, _context: Any) -> None:
            nonlocal mask
            mask |= bits[id_]

        self._once.scan(text.encode("utf-8", "surrogatepass"), seen)
        return mask

    def each(self, texts: Sequence[str]) -> list[int]:
        """`families` of short texts, in one look at all of them."""
        parts = [text.encode("utf-8", "surrogatepass") for text in texts]
        ends = list(accumulate(len(part) + 1 for part in parts))
        seen: list[tuple[int, int]] = []

        def note(id_: int, _start: int, end: int, _flags: int, _context: Any) -> None:
            seen.append((end, id_))

        self._all.scan(b"\n".join(parts), note)
        masks, bits = [0] * len(parts), self._bits
        for end, id_ in seen:
            masks[bisect_left(ends, end)] |= bits[id_]
        return masks

    def windows(self, text: str) -> Iterable[Window]:
        """What is around the ends of matches."""
        data = text.encode("utf-8", "surrogatepass")
        bits = self._bits
        seen: list[tuple[int, int]] = []

        def note(id_: int, _start: int, end: int, _flags: int, _context: Any) -> None:
            seen.append((end, bits[id_]))

        self._every.scan(data, note)
        if not seen:
            return ()
        seen.sort()
        if len(data) == len(text):
            return around(text, ((end - 1, bit) for end, bit in seen))
        return around(text, _characters(data, seen))


class _Scanner:
    """A database that threads share, made when first needed (it takes half a second), and
    scratch spaces: hyperscan writes into one while it reads, so each is lent to one look at a
    time. Taking from a list and putting back are whole steps of Python."""

    __slots__ = ("_database", "_expressions", "_flags", "_free")

    def __init__(self, expressions: list[bytes], *, single: bool = False) -> None:
        self._expressions = expressions
        self._flags = hyperscan.HS_FLAG_DOTALL | (hyperscan.HS_FLAG_SINGLEMATCH if single else 0)
        self._database: Any = None
        self._free: list[Any] = []

    def scan(self, data: bytes, seen: Callable[[int, int, int, int, Any], None]) -> None:
        """Call `seen` for every match."""
        database = self._database
        if database is None:  # made twice where two threads begin: either will do
            database = self._database = self._made()
        try:
            scratch = self._free.pop()
        except IndexError:
            scratch = hyperscan.Scratch(database)
        database.scan(data, match_event_handler=seen, scratch=scratch)
        self._free.append(scratch)

    def _made(self) -> Any:
        database = hyperscan.Database(mode=hyperscan.HS_MODE_BLOCK)
        count = len(self._expressions)
        database.compile(
            expressions=self._expressions,
            ids=list(range(count)),
            elements=count,
            flags=[self._flags] * count,
        )
        return database


def _characters(data: bytes, ends: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Ends of matches in bytes, as places in characters (never beyond the match)."""
    place = low = 0
    for end, bit in ends:
        while end < len(data) and data[end] & 0xC0 == 0x80:
            end += 1  # noqa: PLW2901 - to the end of its character
        if end > low:
            place += len(data[low:end].decode("utf-8", "surrogatepass"))
            low = end
        yield place - 1, bit


def _bytes(patterns: Iterable[str]) -> list[str]:
    """Classes of Chinese characters as alternatives: bytes have no classes of characters."""
    made = []
    for one in (each.replace(_HAN, _HAN_BYTES) for each in patterns):
        made.append(
            re.sub(
                r"\[([^\]]*[^\x00-\x7f][^\]]*)\]",
                lambda found: "(?:" + "|".join(_members(found.group(1))) + ")",
                one,
            )
        )
    return made


_HAN_BYTES = r"(?:[\xe4-\xe9][\x80-\xbf][\x80-\xbf])"


def _members(inner: str) -> list[str]:
    parts = re.findall(r"[0-9A-Za-z]-[0-9A-Za-z]|\\.|.", inner)
    return [one if len(one) < 3 else f"[{one}]" for one in parts]


def best(names: Iterable[str] = ()) -> Trigger:
    """The fastest engine there is."""
    chosen = tuple(names)
    if hyperscan is not None:
        return Vector(chosen)
    if re2 is not None:
        return Linear(chosen)
    return Plain(chosen)
