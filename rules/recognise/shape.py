"""Is it safe to build a tree of this markup? Linear checks before a parser that is not.

An HTML parser follows the standard, and the standard has three quadratic places: elements
nested in each other (each new one looks up the stack), unclosed formatting elements with
attributes (`<b id=1><b id=2>…`, made again in every paragraph: nodes multiply) and the
attributes of one tag (each is compared with all before). Ordinary pages never come near.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final

import numpy as np
from numpy.typing import NDArray

DEPTH: Final = 1500  # elements within each other; browsers flatten from 512 on
COPIES: Final = 300_000  # formatting elements with attributes times tags
ATTRIBUTES: Final = 800  # of one tag
SMALL: Final = 8 * 1024  # bytes in which nothing of this takes long


class Shape(StrEnum):
    """What to do with the markup."""

    PLAIN = "plain"  # parse it
    COPIOUS = "copious"  # parse it after `tame`
    HOSTILE = "hostile"  # do not build a tree


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """The shape, and whether a comment (or what counts as one) may stand inside a word."""

    shape: Shape
    commented: bool


def form(body: bytes) -> Form:
    """How this markup (ASCII-compatible bytes) would behave in a parser."""
    codes = np.frombuffer(body, dtype=np.uint8)
    starts = np.flatnonzero(codes[:-2] == 60)
    if not len(starts):
        return Form(shape=Shape.PLAIN, commented=False)
    firsts = codes[starts + 1]
    odd = starts[(firsts == 33) | (firsts == 63)]  # <! and <?
    commented = bool((codes[odd[odd > 0] - 1] > 62).any())
    if len(body) < SMALL:
        return Form(shape=Shape.PLAIN, commented=commented)
    pairs = firsts.astype(np.uint16) * 256 + codes[starts + 2]
    return Form(shape=_shape(body, pairs), commented=commented)


def _shape(body: bytes, pairs: NDArray[np.uint16]) -> Shape:
    """`pairs`: the two bytes behind each `<`."""
    if len(pairs) > 2 * DEPTH and _deep(body):
        return Shape.HOSTILE
    if _oversize(body):
        return Shape.HOSTILE
    if len(pairs) > 2 * DEPTH:
        return Shape.COPIOUS
    formatting = int(_formatting()[pairs].sum())
    return Shape.COPIOUS if formatting * len(pairs) > COPIES else Shape.PLAIN


_FORMATTING: Final = re.compile(
    rb"<(/?)(?:big|code|em|font|small|strike|strong|[bisu]|tt|nobr)(?=[\s/>])", re.IGNORECASE
)


def tame(body: bytes) -> bytes:
    """Formatting elements renamed to one that is never copied: same tokens, same text."""
    return _FORMATTING.sub(rb"<\1q", body)


@cache
def _formatting() -> NDArray[np.int32]:
    """Pair of bytes after `<` → 1 where it may open a formatting element with attributes."""
    table = np.zeros((256, 256), dtype=np.int32)
    for first, seconds in {
        "b": " \t\r\n\f/iI", "i": " \t\r\n\f/", "s": " \t\r\n\f/mMtT", "u": " \t\r\n\f/",
        "c": "oO", "e": "mM", "f": "oO", "t": "tT", "n": "oO",
    }.items():  # fmt: skip
        for second in seconds:
            table[ord(first), ord(second)] = table[ord(first.upper()), ord(second)] = 1
    flat = table.reshape(-1)
    flat.flags.writeable = False
    return flat


_FLAT: Final = frozenset(
    b"area base br col embed hr img input link meta param source track wbr frame p "
    b"tr td th tbody thead tfoot option colgroup".split()
)
"""Elements that hold nothing, or that the next of their kind closes."""
_ITEMS: Final = {b"li": b"li", b"dt": b"dd", b"dd": b"dd"}
"""Items close the one before of their own kind only: `<li><dd><li><dd>` goes ever deeper."""
_NAME: Final = re.compile(rb"<(/?)([a-zA-Z][^\s/>]*)")


def _deep(body: bytes) -> bool:
    """More open elements than DEPTH at one place, each name counted by itself: an end tag
    that fits nothing open is ignored by browsers."""
    depth: dict[bytes, int] = {}
    total = 0
    last = b""
    for closing, found in _NAME.findall(body):
        name = found.lower()
        if name in _FLAT:
            continue
        if (item := _ITEMS.get(name)) is not None:
            if not closing and item == last:
                continue
            name, last = item, b"" if closing else item
        count = depth.get(name, 0)
        if not closing:
            total += 1
            if total > DEPTH:
                return True
            depth[name] = count + 1
        elif count:
            total -= 1
            depth[name] = count - 1
    return False


_ODD: Final = re.compile(
    rb"""<[a-zA-Z](?!(?:[^"'>]{0,127}+(?:"[^"]{0,255}+"|'[^']{0,255}+')){0,24}+"""
    rb"""[^"'>]{0,127}+(?:>|\Z))"""
)
_VALUE: Final = rb"""(?:\s*+=\s*+(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z)|[^\s>"'][^\s>]*+)?+)?+"""
_ATTRIBUTE: Final = rb"(?:[\s/]*+=?[^\s/>=]++" + _VALUE + rb")"
_OVERSIZE: Final = re.compile(
    rb"<[a-zA-Z][^\s/>]*+" + _ATTRIBUTE + rb"{0,%d}+(" % ATTRIBUTES + _ATTRIBUTE + rb")?"
)
MAX_ODD: Final = 3000
PASSES: Final = 8  # times the length of a body that odd tags may cover one another


def _oversize(body: bytes) -> bool:
    """Has a tag more attributes than any page needs? Few tags are odd enough to be counted."""
    covered = 0
    for count, odd in enumerate(_ODD.finditer(body)):
        tag = _OVERSIZE.match(body, odd.start())
        if tag is None or tag[1] is not None or count > MAX_ODD:
            return True
        covered += tag.end() - tag.start()
        if covered > PASSES * len(body):
            return True
    return False
