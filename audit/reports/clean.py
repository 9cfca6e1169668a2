"""Foreign text made fit for a page: no control characters, nothing invisible, cut to size.

Marks that turn the direction of writing or are not seen are shown by their number, because a
report is signed: what is read must be what is there. Pure.
"""

from __future__ import annotations

import re

LONGEST = 1_200  # characters of one cell

_LOST = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"
    "\U0001fffe\U0001ffff\U0010fffe\U0010ffff]"
)
_HIDDEN = re.compile(
    "[\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def clean(text: object, most: int = LONGEST) -> str:
    """One string that every format can hold. Lines stay; all else that is not seen is shown."""
    said = str(text)
    long = len(said) - most
    if long > 0:
        said = said[:most]
    said = said.replace("\r\n", "\n").replace("\r", "\n")
    said = _LOST.sub("\ufffd", said)
    said = _HIDDEN.sub(lambda found: f"⟨U+{ord(found[0]):04X}⟩", said)
    return f"{said}…（略 {long} 字）" if long > 0 else said


def defused(text: str) -> str:
    """The same for a table program: what would be a formula begins with an apostrophe."""
    return f"'{text}" if text.lstrip(" ").startswith(_FORMULA) else text
