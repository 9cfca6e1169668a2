"""Sampled values and a header → what a column holds (Judged). Pure; values are never kept.

Values speak first: a kind holds a column when it is seen in at least `HOLDS` of the values that
are there. A header that says more than values can (a guardian's phone) refines them; one that
says something else is a conflict, and is shown. Kinds inside free text are listed as `mixed`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from audit.lifecycle import shapes
from audit.lifecycle.model import Address, By, Judged
from rules.model import Text
from rules.recognise.personal.finder import Finder, fold
from rules.recognise.personal.headers import Headers, Said
from rules.recognise.personal.kinds import FINDABLE, Confidence, Kind
from rules.recognise.personal.labels import NOTHING, Meaning

HOLDS = 0.8  # share of values from which a kind holds a column
DENIES = 0.2  # share below which a header is not believed
FEW = 3  # values from which a header can be denied at all
FREE = 9  # characters from which a value is read as text
JOINED = 400_000  # characters of text that are read for one column
_WEAK = frozenset({Kind.NAME, Kind.PASSPORT, Kind.HK_MACAU_PERMIT, Kind.TAIWAN_PERMIT,
                   Kind.OFFICER_ID, Kind.PLATE})  # fmt: skip
_FORMAT = frozenset({Kind.ID_CARD, Kind.PHONE, Kind.LANDLINE, Kind.BANK_CARD, Kind.CREDIT_CODE,
                     Kind.PLATE, Kind.EMAIL, Kind.PASSPORT, Kind.HK_MACAU_PERMIT,
                     Kind.TAIWAN_PERMIT, Kind.IP, Kind.MAC, Kind.UUID, Kind.STUDENT_NUMBER,
                     Kind.EXAM_NUMBER, Kind.NATIONAL_STUDENT_NUMBER, Kind.QQ, Kind.GUARDIAN_PHONE,
                     Kind.GUARDIAN_ID})  # fmt: skip
_CLOSED = frozenset({Kind.SEX, Kind.ETHNICITY, Kind.RELIGION, Kind.POLITICAL_STATUS, Kind.KINSHIP,
                     Kind.AGE, Kind.POSTCODE, Kind.SCORE, Kind.BIRTH_DATE, Kind.PUNISHMENT,
                     Kind.LOCATION})  # fmt: skip
_PEOPLE = frozenset({Kind.NAME, Kind.GUARDIAN_NAME})


@dataclass(slots=True)
class _Tally:
    """Counts over the values of one column."""

    said: Said
    label: Meaning
    wanted: frozenset[Kind]  # kinds that agree with the header
    verified: Counter[Kind] = field(default_factory=Counter)
    suspected: Counter[Kind] = field(default_factory=Counter)
    fits: int = 0
    masked: int = 0
    floated: int = 0
    pointed: int = 0
    digits: int = 0
    rest: list[str] = field(default_factory=list)
    inside: Counter[Kind] = field(default_factory=Counter)
    sure: set[Kind] = field(default_factory=set)


class Judge:
    """Judges columns with the recognisers and the lexicon of headers."""

    __slots__ = ("_finder", "_headers")

    def __init__(self, finder: Finder, headers: Headers) -> None:
        self._finder = finder
        self._headers = headers

    def column(self, at: Address, values: Iterable[Any], type_: str = "") -> Judged:
        """What a column holds, by a sample of its values and its name."""
        texts = [shapes.text_of(value) for value in values]
        counts = Counter(text for text in texts if text)
        total = counts.total()
        said = self._headers.meaning(at.column)
        if said.kind is Kind.STUDENT_NUMBER and _surrogate(at.column, counts):
            said = Said()
        empty = round(1 - total / len(texts), 4) if texts else 0.0
        if not total:
            note = Text(zh="没有取到值，只按表头判断", en="no value seen; told by the header alone")
            by = By.HEADER if said.kind else By.NOTHING
            return Judged(at=at, kind=said.kind, by=by, sampled=0, empty=empty, type=type_,
                          header_says=said.kind, distinct=0, note=note)  # fmt: skip
        tally = self._count(counts, said)
        values_say = self._by_values(tally, total, len(counts))
        kind, by, conflict, support = self._decide(tally, total, values_say)
        family = self._family(kind) if kind else frozenset()
        mixed = self._mixed(tally, total, family)
        verified = sum(tally.verified[one] for one in family) / total
        suspected = sum(tally.suspected[one] for one in family) / total
        if kind is not None and not verified and not suspected:
            suspected = support
        return Judged(
            at=at, kind=kind, by=by, sampled=total, empty=empty, type=type_,
            verified=round(verified, 4), suspected=round(suspected, 4), distinct=len(counts),
            header_says=said.kind, values_say=values_say, conflict=conflict, mixed=mixed,
            note=_note(tally, total, kind, said, conflict=conflict),
        )  # fmt: skip

    def _family(self, kind: Kind) -> frozenset[Kind]:
        return self._headers.refines.get(kind, frozenset()) | {kind}

    def _count(self, counts: Mapping[str, int], said: Said) -> _Tally:
        wanted = self._family(said.kind) if said.kind else frozenset()
        label = Meaning(frozenset(kind for kind in wanted if kind in FINDABLE))
        tally = _Tally(said, label if label.kinds else NOTHING, wanted)
        for text, count in counts.items():
            self._one(text, count, tally)
        self._inside(tally)
        return tally

    def _one(self, text: str, count: int, tally: _Tally) -> None:
        """One distinct value, whatever it is."""
        folded = fold(text).strip()
        if len(folded) > 200 or folded[:1] in "{[":
            tally.rest.extend([text] * min(count, 3))
            self._fit(text, count, tally)
            return
        hidden = shapes.masked(folded)
        if hidden is not None:
            tally.masked += count
            tally.suspected[hidden] += count
            tally.fits += count if hidden in tally.wanted else 0
            return
        if shapes.floated(folded):
            tally.floated += count
            tally.suspected[Kind.ID_CARD] += count
            return
        bare = shapes.whole(folded)
        if bare is not None:
            tally.pointed += count
            folded = bare
        if folded.isdecimal():
            tally.digits += count
        hit = self._finder.cell(folded, tally.label)
        if tally.label is not NOTHING and (hit is None or hit.kind not in tally.wanted):
            hit = self._finder.cell(folded, NOTHING)
        day = shapes.dated(folded)
        if day and (hit is None or hit.confidence is not Confidence.VERIFIED):
            hit = None
        if hit is not None:
            sure = hit.confidence is Confidence.VERIFIED
            (tally.verified if sure else tally.suspected)[hit.kind] += count
            tally.fits += count if hit.kind in tally.wanted else 0
            if hit.kind in _PEOPLE and hit.rule == "surname":
                self._alone(folded, count, tally)
            return
        if not self._alone(folded, count, tally):
            self._fit(day or folded, count, tally)
            if len(folded) >= FREE:
                tally.rest.extend([text] * min(count, 3))

    def _alone(self, folded: str, count: int, tally: _Tally) -> bool:
        """Kinds that a member of a value set says by itself."""
        kinds = self._headers.alone(folded)
        for kind in kinds:
            tally.suspected[kind] += count
        if kinds & tally.wanted:
            tally.fits += count
        return bool(kinds)

    def _fit(self, text: str, count: int, tally: _Tally) -> None:
        kind = tally.said.kind
        if kind is not None and self._headers.fits(text, kind):
            tally.fits += count

    def _inside(self, tally: _Tally) -> None:
        """Kinds inside text and JSON."""
        lines: list[str] = []
        size = 0
        for text in tally.rest:
            if size > JOINED:
                break
            pairs = list(shapes.leaves(text))
            for key, value in pairs:
                said = self._headers.meaning(key).kind if key else None
                if said is not None and said not in FINDABLE and value:
                    tally.inside[said] += 1
                    tally.sure.add(said)
            line = "；".join(f"{key}：{value}" for key, value in pairs) if pairs else text
            lines.append(line.replace("\n", "。").replace("\r", ""))
            size += len(line)
        if not lines:
            return
        for hit in self._finder.find("\n".join(lines)):
            tally.inside[hit.kind] += 1
            if hit.confidence is Confidence.VERIFIED:
                tally.sure.add(hit.kind)

    def _by_values(self, tally: _Tally, total: int, distinct: int) -> Kind | None:
        """The kind that at least HOLDS of the values are."""
        both = tally.verified + tally.suspected
        if tally.said.plain:
            both = Counter({k: n for k, n in both.items() if k not in _WEAK or tally.verified[k]})
        for kind, count in sorted(
            both.items(), key=lambda one: (-one[1], tuple(Kind).index(one[0]))
        ):
            share = (
                sum(both[one] for one in self._family(kind) if one in _SAME.get(kind, ())) + count
            )
            if share < HOLDS * total:
                continue
            unsure = kind in _PEOPLE and not tally.verified[kind] and not tally.masked
            if unsure and tally.said.kind not in _PEOPLE and distinct < min(20, 0.2 * total):
                continue  # a few words over and over are no names
            return kind
        return None

    def _decide(
        self, tally: _Tally, total: int, seen: Kind | None
    ) -> tuple[Kind | None, By, bool, float]:
        """(kind, what told it, conflict, share of values that fit the header)."""
        says = tally.said.kind
        support = min(1.0, tally.fits / total)
        if says is None:
            return seen, By.VALUES if seen else By.NOTHING, False, 0.0
        if seen is not None:
            if seen in tally.wanted:
                return says, By.BOTH, False, support
            if self._headers.has_set(says) and support >= HOLDS and seen in _WEAK | {Kind.SCHOOL}:
                return says, By.BOTH, False, support
            unsure = seen in _PEOPLE and not tally.verified[seen]
            if unsure and says not in _FORMAT | _CLOSED:
                return says, By.HEADER, False, support
            return seen, By.VALUES, True, support
        if support >= HOLDS:
            return says, By.BOTH, False, support
        denied = total >= FEW and support < DENIES
        if denied and (says in _FORMAT or says in _CLOSED):
            return None, By.NOTHING, True, support
        if (
            denied
            and says in _PEOPLE | {Kind.ADDRESS, Kind.SCHOOL}
            and tally.digits > HOLDS * total
        ):
            return None, By.NOTHING, True, support
        return says, By.HEADER, False, support

    def _mixed(self, tally: _Tally, total: int, family: frozenset[Kind]) -> tuple[Kind, ...]:
        """Kinds inside values, and whole values of another kind than the column's."""
        least = max(2, 0.01 * total)
        found = {
            kind for kind, count in tally.inside.items()
            if kind in tally.sure or count >= least
        }  # fmt: skip
        found |= {kind for kind, count in tally.verified.items() if count}
        found |= {
            kind for kind, count in tally.suspected.items()
            if kind not in _WEAK and kind in FINDABLE and count >= max(2, 0.02 * total)
        }  # fmt: skip
        return tuple(kind for kind in Kind if kind in found - family)


_SAME: Mapping[Kind, frozenset[Kind]] = {
    Kind.PHONE: frozenset({Kind.LANDLINE}),
    Kind.LANDLINE: frozenset({Kind.PHONE}),
    Kind.ID_CARD: frozenset({Kind.PASSPORT, Kind.HK_MACAU_PERMIT, Kind.TAIWAN_PERMIT}),
}
"""Kinds that stand in one column together."""


def _surrogate(header: str, counts: Mapping[str, int]) -> bool:
    """`student_id` over small whole numbers is a key of the database, not 学号."""
    if not header.lower().rstrip().endswith("id"):
        return False
    return bool(counts) and all(text.isdecimal() and len(text) <= 8 for text in counts)


def _note(
    tally: _Tally, total: int, kind: Kind | None, said: Said, *, conflict: bool
) -> Text | None:
    zh: list[str] = []
    en: list[str] = []
    if conflict and kind is None:
        zh.append("表头所称的类别与值不符")
        en.append("the header names a kind that the values are not")
    elif conflict:
        zh.append("值与表头不一致，以值为准")
        en.append("values and header disagree; the values count")
    if tally.floated:
        zh.append(f"{tally.floated / total:.0%} 的 18 位号码以浮点数保存，末位已丢失")
        en.append("18-digit numbers were stored as floating numbers; their last digits are lost")
    if tally.pointed and kind is not None:
        zh.append("号码以小数保存")
        en.append("numbers are stored with a decimal point")
    if tally.masked:
        zh.append(f"{tally.masked / total:.0%} 的值已部分遮蔽")
        en.append("some values are half masked")
    if said.free and (tally.inside or tally.verified):
        zh.append("自由文本")
        en.append("free text")
    return Text(zh="；".join(zh), en="; ".join(en)) if zh else None
