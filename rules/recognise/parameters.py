"""A URL's parameters as text: %-escapes of any depth, %u escapes, UTF-8 or GB18030. Pure, total.

Names are decoded too (`%77d=` is `wd=`), `&amp;` counts as `&`, and all values of a repeated
name are kept: which of them a site reads is its own affair, so all of them are judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from urllib.parse import unquote_to_bytes

MOST_NAMES = 128  # parameters looked at
LONGEST = 4096  # characters of a value looked at
DEEPEST = 3  # times that an escape may be escaped again

_UNICODE = re.compile(r"%u([0-9A-Fa-f]{4})")
_ESCAPED = re.compile(r"%(?:u[0-9A-Fa-f]{4}|[0-9A-Fa-f]{2})")
_GB = frozenset({"gbk", "gb2312", "gb18030", "gb_2312-80", "x-gbk", "cp936", "euc-cn"})


def pairs(query: str) -> Iterator[tuple[str, str]]:
    """(name, raw value) of every parameter of a query or form, names decoded, in lower case."""
    for number, part in enumerate(query.split("&")):
        if number >= MOST_NAMES:
            return
        name, _, value = part.partition("=")
        if "%" in name or "+" in name:
            name = text_of(name)
        yield name.removeprefix("amp;").lower(), value[:LONGEST]


def values(query: str, names: Iterable[str], charset: str = "") -> tuple[str, ...]:
    """The texts of the parameters of these names, each once, in order."""
    wanted = frozenset(names)
    found = [text_of(value, charset) for name, value in pairs(query) if name in wanted]
    return tuple(dict.fromkeys(text for text in found if text))


def text_of(value: str, charset: str = "") -> str:
    """The text of an escaped value: decoded until nothing is escaped any more."""
    text = _once(value[:LONGEST].replace("+", " "), charset)
    for _ in range(DEEPEST - 1):
        if "%" not in text or not _ESCAPED.search(text):
            break
        text = _once(text, charset)
    return text.strip()


def _once(value: str, charset: str) -> str:
    if "%" not in value:
        return value if value.isascii() else _decoded(_raw(value), charset)
    if "%u" in value or "%U" in value:
        value = _UNICODE.sub(_character, value)
    return _decoded(unquote_to_bytes(_raw(value)), charset)


def _raw(value: str) -> bytes:
    """The bytes that came over the wire (undecodable ones are surrogates)."""
    try:
        return value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # a lone half of a pair
        return value.encode("utf-8", "replace")


def _character(found: re.Match[str]) -> str:
    character = chr(int(found[1], 16))
    return "\ufffd" if "\ud800" <= character <= "\udfff" else character


def _decoded(raw: bytes, charset: str) -> str:
    """As the charset named beside it says, else UTF-8, else GB18030."""
    if charset.lower() in _GB:
        return raw.decode("gb18030", "replace")
    if charset.lower() in ("big5", "big5-hkscs"):
        return raw.decode("big5hkscs", "replace")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("gb18030", "replace")
