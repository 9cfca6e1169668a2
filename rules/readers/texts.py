"""Text in any encoding: lines of bounded length, blocks of lines.

Bytes that are all ASCII say nothing of their encoding, so the first place beyond ASCII decides
(rules/recognise/charset). Lines without end are cut between words, never within a number.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import BinaryIO

from rules.model import Text
from rules.readers.model import Bounds, Piece, Unread
from rules.recognise.charset import decode

BLOCK = 64 * 1024  # characters of one piece
_LOOK = 256 * 1024
_CUT = 200  # characters at the end of a long line among which a cut is sought
_CODECS = {"utf-8": "utf-8-sig", "gb18030": "gb18030", "big5": "big5hkscs",
           "utf-16le": "utf-16-le", "utf-16be": "utf-16-be"}  # fmt: skip
_MARKS = ((b"\xff\xfe\x00\x00", "utf-32"), (b"\x00\x00\xfe\xff", "utf-32"),
          (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))  # fmt: skip
SPOILED = Text(zh="有不能识别的字节", en="some bytes are in no known encoding")


def codec(stream: BinaryIO) -> str:
    """Python's name of the encoding of a seekable stream, which is wound back."""
    head = stream.read(_LOOK)
    for mark, name in _MARKS:
        if head.startswith(mark):
            stream.seek(0)
            return name
    while head and head.isascii() and b"\x00" not in head:
        head = stream.read(_LOOK)
    stream.seek(0)
    return _CODECS.get(decode(head).charset, "gb18030") if head else "utf-8"


def lines(stream: BinaryIO, longest: int, *, newline: str | None = None) -> Iterator[str]:
    """Lines of at most `longest` characters; invalid bytes become U+FFFD."""
    wrapper = io.TextIOWrapper(stream, encoding=codec(stream), errors="replace", newline=newline)
    try:
        while line := wrapper.readline(longest):
            yield line
    finally:
        wrapper.detach()


def text_pieces(path: str, stream: BinaryIO, bounds: Bounds) -> Iterator[Piece | Unread]:
    """Blocks of whole lines; a longer line in parts."""
    held: list[str] = []
    size, first, spoiled, number = 0, 1, False, 1
    for line in lines(stream, min(BLOCK, bounds.cell)):
        spoiled = spoiled or "�" in line
        held.append(line)
        size += len(line)
        ended = line.endswith("\n")
        if size >= BLOCK:
            whole = "".join(held)
            cut = len(whole) if ended else cut_place(whole)
            yield Piece(path, "", whole[:cut], first)
            held = [whole[cut:]] if cut < len(whole) else []
            size, first = len(whole) - cut, number + ended
        number += ended
    if held:
        yield Piece(path, "", "".join(held), first)
    if spoiled:
        yield Unread(path=path, what=SPOILED, fatal=False)


def cut_place(text: str) -> int:
    """Where a long line may be cut: behind the last sign that is in no word or number."""
    for place in range(len(text), max(len(text) - _CUT, 1), -1):
        if text[place - 1] in "，。；;,|\n\t":
            return place
    return len(text)
