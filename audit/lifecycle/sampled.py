"""Values of a sample → are they of real people, are they ciphertext. Pure; values are dropped.

Fakes of ours (`policies.masks_fake`) are nobody's and are taken out before a column is judged.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from audit.lifecycle.columns import Judge
from audit.lifecycle.discover import Found
from audit.lifecycle.model import Address, By
from audit.lifecycle.reality import RealValues
from audit.lifecycle.shapes import text_of
from policies.masks_fake import FAKERS, is_fake
from policies.masks_model import SAME
from rules.model import Text
from rules.recognise.personal.finder import Finder
from rules.recognise.personal.kinds import Confidence, Kind

TEXTS = 200  # long texts of a column that are searched
SHORTEST = 16  # bytes of a ciphertext
_SEALED = re.compile(r"qm[0-9]+:[0-9A-Za-z_-]+:[0-9A-Za-z_=-]{16,}")
_CODED = re.compile(
    r"(?:[0-9a-f]{2}){16,}|(?:[0-9A-F]{2}){16,}|[0-9A-Za-z+/]{22,}={0,2}|[0-9A-Za-z_-]{22,}={0,2}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sampler:
    """What samples are judged with."""

    judge: Judge
    finder: Finder
    seed: int

    def real(self, table: Found, rows: Sequence[Sequence[Any]]) -> Iterator[RealValues]:
        """Columns of a test source whose values are no fakes."""
        for place, (name, type_) in enumerate(table.columns):
            values = [row[place] for row in rows if place < len(row)]
            others = [one for one in values if not nobodys(text_of(one))]
            if not others:
                continue
            at = Address(source=table.source, schema=table.schema, table=table.name, column=name)
            judged = self.judge.column(at, others, type_)
            kind, count, sure = judged.kind, judged.sampled, judged.verified
            if kind is None or judged.by not in (By.VALUES, By.BOTH) or not _faked(kind):
                kind, count, verified = self._inside(others)
            else:
                verified = round(sure * count)
            if kind is not None:
                yield RealValues(
                    schema=table.schema,
                    table=table.name,
                    column=name,
                    kind=kind,
                    count=count,
                    verified=verified,
                )

    def _inside(self, values: Iterable[Any]) -> tuple[Kind | None, int, int]:
        """Verified finds inside texts that are no fakes."""
        found: dict[Kind, int] = {}
        for value in list(values)[:TEXTS]:
            text = text_of(value)
            for hit in self.finder.find(text):
                if (
                    hit.confidence is Confidence.VERIFIED
                    and _faked(hit.kind)
                    and not nobodys(text[hit.start : hit.end])
                ):
                    found[hit.kind] = found.get(hit.kind, 0) + 1
        if not found:
            return None, 0, 0
        kind = max(found, key=lambda one: found[one])
        return kind, found[kind], found[kind]

    def sealed(self, name: str, values: Iterable[Any]) -> bool | Text:
        """Whether values are ciphertext: all are, some are plain, or it can not be told."""
        given = [one for one in values if one not in (None, "", b"")]
        if not given:
            return Text(zh="没有取到值", en="no value was seen")
        plain = [one for one in given if not ciphertext(one)]
        if not plain:
            return True
        judged = self.judge.column(Address(source="", column=name), plain)
        if judged.verified or judged.suspected:
            return False
        return Text(
            zh="值既不像密文，也认不出是什么", en="the values are neither ciphertext nor recognised"
        )


def nobodys(text: str) -> bool:
    """Whether a whole value is a fake of any kind."""
    return any(is_fake(kind, text) for kind in FAKERS) if text else False


def _faked(kind: Kind) -> bool:
    """Whether values of a kind have fakes at all; others can not be told from people's."""
    return SAME.get(kind, kind) in FAKERS


def ciphertext(value: Any) -> bool:
    """Sealed by our masks, or bytes or text as encryption makes them."""
    if isinstance(value, bytes | bytearray | memoryview):
        raw = bytes(value)
        return len(raw) >= SHORTEST and not _readable(raw)
    text = text_of(value)
    if _SEALED.fullmatch(text):
        return True
    letters = any(sign.isalpha() for sign in text)
    return letters and _CODED.fullmatch(text) is not None and len(set(text)) >= 8


def _readable(raw: bytes) -> bool:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return sum(sign.isprintable() for sign in text) >= 0.9 * len(text)
