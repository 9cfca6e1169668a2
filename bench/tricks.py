"""The ways writers get past filters, each as a function (text, rng) → text.

For measuring what recognition still catches. Each trick touches about `share` of the characters
it can touch. Everything random comes from the given generator.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from rules.load import load
from rules.recognise.normal import FOLDING, SPLITS
from rules.spellings import HOMOPHONES, PINYIN, Homophones

Trick = Callable[[str, Random], str]
SHARE = 0.3
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u034f\ufe0f\u0336\u0301"
SYMBOLS = "*·-_~|/\\^+=#&. 　•●★☆♥→"
EMOJI = "😀😂🔥❤💰🎲🌹👉🍑💦✨🐶"
HOMOGLYPHS = {
    "a": "аɑα", "c": "сϲ", "e": "её", "o": "оο0", "p": "рρ", "x": "хχ", "y": "у", "i": "іι",
    "s": "ѕ", "k": "к", "m": "м", "t": "т", "b": "Ь", "h": "һ", "n": "ո", "v": "ν", "w": "ѡ",
    "u": "υ",
}  # fmt: skip
LEET = {"a": "4@", "e": "3", "i": "1!", "o": "0", "s": "5$", "t": "7", "b": "8"}


def _each(text: str, rng: Random, share: float, other: Callable[[str], str]) -> str:
    return "".join(other(char) if rng.random() < share else char for char in text)


def full_width(text: str, rng: Random) -> str:
    def wide(char: str) -> str:
        return chr(ord(char) + 0xFEE0) if "!" <= char <= "~" else char

    return _each(text, rng, 0.9, wide)


def traditional(text: str, rng: Random) -> str:
    table = _traditional()
    return _each(text, rng, 0.9, lambda char: rng.choice(table.get(char, (char,))))


def zero_width(text: str, rng: Random) -> str:
    return _each(text, rng, SHARE, lambda char: char + rng.choice(INVISIBLE))


def symbols(text: str, rng: Random) -> str:
    return _each(text, rng, SHARE, lambda char: char + rng.choice(SYMBOLS) if _han(char) else char)


def spaces(text: str, rng: Random) -> str:
    return _each(text, rng, SHARE, lambda char: char + " " if _han(char) else char)


def emoji(text: str, rng: Random) -> str:
    return _each(text, rng, SHARE, lambda char: char + rng.choice(EMOJI) if _han(char) else char)


def homoglyphs(text: str, rng: Random) -> str:
    return _each(text, rng, 0.6, lambda char: rng.choice(HOMOGLYPHS.get(char.lower(), char)))


def fancy(text: str, rng: Random) -> str:
    """Mathematical, circled and full-width letters and figures."""

    def other(char: str) -> str:
        if "a" <= char.lower() <= "z" and char.isascii():
            start = rng.choice((0x1D41A, 0x1D4EA, 0x1D552, 0x24D0, 0xFF41))
            return chr(start + ord(char.lower()) - 97)
        if char.isascii() and char.isdigit():
            return chr(rng.choice((0x1D7CE, 0x1D7D8, 0xFF10)) + int(char))
        return char

    return _each(text, rng, 0.9, other)


def pinyin(text: str, rng: Random) -> str:
    table = _readings()
    return _each(text, rng, 0.12, lambda char: table.get(char, char))


def initials(text: str, rng: Random) -> str:
    table = _readings()
    return _each(text, rng, 0.08, lambda char: table.get(char, char)[0])


def homophones(text: str, rng: Random) -> str:
    table = load_homophones()
    return _each(text, rng, SHARE, lambda char: rng.choice(table.get(char, (char,))))


def splits(text: str, rng: Random) -> str:
    table = _parts()
    return _each(text, rng, 0.9, lambda char: table.get(char, char))


def leet(text: str, rng: Random) -> str:
    return _each(text, rng, 0.4, lambda char: rng.choice(LEET.get(char.lower(), char)))


def decomposed(text: str, rng: Random) -> str:
    """Accents on Latin letters and combining strokes anywhere."""
    other = _each(
        text, rng, SHARE, lambda char: char + rng.choice("\u0300\u0301\u0308\u0336\u20d2")
    )
    return unicodedata.normalize("NFD", other)


TRICKS: Mapping[str, Trick] = {
    one.__name__: one
    for one in (
        full_width, traditional, zero_width, symbols, spaces, emoji, homoglyphs, fancy, pinyin,
        initials, homophones, splits, leet, decomposed,
    )
}  # fmt: skip


def any_trick(text: str, rng: Random) -> str:
    """One trick at random."""
    return TRICKS[rng.choice(sorted(TRICKS))](text, rng)


def _han(char: str) -> bool:
    return "\u4e00" <= char <= "\u9fff"


@cache
def _traditional() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = {}
    for line in FOLDING.read_text(encoding="utf-8").splitlines():
        source, tab, target = line.partition("\t")
        if tab and len(target) == 1 and _han(target) and _han(chr(int(source, 16))):
            found.setdefault(target, []).append(chr(int(source, 16)))
    return {simple: tuple(many) for simple, many in found.items()}


@cache
def _readings() -> dict[str, str]:
    lines = PINYIN.read_text(encoding="utf-8").splitlines()
    rows = (line.split() for line in lines if not line.startswith("#"))
    return {char: row[0] for row in rows for char in row[1]}


@cache
def load_homophones() -> dict[str, tuple[str, ...]]:
    table = load(Homophones, HOMOPHONES).characters
    return {char: choices.members for char, choices in table.items() if len(char) == 1}


@cache
def _parts() -> dict[str, str]:
    lines = SPLITS.read_text(encoding="utf-8").splitlines()
    rows = (line.split() for line in lines if line and not line.startswith("#"))
    return {whole: parts for parts, whole in rows}
