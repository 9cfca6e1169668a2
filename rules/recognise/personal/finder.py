"""All recognisers of personal data over one text, one line, or one cell. Pure.

A trigger (hyperscan, RE2 or Python's own `re`, with the same answers) says near which places
anything can stand at all; only those lines are read by the recognisers. Overlapping hits are
settled: verified before suspected, then the longer, then the kind. Values are never kept.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain, islice
from operator import itemgetter

from rules.recognise.personal import addresses, words
from rules.recognise.personal.kinds import Confidence, Hit, Kind
from rules.recognise.personal.labels import NOTHING, LabelFile, Labels, Meaning, Reading
from rules.recognise.personal.names import Names, NameWords, Roster
from rules.recognise.personal.number_shapes import Prefixes, by_length
from rules.recognise.personal.numbers import Numbers
from rules.recognise.personal.rows import beside, cells, delimited
from rules.recognise.personal.triggers import (
    ALL,
    LETTERS,
    NAMES,
    NUMBERS,
    PLACES,
    SHORT,
    WIDE,
    Trigger,
    Vector,
    best,
)
from rules.recognise.personal.windows import Window

SURE = Confidence.VERIFIED
LONGEST_CELL = 200  # characters
TOGETHER = 32  # short texts that are looked at in one pass

_WIDE = re.compile(
    "[\uff02-\uff07\uff0a\uff0b\uff0d-\uff19\uff1c-\uff1e\uff20-\uff5e\u2010-\u2015\u2212\ud800-\udfff]"
)
_FOLDED = {chr(code): chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
_FOLDED |= dict.fromkeys(map(chr, (*range(0x2010, 0x2016), 0x2212)), "-")
_GAP = re.compile(r"[\t,;|]")
_START = itemgetter(1)
_RANK = {kind: place for place, kind in enumerate(Kind)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Knowledge:
    """What the recognisers know, as read from `rules/personal/`."""

    labels: LabelFile
    prefixes: tuple[Prefixes, ...]
    people: NameWords


def _narrow(found: re.Match[str]) -> str:
    return _FOLDED.get(found[0], "\ufffd")  # half a character: no engine takes it


def fold(text: str) -> str:
    """Full-width letters, digits and dashes as ASCII; one character for one, so places stay."""
    if text.isascii():
        return text
    if _WIDE.search(text) is not None:
        text = _WIDE.sub(_narrow, text)
    return text.replace("（", "(").replace("）", ")").replace("\u3000", " ")


class Finder:
    """The recognisers, made once. `find` reads a text, `value` a cell under its header.

    Threads may share one: nothing of a text is kept, and engines hold what they write into for
    each thread apart.
    """

    __slots__ = ("_names", "_numbers", "_trigger", "labels", "roster")

    def __init__(
        self,
        knowledge: Knowledge,
        roster: Roster | None = None,
        trigger: Callable[[Iterable[str]], Trigger] = best,
    ) -> None:
        self.labels = Labels(
            knowledge.labels.labels, knowledge.labels.others, knowledge.people.titles
        )
        self.roster = roster
        self._numbers = Numbers(self.labels, by_length(knowledge.prefixes))
        name_labels = [
            word
            for label in knowledge.labels.labels
            if label.kind is Kind.NAME
            for word in (*label.words, *label.ascii)
        ]
        self._names = Names(knowledge.people, name_labels)
        self._trigger = trigger(self._names.triggers)

    def find(self, text: str) -> tuple[Hit, ...]:
        """Every hit of a text, in order, none over another."""
        trigger = self._trigger
        if len(text) <= SHORT and isinstance(trigger, Vector):
            return self._short(trigger, text, trigger.families(text))
        folded = fold(text)
        return self._settled(folded, trigger.windows(folded))

    def find_many(self, texts: Iterable[str]) -> Iterator[tuple[Hit, ...]]:
        """What `find` says of each, in order. Short texts are looked at some at a time."""
        trigger = self._trigger
        rest = iter(texts)
        while some := list(islice(rest, TOGETHER)):
            if isinstance(trigger, Vector) and all(len(text) <= SHORT for text in some):
                for text, mask in zip(some, trigger.each(some), strict=True):
                    yield self._short(trigger, text, mask)
            else:
                yield from map(self.find, some)

    def _short(self, trigger: Vector, text: str, mask: int) -> tuple[Hit, ...]:
        if not mask and self.roster is None:
            return ()
        folded = fold(text)
        if mask & WIDE and mask & ALL != ALL:
            mask = trigger.families(folded)
        return self._settled(folded, ((0, len(folded), mask),))

    def _settled(self, folded: str, parts: Iterable[Window]) -> tuple[Hit, ...]:
        found = self._read(folded, parts)
        if self.roster is not None:
            people = list(self._names.roster(folded, self.roster))
            found += people
            found += beside(folded, people)
        found += self._cells(folded, found)
        return settled(found)

    def _cells(self, folded: str, found: Sequence[Hit]) -> list[Hit]:
        """What tables hold under their headers, where nothing sure was found without them."""
        if "\n" not in folded or _GAP.search(folded) is None:
            return []
        spans: list[tuple[int, int]] | None = None
        known: dict[str, Meaning] = {}
        more: list[Hit] = []

        def means(header: str) -> Meaning:
            said = known.get(header)
            if said is None:
                said = known[header] = self.labels.kinds(header)
            return said

        for header, start, end in chain(cells(folded), delimited(folded, self.labels.named)):
            if spans is None:
                spans = sorted((one.start, one.end) for one in found if one.confidence is SURE)
                reach = list(accumulate((high for _, high in spans), max))
            at = bisect_left(spans, (end, 0))  # those that begin before the cell ends
            if at and reach[at - 1] > start:
                continue
            said = means(header)
            if not said.kinds or end - start > LONGEST_CELL:
                continue
            hit = self.cell(folded[start:end], said)
            if hit is not None and hit.confidence is SURE and hit.kind in said.kinds:
                more.append(hit._replace(start=start + hit.start, end=start + hit.end))
        return more

    def _read(self, folded: str, parts: Iterable[Window]) -> list[Hit]:
        found: list[Hit] = []
        said = Reading(self.labels, folded)
        for start, end, mask in parts:
            said.over(start, end)
            if mask & NUMBERS:
                found += self._numbers.find(folded, start, end, said)
            if mask & LETTERS:
                found += words.find(folded, start, end, said)
            if mask & PLACES:
                found += addresses.find(folded, start, end, said)
            if mask & NAMES:
                found += self._names.find(folded, start, end, said)
        return found

    def value(self, text: str, header: str = "") -> Hit | None:
        """What a whole cell is, under what its header says; None where it is nothing known."""
        folded = fold(text).strip()
        if not folded or len(folded) > LONGEST_CELL:
            return None
        said = self.labels.kinds(header) if header else NOTHING
        return self.cell(folded, said)

    def cell(self, folded: str, said: Meaning) -> Hit | None:
        """The same of folded text under a header that was read before."""
        hit = self._numbers.value(folded, said)
        if hit is not None:
            return hit
        kind = words.value(folded)
        if kind is not None and kind not in said.veto:
            sure = kind in said.kinds or kind in (Kind.MAC, Kind.UUID, Kind.OFFICER_ID)
            return _whole(kind, folded, "format", sure=sure)
        if self.roster is not None and self.roster.has(folded):
            return _whole(Kind.NAME, folded, "roster", sure=True)
        if self._names.value(folded):
            return _whole(Kind.NAME, folded, "surname", sure=Kind.NAME in said.kinds)
        for hit in addresses.find(folded, 0, len(folded), Reading(self.labels, folded)):
            if hit.end - hit.start >= 0.8 * len(folded):
                return hit._replace(start=0, end=len(folded))
        return None


def _whole(kind: Kind, text: str, rule: str, *, sure: bool) -> Hit:
    return Hit(kind, 0, len(text), Confidence.VERIFIED if sure else Confidence.SUSPECTED, rule)


def settled(hits: Iterable[Hit]) -> tuple[Hit, ...]:
    """No two over one another: verified first, then longer, then by kind."""
    ordered = sorted(hits, key=_START)
    if all(map(int.__le__, (one.end for one in ordered), (one.start for one in ordered[1:]))):
        return tuple(ordered)
    chosen: list[Hit] = []
    crowd: list[Hit] = []
    reach = -1
    for one in ordered:
        if one.start >= reach and crowd:
            chosen += _apart(crowd)
            crowd = []
        crowd.append(one)
        reach = max(reach, one.end)
    return (*chosen, *_apart(crowd))


def _weight(one: Hit) -> tuple[bool, int, int, int]:
    sure = one.confidence is Confidence.VERIFIED
    return not sure, one.start - one.end, _RANK[one.kind], one.start


def _apart(crowd: list[Hit]) -> list[Hit]:
    """Of hits that touch one another, those that stand."""
    if len(crowd) < 2:
        return crowd
    kept: list[Hit] = []
    for one in sorted(crowd, key=_weight):
        at = bisect_left(kept, one.start, key=_START)
        if (at == 0 or kept[at - 1].end <= one.start) and (
            at == len(kept) or one.end <= kept[at].start
        ):
            kept.insert(at, one)
    return kept
