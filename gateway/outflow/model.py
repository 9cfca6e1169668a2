"""The nouns of a body on its way out: a Leaf of text, a Part of the body, a Find in a leaf."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from rules.recognise.personal.carried import Opaque
from rules.recognise.personal.kinds import Confidence, Kind


class Write(StrEnum):
    """How a leaf's text stands in its part, so that it can be written anew."""

    TEXT = "text"  # as it is
    JSON = "json"  # between the quotes of a JSON string
    NUMBER = "number"  # a JSON number
    FORM = "form"  # percent-encoded
    FIXED = "fixed"  # it was unpacked, decoded or put together: it cannot be written back


class Leaf(NamedTuple):
    """One text under the name of its field; `low` to `high` are its place in the part."""

    header: str
    text: str
    low: int
    high: int
    write: Write


class Attached(NamedTuple):
    """A file inside a body."""

    name: str
    media: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A piece of a body, `start` to `end`: its text in `codec`, and what was read of it."""

    start: int
    end: int
    codec: str = ""
    doc: str = ""
    leaves: tuple[Leaf, ...] = ()
    files: tuple[Attached, ...] = ()
    unread: tuple[Opaque, ...] = ()


class Find(NamedTuple):
    """What stands where: characters `start` to `end` of a leaf of a part."""

    part: int
    leaf: Leaf
    start: int
    end: int
    kind: Kind
    confidence: Confidence
