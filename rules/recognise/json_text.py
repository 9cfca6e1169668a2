"""The strings of JSON: of whole bodies, cut-off ones, JSONP, and streams of events.

Strings are picked out by one linear pattern, without building the values: depth cannot hurt,
and half a document gives half its strings. Streamed answers arrive in pieces of words
(`data: {"delta": {"content": "清"}}`), so pieces under the same key are put together.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from rules.recognise.loose import strip

_STRING: Final = re.compile(r'"([^"\\]*+(?:\\.[^"\\]*+)*+)"(\s*+:)?', re.DOTALL)
_ESCAPE: Final = re.compile(
    r"((?:\\u[0-9a-fA-F]{4})+)|\\(?:u\{([0-9a-fA-F]{1,6})\}|x([0-9a-fA-F]{2})|(\r\n|.))", re.DOTALL
)
_SIMPLE: Final = {
    "n": "\n", "t": "\t", "r": "\n", "b": "", "f": "\n", "v": "\n", "0": "", "\n": "", "\r\n": "",
}  # fmt: skip
_WORD: Final = re.compile(r"[^\W\d_]{2}|[^\x00-\x7f]")
_PAIR: Final = re.compile(r"[\ud800-\udbff][\udc00-\udfff]")
_LONE: Final = re.compile(r"[\ud800-\udfff]")
MAX_KEYS: Final = 64  # keys of a stream whose pieces are put together


def unescape(text: str) -> str:
    """The escapes of JSON and JavaScript; what is no escape stays. Never a lone surrogate."""
    if "\\" not in text:
        return text
    text = _ESCAPE.sub(_one, text)
    if _LONE.search(text):
        text = _PAIR.sub(
            lambda two: two[0].encode("utf-16", "surrogatepass").decode("utf-16"), text
        )
        text = _LONE.sub("\ufffd", text)
    return text


def _one(found: re.Match[str]) -> str:
    run = found[1]
    if run:  # a whole run of \\uXXXX at once: most of a page in Chinese is such runs
        return bytes.fromhex(run.replace("\\u", "")).decode("utf-16-be", "surrogatepass")
    code = found[2] or found[3]
    if code:
        number = int(code, 16)
        return chr(number) if number <= 0x10FFFF else "\ufffd"
    return _SIMPLE.get(found[4], found[4])


def strings(text: str) -> Iterator[tuple[bool, str]]:
    """(is it a key, the string), in order, as they stand in the text."""
    for found in _STRING.finditer(text):
        yield found[2] is not None, unescape(found[1])


def json_text(text: str, budget: int) -> tuple[list[str], bool]:
    """(values and non-ASCII keys that hold words, was the budget too small)."""
    out: list[str] = []
    used = 0
    for key, value in strings(text):
        if (key and value.isascii()) or not _WORD.search(value):
            continue
        out.append(strip(value) if "<" in value else value)
        used += len(value)
        if used >= budget:
            return out, True
    return out, False


def event_text(text: str, budget: int) -> tuple[list[str], bool]:
    """Server-sent events or JSON lines: pieces under one key joined, other data line by line."""
    pieces: dict[str, list[str]] = {}
    plain: list[str] = []
    used = 0
    for line in text.splitlines():
        data = line.removeprefix("data:").strip()
        if line.startswith((":", "event:", "id:", "retry:")) or data in ("", "[DONE]"):
            continue
        if data[0] not in '{["':
            plain.append(data)
            used += len(data)
            continue
        key = ""
        for is_key, value in strings(data):
            if is_key:
                key = value
            elif key in pieces or len(pieces) < MAX_KEYS:
                pieces.setdefault(key, []).append(value)
                used += len(value)
        if used >= budget:
            return [*_joined(pieces), *plain], True
    return [*_joined(pieces), *plain], False


def _joined(pieces: dict[str, list[str]]) -> Iterator[str]:
    for values in pieces.values():
        text = values[0] if len(set(values)) == 1 else "".join(values)
        if _WORD.search(text):
            yield text
