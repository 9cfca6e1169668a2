"""Text that scripts carry: literals, escapes, pieces put together, one level of base64.

A page may write its words by script and show an empty body to whoever reads only markup.
Nothing is run. Chinese is taken wherever it stands (a quote in a regular expression would
put a reader of literals out of step); other languages only from literals with several words.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Final
from urllib.parse import unquote

from rules.recognise.json_text import unescape
from rules.recognise.loose import strip

MAX_SCRIPT: Final = 64 * 1024  # characters of one page's scripts that are looked at
MAX_PACKED: Final = 32  # base64 pieces that are opened
MAX_PACKED_LENGTH: Final = 32 * 1024

_GLUE: Final = re.compile(r"""(["'`])\s*+\+\s*+["'`]""")
_RUN: Final = re.compile(
    r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef\U0001f000-\U0003ffff]"
    r"[^\"'`\\{};\n]*+"
)
_LITERAL: Final = re.compile(
    r"""(?:"((?:[^"\\\n]++|\\.)*+)"|'((?:[^'\\\n]++|\\.)*+)'|`((?:[^`\\]++|\\.)*+)`)""", re.DOTALL
)
_WORDS: Final = re.compile(r" (?<=[^\W\d_]{2}[ ])[^\W\d_]{2,30}+[ ,.!?'-]{1,5}+[^\W\d_]{2}")
_CODES: Final = re.compile(r"fromCharCode\(([\d,\sxa-fA-F]{2,4000})\)")
_PERCENT_U: Final = re.compile(r"%u([0-9a-fA-F]{4})")
_PERCENT: Final = re.compile(r"(?:%[0-9a-fA-F]{2}){3,2000}")
_PACKED: Final = re.compile(r"""["'`]([A-Za-z0-9+/_-]{12,}+={0,2})(?=["'`])""")
_WORTH: Final = re.compile(r"[^\W\d_]{2}")
_CONTENT: Final = re.compile(r"""content\s*:\s*(?:"([^"\n]{1,400})"|'([^'\n]{1,400})')""")


def script_text(source: str, budget: int) -> tuple[list[str], bool]:
    """(pieces of text in a script, was the budget too small)."""
    cut = len(source) > MAX_SCRIPT
    source = source[:MAX_SCRIPT]
    out = _packed(source)
    if "fromCharCode" in source:
        out += [_of_codes(found[1]) for found in _CODES.finditer(source)]
    if "%" in source:
        source = _PERCENT_U.sub(lambda found: f"\\u{found[1]}", source)
        source = _PERCENT.sub(lambda found: unquote(found[0], errors="ignore"), source)
    if "+" in source:
        source = _GLUE.sub("", source)
    out += _literals(source)
    if "\\" in source:
        source = unescape(source)
    if not source.isascii():
        out += [_marked(found[0]) for found in _RUN.finditer(source)]
    kept: list[str] = []
    left = budget
    for piece in dict.fromkeys(out):
        if left <= 0:
            return kept, True
        if piece:
            kept.append(piece[:left])
            left -= len(piece)
    return kept, cut


def _marked(text: str) -> str:
    return strip(text) if "<" in text or "&" in text else text.strip()


def _literals(source: str) -> list[str]:
    """Literals of several words in any alphabet; Chinese is found by its characters."""
    if not _WORDS.search(source):
        return []
    found = []
    for double, single, template in _LITERAL.findall(source):
        text = double or single or template
        if len(text) >= 10 and _WORDS.search(text):
            text = unescape(text)
            found.append(_marked(text))
    return found


def _of_codes(numbers: str) -> str:
    out = []
    for number in numbers.replace("\n", ",").split(",")[:1000]:
        try:
            code = int(number.strip(), 0)
        except ValueError:
            continue
        if 32 <= code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF:
            out.append(chr(code))
    return strip("".join(out))


def _packed(source: str) -> list[str]:
    """Base64 (or its URL alphabet) that turns out to be text."""
    found: list[str] = []
    for count, match in enumerate(_PACKED.finditer(source)):
        if count >= 8 * MAX_PACKED or len(found) >= MAX_PACKED:
            break
        text = unpack(match[1])
        if text:
            found.append(text)
    return found


def unpack(packed: str) -> str:
    """Base64 → text, "" where it is none."""
    data = packed[:MAX_PACKED_LENGTH].rstrip("=").replace("-", "+").replace("_", "/")
    if data.isalpha() and (data.islower() or data.isupper()):
        return ""  # an ordinary long word
    try:
        raw = base64.b64decode(data[: len(data) // 4 * 4 + (len(data) % 4 or 0)] + "==")
    except (binascii.Error, ValueError):
        return ""
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    if "%" in text:
        text = unquote(text, errors="ignore")
    if not text.isprintable() and not text.replace("\n", "").replace("\t", "").isprintable():
        return ""
    return strip(unescape(text)) if _WORTH.search(text) else ""


def style_text(source: str) -> list[str]:
    """Text that a style sheet shows (`::before {content: "…"}`)."""
    if "content" not in source:
        return []
    found = (unescape_css(a or b) for a, b in _CONTENT.findall(source[:MAX_SCRIPT]))
    return [text for text in found if _WORTH.search(text)]


_CSS_ESCAPE: Final = re.compile(r"\\([0-9a-fA-F]{1,6})\s?")


def unescape_css(text: str) -> str:
    def one(found: re.Match[str]) -> str:
        code = int(found[1], 16)
        return chr(code) if code <= 0x10FFFF and not 0xD800 <= code <= 0xDFFF else "�"

    return _CSS_ESCAPE.sub(one, text)
