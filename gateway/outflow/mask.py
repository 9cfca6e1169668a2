"""Finds of a body → the body with values that belong to nobody, its syntax kept. Pure.

Only leaves that can be written back in place are; `masked` says None where a find stands anywhere
else, and the caller reads the new body again before any of it leaves. What has no fake is starred
out. The same value has the same fake within one process, so that an answer still makes sense.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from urllib.parse import unquote_to_bytes

from gateway.outflow.look import Seen
from gateway.outflow.model import Find, Leaf, Part, Write
from gateway.outflow.shapes import written
from policies.masks_fake import FAKERS
from policies.masks_keyed import fake
from policies.masks_model import Context, Keys
from policies.masks_plain import REDACTED
from rules.recognise.personal.kinds import Kind

PURPOSE = "outflow"


class Fakes:
    """Values in place of others, by a key of this process."""

    __slots__ = ("_keys", "_made")

    def __init__(self, key: bytes) -> None:
        self._keys = Keys(id=PURPOSE, master=key)
        self._made = {
            kind: fake(Context(purpose=PURPOSE, keys=self._keys, kind=kind)) for kind in FAKERS
        }

    def __repr__(self) -> str:
        return "Fakes()"

    def instead(self, kind: Kind, value: str, how: Write) -> str:
        """What stands in place of a value."""
        made = self._made.get(kind)
        found = made(value) if made is not None else REDACTED
        text = found if isinstance(found, str) and value not in found else REDACTED
        if how is Write.NUMBER and not (text.isdecimal() and text[0] != "0"):
            return "9" * len(value)
        return text


def masked(body: bytes, parts: Sequence[Part], seen: Seen, fakes: Fakes) -> bytes | None:
    """The body with every find replaced; None where one cannot be."""
    if seen.fixed or seen.carried.unread or not seen.finds:
        return None
    by_part: dict[int, dict[Leaf, list[Find]]] = defaultdict(lambda: defaultdict(list))
    for find in seen.finds:
        by_part[find.part][find.leaf].append(find)
    out = bytearray()
    at = 0
    for number in sorted(by_part, key=lambda one: parts[one].start):
        part = parts[number]
        try:
            fresh = _rewritten(part, by_part[number], fakes).encode(part.codec)
        except (UnicodeEncodeError, LookupError):
            return None
        out += body[at : part.start] + fresh
        at = part.end
    return bytes(out + body[at:])


def _rewritten(part: Part, finds: dict[Leaf, list[Find]], fakes: Fakes) -> str:
    doc, pieces, at = part.doc, [], 0
    for leaf in sorted(finds, key=lambda one: one.low):
        charset = _charset(doc[leaf.low : leaf.high]) if leaf.write is Write.FORM else ""
        pieces += [
            doc[at : leaf.low],
            written(_replaced(leaf, finds[leaf], fakes), leaf.write, charset),
        ]
        at = leaf.high
    return "".join((*pieces, doc[at:]))


def _replaced(leaf: Leaf, finds: list[Find], fakes: Fakes) -> str:
    pieces, at = [], 0
    for find in sorted(finds, key=lambda one: one.start):
        if find.start < at:
            continue
        value = leaf.text[find.start : find.end]
        pieces += [leaf.text[at : find.start], fakes.instead(find.kind, value, leaf.write)]
        at = find.end
    return "".join((*pieces, leaf.text[at:]))


def _charset(raw: str) -> str:
    """The encoding in which a percent-encoded value was written."""
    try:
        unquote_to_bytes(raw).decode("utf-8")
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8"
