"""A text as it reads once what hides it is undone: the same words in other clothes. Pure.

Zero-width characters, escapes of URLs, HTML and JSON, base64, digits of other scripts, separators
between digits, numbers split over fields. A view is read beside the text itself; what only a view
shows cannot be written back in place.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
import unicodedata
from collections.abc import Iterator, Sequence
from urllib.parse import unquote

from gateway.outflow.model import Attached, Leaf, Write
from rules.recognise.json_text import unescape
from rules.recognise.personal.finder import fold
from rules.recognise.personal.validators import id_card_check, id_card_shape

MOST_TOKENS = 64  # of base64 in one text
_INVISIBLE = re.compile("[\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]")
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}.*%[0-9A-Fa-f]{2}", re.DOTALL)
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#x[0-9A-Fa-f]{1,6}|[a-z]{2,8});")
_BACKSLASH = re.compile(r"\\u[0-9A-Fa-f]{4}|\\x[0-9A-Fa-f]{2}")
_TOKEN = re.compile(r"[A-Za-z0-9+/_-]{24,}={0,2}")
_WHOLE = re.compile(r"[A-Za-z0-9+/_\s-]{24,}={0,2}\s*")
_DATA = re.compile(r"data:([\w.+-]*/?[\w.+-]*)[^,]{0,100};base64,\s*([A-Za-z0-9+/_\s-]{8,}={0,2})")
_APART = re.compile(r"(?<=[0-9])[^0-9A-Za-z\u4e00-\u9fff\n]{1,3}(?=[0-9Xx])")
_TIGHT = re.compile(r"[0-9][^A-Za-z\n]{0,60}[0-9Xx]")
_ODD_DIGIT = re.compile(r"[^\x00-\x7f\uff10-\uff19]")
_CHINESE = str.maketrans("〇零一二三四五六七八九壹贰叁肆伍陆柒捌玖", "00123456789123456789")
_RUN = re.compile(r"[〇零一二三四五六七八九壹贰叁肆伍陆柒捌玖0-9]{10,}[xX]?")
_LONG = re.compile(r"(?<![0-9A-Za-z])(?:[0-9]{17}[0-9Xx]|[0-9]{15,19})(?![0-9A-Za-z])")
_PIECE = re.compile(r"[0-9]{1,17}[Xx]?")


def plain_views(text: str) -> Iterator[str]:
    """The text undone, where something in it can be: each view is read like a text."""
    seen = text
    for _ in range(3):
        before = seen
        if _INVISIBLE.search(seen):
            seen = _INVISIBLE.sub("", seen)
        if "%" in seen and _PERCENT.search(seen):
            seen = unquote(seen, errors="replace")
        if "&" in seen and _ENTITY.search(seen):
            seen = html.unescape(seen)
        if "\\" in seen and _BACKSLASH.search(seen):
            seen = unescape(seen)
        if seen == before:
            break
    if seen != text:
        yield seen


def tight_numbers(text: str) -> str:
    """Long numbers once digits of other scripts and widths are ASCII and nothing stands between
    them, one a line: only what a check digit proves counts in it. Those of the text itself are
    left out."""
    seen = text
    if not seen.isascii():
        if _ODD_DIGIT.search(seen):
            seen = "".join(_digit(one) for one in seen)
        if _RUN.search(seen):
            seen = _RUN.sub(lambda run: run[0].translate(_CHINESE), seen)
        seen = _INVISIBLE.sub("", fold(seen))
    if _TIGHT.search(seen):
        seen = _APART.sub("", seen)
    return "" if seen == text else "\n".join(_LONG.findall(seen))


def _digit(one: str) -> str:
    if one.isascii():
        return one
    found = unicodedata.digit(one, None)
    return one if found is None else str(found)


def coded(text: str) -> Iterator[str | Attached]:
    """What stands in a text as base64: a text again, or a file."""
    for found in _DATA.finditer(text):
        data = _bytes(found[2])
        if data:
            yield Attached("", found[1].lower(), data)
    tokens = [one[0] for one in _TOKEN.finditer(text)]
    if "\n" in text and text.isascii() and _WHOLE.fullmatch(text):  # wrapped, as mail does
        tokens = [text]
    for token in tokens[:MOST_TOKENS]:
        data = _bytes(token)
        if data:
            found_text = _words(data)
            if found_text is not None:
                yield found_text
            elif data.startswith((b"PK\x03\x04", b"%PDF", b"\x1f\x8b", b"\xd0\xcf\x11\xe0")):
                yield Attached("", "", data)


def _bytes(token: str) -> bytes:
    bare = "".join(token.split()).rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _words(data: bytes) -> str | None:
    for codec in ("utf-8", "gb18030"):
        try:
            text = data.decode(codec)
        except UnicodeDecodeError:
            continue
        head = text[:1000]
        if sum(not (one.isprintable() or one in "\r\n\t") for one in head) * 20 <= len(head):
            return text
    return None


def split_numbers(leaves: Sequence[Leaf]) -> Iterator[str]:
    """Identity numbers that stand in pieces over neighbouring fields."""
    run: list[str] = []
    for leaf in (*leaves, Leaf("", "", 0, 0, Write.FIXED)):
        piece = fold(leaf.text).strip() if len(leaf.text) <= 20 else ""
        if not _PIECE.fullmatch(piece):
            run.clear()
            continue
        run.append(piece)
        del run[:-6]
        for count in range(2, len(run) + 1):
            whole = "".join(run[-count:]).upper()
            if len(whole) == 18 and id_card_shape(whole) and id_card_check(whole):
                yield whole
