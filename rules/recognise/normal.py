"""One reading of a text, whatever it is written with: the view every recogniser works on.

Full and half width, traditional characters, look-alikes of other scripts, enclosed letters,
accents, invisible characters, case, characters written as their parts (拆字), and symbols, emoji
or spaces put between Chinese characters. What reads like the same must come out the same. The
work is a few table look-ups over an array of code points, so a page costs a fraction of a
millisecond whatever is in it. Pinyin and 谐音 are not here: they are spellings of phrases and
belong to the lexicons. The tables are data: `folding.txt` (generated) and `splits.txt`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

HERE = Path(__file__).parent
FOLDING = HERE / "folding.txt"
SPLITS = HERE / "splits.txt"

LAST = 0x1FFFF  # what lies beyond shares this place in the tables: rare Chinese characters
MAX_GAP = 4  # symbols between two Chinese characters that are read as not there
LEET = str.maketrans("0134578@$!|", "oieastbasil")
LEET_MAX = 32  # a longer run of letters and digits is a key or a hash, not a word

HAN, LETTER, DIGIT, SOFT, ODD, SPLIT = 1, 2, 4, 8, 16, 32  # kinds of characters, as bits
_GONE = 0x110000  # in the folding table: leave out; above it: several characters
_MANY = 0x110001

Codes = NDArray[np.uint32]
Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """A text as it reads. `extra` holds other readings of its Latin words, one a line."""

    text: str
    extra: str
    places: Places | None  # of each character in the original; None: the same place

    def origin(self, at: int) -> int:
        """Where the character at this place of `text` stood in the original."""
        if self.places is None or not len(self.places):
            return at
        return int(self.places[min(at, len(self.places) - 1)])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tables:
    fold: Codes
    kind: NDArray[np.uint8]
    many_start: Places
    many_length: Places
    many: Codes
    first: NDArray[np.uint8]
    second: NDArray[np.uint8]
    joined: NDArray[np.uint32]


def normalise(text: str) -> str:
    """The canonical reading of a text."""
    return _ascii(text) if text.isascii() else _decoded(_read(text)[0])


def view(text: str) -> View:
    """The canonical reading, the other readings of its Latin words, and the way back."""
    if text.isascii():
        plain = _ascii(text)
        codes = np.frombuffer(plain.encode("latin-1"), np.uint8).astype(np.uint32)
        return View(text=plain, extra=_extra(plain, codes), places=None)
    codes, places = _read(text)
    plain = _decoded(codes)
    return View(text=plain, extra=_extra(plain, codes), places=places)


def _ascii(text: str) -> str:
    """A deleted control character may not move the others: it becomes a space."""
    return text.encode("ascii").translate(_ascii_table()).decode("ascii")


@cache
def _ascii_table() -> bytes:
    plain = bytes(32 if (code < 32 and code != 10) or code == 127 else code for code in range(256))
    return plain.lower()


def _decoded(codes: Codes) -> str:
    return codes.astype("<u4", copy=False).tobytes().decode("utf-32-le", "replace")


def _read(text: str) -> tuple[Codes, Places | None]:
    tables = _tables()
    raw = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")
    codes = np.take(tables.fold, raw, mode="clip")
    places: Places | None = None
    if int(raw.max()) >= LAST:
        far = raw >= LAST
        codes[far] = raw[far]
        codes[raw >= 0xE0000] = _GONE  # tags, variation selectors, private planes
    if int(codes.max()) >= _GONE:
        codes, places = _expanded(codes, tables)
    kinds = np.take(tables.kind, codes, mode="clip")
    codes, kinds, places = _whole(codes, kinds, places, tables)
    return _squeezed(codes, kinds, places)


def _expanded(codes: Codes, tables: _Tables) -> tuple[Codes, Places]:
    """Left-out characters are taken out, those that stand for several put in."""
    number = codes.astype(np.intp) - _MANY
    several = np.flatnonzero(number >= 0)
    if not len(several):
        places = np.flatnonzero(codes != _GONE)
        return codes[places], places
    counts = np.ones(len(codes), np.intp)
    counts[codes == _GONE] = 0
    counts[several] = tables.many_length[number[several]]
    places = np.repeat(np.arange(len(codes)), counts)
    grown = codes[places]
    inside = np.flatnonzero(grown >= _MANY)
    starts = np.cumsum(counts) - counts
    source = places[inside]
    grown[inside] = tables.many[tables.many_start[number[source]] + inside - starts[source]]
    return grown, places


def _whole(
    codes: Codes, kinds: NDArray[np.uint8], places: Places | None, tables: _Tables
) -> tuple[Codes, NDArray[np.uint8], Places | None]:
    """拆字: two parts side by side become the character they make."""
    at = np.flatnonzero(kinds & SPLIT)
    at = at[at < len(codes) - 1]
    if not len(at):
        return codes, kinds, places
    made = tables.joined[
        np.take(tables.first, codes[at], mode="clip"),
        np.take(tables.second, codes[at + 1], mode="clip"),
    ]
    at, made = at[made > 0], made[made > 0]
    if not len(at):
        return codes, kinds, places
    alone = np.concatenate(([True], np.diff(at) > 1))  # of two that overlap, the first
    at, made = at[alone], made[alone]
    codes[at] = made
    kinds[at] = HAN
    return _without(codes, kinds, places, at + 1)


def _without(
    codes: Codes, kinds: NDArray[np.uint8], places: Places | None, gone: Places
) -> tuple[Codes, NDArray[np.uint8], Places]:
    keep = np.ones(len(codes), bool)
    keep[gone] = False
    return codes[keep], kinds[keep], np.flatnonzero(keep) if places is None else places[keep]


def _squeezed(
    codes: Codes, kinds: NDArray[np.uint8], places: Places | None
) -> tuple[Codes, Places | None]:
    """Take out what stands between Chinese characters and is no sentence mark.

    A sentence mark or a new line goes too where it stands alone between single characters, at
    least four in a row (澳,门,赌,场): no sentence is written like that.
    """
    words = np.flatnonzero(kinds & HAN > 0)
    gaps = np.diff(words)
    apart = np.flatnonzero((gaps > 1) & (gaps <= MAX_GAP + 1))
    if not len(apart):
        return codes, places
    begin, between = words[apart], gaps[apart] - 1
    drop = kinds[begin + 1] & SOFT > 0
    for ahead in range(2, MAX_GAP + 1):
        inside = np.minimum(begin + ahead, len(kinds) - 1)
        drop &= (between < ahead) | (kinds[inside] & SOFT > 0)
    single = (between == 1) & (kinds[begin + 1] & (LETTER | DIGIT) == 0)
    follows = single[1:] & single[:-1] & (np.diff(apart) == 1)
    thrice = follows[1:] & follows[:-1]
    for ahead in range(3):
        drop[ahead : ahead + len(thrice)] |= thrice
    begin, between = begin[drop], between[drop]
    if not len(begin):
        return codes, places
    gone = np.concatenate([begin[between >= ahead] + ahead for ahead in range(1, MAX_GAP + 1)])
    left, _, where = _without(codes, kinds, places, gone)
    return left, where


def _extra(text: str, codes: Codes) -> str:
    """Words with figures for letters read as words, and single letters read together."""
    kinds = np.take(_tables().kind, codes, mode="clip")
    inside = np.concatenate(([False], kinds & (LETTER | DIGIT | ODD) > 0, [False]))
    edges = np.flatnonzero(inside[1:] != inside[:-1])
    starts, ends = edges[::2], edges[1::2]
    if not len(starts):
        return ""
    letters = np.concatenate(([0], np.cumsum(kinds & LETTER > 0)))
    figures = np.concatenate(([0], np.cumsum(kinds & (DIGIT | ODD) > 0)))
    length = ends - starts
    mixed = (letters[ends] - letters[starts] > 1) & (figures[ends] - figures[starts] > 0)
    mixed &= (length > 2) & (length <= LEET_MAX)
    found = {text[starts[at] : ends[at]].translate(LEET) for at in np.flatnonzero(mixed)}
    lone = np.flatnonzero((length[:-1] == 1) & (length[1:] == 1) & (starts[1:] - ends[:-1] <= 2))
    if len(lone):
        for run in np.split(lone, np.flatnonzero(np.diff(lone) > 1) + 1):
            if len(run) > 1:
                ones = starts[run[0] : run[-1] + 2]
                found.add("".join(text[at] for at in ones).translate(LEET))
    return "\n".join(sorted(found))


@cache
def _tables() -> _Tables:
    """Worked out once in a process, from data that ships with the product."""
    fold = np.arange(LAST + 1, dtype=np.uint32)
    several: list[str] = []
    for line in FOLDING.read_text(encoding="utf-8").split("\n"):
        source, tab, target = line.partition("\t")
        if not tab or source.startswith("#"):
            continue
        target = target.replace("\\n", "\n")
        if len(target) == 1:
            fold[int(source, 16)] = ord(target)
        elif not target:
            fold[int(source, 16)] = _GONE
        else:
            fold[int(source, 16)] = _MANY + len(several)
            several.append(target)
    lengths = np.array([len(one) for one in several], np.intp)
    first, second, joined = _splits()
    return _Tables(
        fold=fold,
        kind=_kinds(first),
        many=np.array([ord(char) for one in several for char in one], np.uint32),
        many_start=np.cumsum(lengths) - lengths,
        many_length=lengths,
        first=first,
        second=second,
        joined=joined,
    )


def _splits() -> tuple[NDArray[np.uint8], NDArray[np.uint8], Codes]:
    lines = SPLITS.read_text(encoding="utf-8").splitlines()
    rows = [line.split() for line in lines if line and not line.startswith("#")]
    first = np.zeros(LAST + 1, np.uint8)
    second = np.zeros(LAST + 1, np.uint8)
    for table, side in ((first, 0), (second, 1)):
        for number, part in enumerate(sorted({parts[side] for parts, _ in rows}), 1):
            table[ord(part)] = number
    joined = np.zeros((int(first.max()) + 1, int(second.max()) + 1), np.uint32)
    for parts, whole in rows:
        joined[first[ord(parts[0])], second[ord(parts[1])]] = ord(whole)
    return first, second, joined


def _kinds(first: NDArray[np.uint8]) -> NDArray[np.uint8]:
    kind = np.zeros(LAST + 1, np.uint8)
    for low, high in (
        (0x20, 0x2F), (0x3A, 0x40), (0x5B, 0x60), (0x7B, 0x7E), (0xA0, 0xBF), (0xD7, 0xD7),
        (0xF7, 0xF7), (0x2B0, 0x2FF), (0x2000, 0x2027), (0x202A, 0x2BFF), (0x3000, 0x303F),
        (0xE000, 0xF8FF), (0xFE10, 0xFE6F), (0x1F000, 0x1FAFF),
    ):  # fmt: skip
        kind[low : high + 1] = SOFT
    for mark in "\n,;:!?。、":
        kind[ord(mark)] = 0
    for low, high in ((0x2E80, 0x2FDF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF)):
        kind[low : high + 1] = HAN
    kind[[0x3005, 0x3007, LAST]] = HAN
    kind[ord("a") : ord("z") + 1] = LETTER
    kind[ord("0") : ord("9") + 1] = DIGIT
    for mark in "@$":
        kind[ord(mark)] |= ODD
    kind[first > 0] |= SPLIT
    return kind
