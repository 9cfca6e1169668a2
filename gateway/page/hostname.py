"""A host name as people may safely read it: short, harmless, an IDN both ways.

Pure. The name on the page comes from the client, perhaps by a hostile link, so
only letters, digits and the punctuation of names survive, and a Unicode form is
shown only where it says the same as the A-label beside it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from unicodedata import category, normalize

LONGEST = 72  # characters shown; the end of a name tells whose it is

_FOREIGN = re.compile(r"[^a-z0-9._:\-\[\]]")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownHost:
    """`name` for reading; `ascii` the A-label form where it differs, else ""."""

    name: str
    ascii: str = ""


def shown(host: str) -> ShownHost:
    """Make `host` (canonical or hostile) fit for a page. Total; not yet HTML-escaped."""
    plain = _FOREIGN.sub("?", host[:512].lower().rstrip("."))
    readable = ".".join(_readable(label) for label in plain.split("."))
    if readable == plain:
        return ShownHost(name=_short(plain))
    return ShownHost(name=_short(readable), ascii=_short(plain))


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else "…" + name[1 - LONGEST :]


def _readable(label: str) -> str:
    """The U-label of an A-label, or the label itself where it has no honest one."""
    if not label.startswith("xn--") or len(label) > 63:
        return label
    try:
        text = label[4:].encode("ascii").decode("punycode")
        back = text.encode("punycode").decode("ascii")
    except (UnicodeError, ValueError, OverflowError):
        return label
    if back != label[4:] or normalize("NFKC", text) != text or text.isascii():
        return label
    return text if all(char == "-" or category(char) in _LETTERS for char in text) else label


_LETTERS = frozenset({"Ll", "Lo", "Lm", "Mn", "Mc", "Nd"})
