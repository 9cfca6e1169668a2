"""Bytes of a terminal log or saved file become the lines a person saw on the screen. Pure.

Encodings (UTF-8, UTF-16, GB18030), carriage returns, backspaces, cursor movements and the
remains of paging (`---- More ----`) are undone; nothing is interpreted. Foreign bytes: never
raises but NotTextError.
"""

from __future__ import annotations

import codecs
import re

MAX_BYTES = 32 * 1024 * 1024
MAX_LINE = 4096  # characters of one line that are read

_MORE = re.compile(r"\s*-{2,4}\s?More\s?(?:\([^)\n]{0,60}\))?\s?-{2,4} ?", re.I)
_BARE = re.compile(r"(?<!\x1b)\[(\d{1,3})D")  # the escape itself was lost by the log's program
_CONTROL = re.compile(r"\x1b\[(\d{0,3})(?:;\d{0,3})*([A-Za-z])|\x1b[^\[]?|[\x08\r]|[^\x1b\x08\r]+")
_OTHER = re.compile(r"[\x00-\x07\x0b-\x1f\x7f]")
_WIPE = 42  # VRP wipes its paging line with this many blanks


class NotTextError(ValueError):
    """These bytes are no text."""


def decode(raw: bytes) -> str:
    """The text of a file of unknown encoding. Raises NotTextError."""
    data = raw[:MAX_BYTES]
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return data.decode("utf-16", "replace")
    head = data[:4096]
    if head.count(0) > len(head) // 4:
        odd = head[1::2].count(0) >= head[::2].count(0)
        return data.decode("utf-16-le" if odd else "utf-16-be", "replace")
    if head.count(0) > 8:
        raise NotTextError("二进制文件，不是配置文本 / binary, not the text of a configuration")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        if len(raw) > MAX_BYTES and error.start > len(data) - 4:
            return data.decode("utf-8-sig", "replace")
        return data.decode("gb18030", "replace")


def lines(raw: bytes) -> list[str]:
    """The lines as they stood on the screen, without blanks at the end. Raises NotTextError."""
    return [shown(line) for line in decode(raw).replace("\r\n", "\n").split("\n")]


def shown(line: str) -> str:
    """One line after its cursor movements."""
    line = line[:MAX_LINE]
    more = "More" in line or "more" in line
    if more:
        line = _BARE.sub("\x1b[\\1D", line)
    if any(one in line for one in "\x1b\x08\r"):
        line = _moved(line)
    if more and (hit := _MORE.match(line)):
        line = _after(hit[0], line[hit.end() :])
    return _OTHER.sub("", line).rstrip() if not line.isprintable() else line.rstrip()


def _after(marker: str, rest: str) -> str:
    """What follows a paging mark that nobody wiped away: the blanks that wiped it go too."""
    blanks = len(rest) - len(rest.lstrip(" "))
    for width in (_WIPE, len(marker)):
        if blanks >= width:
            return rest[width:]
    return rest


def _moved(line: str) -> str:
    cells: list[str] = []
    at = 0
    for hit in _CONTROL.finditer(line):
        piece = hit[0]
        if piece == "\r":
            at = 0
        elif piece == "\x08":
            at = max(0, at - 1)
        elif piece[0] == "\x1b":
            steps = int(hit[1] or 1) if hit[2] else 0
            if hit[2] == "D":
                at = max(0, at - steps)
            elif hit[2] == "C":
                at = min(MAX_LINE, at + steps)
            elif hit[2] == "K" and (hit[1] or "0") == "0":
                del cells[at:]
        else:
            if at > len(cells):
                cells += " " * (at - len(cells))
            cells[at : at + len(piece)] = piece
            at += len(piece)
    return "".join(cells)
