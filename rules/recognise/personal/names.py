"""Names of people: a roster matched exactly, or a surname between two sides of context. Pure.

A district owns its roster, so that is the main way: an automaton over the names, in memory
only. Two characters are too few to be a name by themselves and need a label or a title beside
them. Without a roster a name needs context on both sides (a label or a boundary to its left, a
boundary or a title to its right): precision before recall.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import ahocorasick_rs

from rules.recognise.personal.kinds import Confidence, Hit, Kind
from rules.recognise.personal.labels import Reading

SURE, PERHAPS = Confidence.VERIFIED, Confidence.SUSPECTED
_HAN = "\u4e00-\u9fff"
_STOP = r"&，,。；;、：:！!？?（）()《》“”\"'|/ \t\n\r\[\]【】<>=·-"
_EDGE = "&，,。；;、：:！!？?（）()《》“”\"'|/ \t\n\r[]【】<>=·-与和及给向请由让找对问被"
_EDGES = "|".join(
    {"\t": r"\t", "\n": r"\n", "\r": r"\r", "<": "<", ">": ">"}.get(one) or re.escape(one)
    for one in _EDGE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NameSamples:
    hit: tuple[str, ...] = ()
    miss: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NameWords:
    """The data file `rules/personal/people.yaml`."""

    surnames: str
    compound: tuple[str, ...]
    common: int
    titles: tuple[str, ...]
    ordinary: tuple[str, ...]
    examples: NameSamples = NameSamples()


_ROLE = re.compile(
    "(?:[长员人师友属事军授者手机学导生亲医交主任东女妈爸爷奶婆哥姐弟妹夫妻孙伴]|第[一二三四五六七八九十0-9]+[道组名棒位]"
    "|[昨今明][天晚日]|[去找约汇]入?|本人|备注|联系|周[一二三四五六日天]|@|之[父母]|[（(])$"
)
"""What a person is called by: 组长, 驾驶员, 报警人, 家属, 冠军."""
_ACTS = re.compile(
    rf"$|[@{_STOP}]|家[）)的里]|[之现就承同将可要也不没来去请曾已因在于说的和与打很随申都又还把被向对给问叫回到住写送]"
)
"""What stands behind a name that somebody is called by."""


class Roster:
    """Names of one organisation, matched exactly. Nothing of it is ever printed or stored."""

    __slots__ = ("_machine", "_names", "size")

    def __init__(self, names: Iterable[str]) -> None:
        self._names = sorted({name for name in map(str.strip, names) if 2 <= len(name) <= 20})
        self.size = len(self._names)
        self._machine = (
            ahocorasick_rs.AhoCorasick(
                self._names, matchkind=ahocorasick_rs.MatchKind.LeftmostLongest
            )
            if self._names
            else None
        )

    def __repr__(self) -> str:
        return f"Roster({self.size} names)"

    def find(self, text: str) -> list[tuple[int, int]]:
        """Where names stand."""
        if self._machine is None:
            return []
        return [(low, high) for _, low, high in self._machine.find_matches_as_indexes(text)]

    def has(self, value: str) -> bool:
        """Whether a whole value is one of the names."""
        return any(low == 0 and high == len(value) for low, high in self.find(value))


class Names:
    """Names by context, and the roster's with it."""

    __slots__ = (
        "_after",
        "_bare",
        "_before",
        "_common",
        "_edge",
        "_label",
        "_ordinary",
        "_shape",
        "_titled",
        "triggers",
    )

    def __init__(self, words: NameWords, labels: Iterable[str]) -> None:
        chosen = tuple(labels)
        compound = "|".join(map(re.escape, words.compound))
        surname = f"(?:{compound}|[{re.escape(words.surnames)}])"
        common = f"(?:{compound}|[{re.escape(words.surnames[: words.common])}])"
        titles = _either(words.titles)
        label = _either(one for one in chosen if not one.isascii())
        english = _either(one for one in chosen if one.isascii())
        self._ordinary = frozenset(words.ordinary)
        self._shape = re.compile(f"{surname}(?:·?[{_HAN}]){{1,3}}")
        right = rf"(?=$|[{_STOP}]|{titles}|[男女]|的|身份证|电话|手机|学号|性别|在|于|系|已|因)"
        self._label = re.compile(
            rf"(?:[（(][{_HAN}A-Za-z]{{1,8}}[）)])?[\"']?[ \t]?[:：=]"
            rf"[ \t]?[\"'“]?({surname}[{_HAN}]{{1,2}}?){right}"
        )
        self._bare = re.compile(rf"[为叫是 \t]?({common}[{_HAN}]{{1,2}})(?=$|[{_STOP}]|{titles})")
        self._common = re.compile(rf"{common}[{_HAN}]{{1,2}}")
        self._edge = frozenset(_EDGE)
        self._before = re.compile(rf"(?:{label}|[@{_STOP}与和及给向请由让找对问被是叫])$")
        self._after = re.compile(rf"(?:$|[{_STOP}]|{titles}|[男女的]|和|与|在|于|是|说|已)")
        self._titled = re.compile(titles)
        self.triggers = (
            rf"(?:{label}|{_cased(english)})(?:[（(][{_HAN}A-Za-z]{{1,8}}[）)])?[\"']?[ \t]?"
            r"(?::|：|=)",
            rf"(?:{label})(?:[为叫是 \t])?{common}[{_HAN}]",
            rf"(?:^|{_EDGES}){common}[{_HAN}]{{1,2}}(?:{titles})",
        )

    def find(self, text: str, start: int, end: int, said: Reading) -> Iterator[Hit]:
        """Names by context between two places: behind a label, or before a title."""
        last = -1
        titles = said.titles
        for right, left, means in said.between(start, end):
            if means is titles:
                if hit := self._before_title(text, max(start, left - 4), left):
                    yield hit
                continue
            if right == last or Kind.NAME not in means.kinds:
                continue
            last = right
            match = self._label.match(text, right, end)
            if match is not None:
                if self._may(match.group(1)):
                    yield Hit(Kind.NAME, *match.span(1), SURE, "label")
                continue
            if not text[right - 1].isascii():
                match = self._bare.match(text, right, end)
                if match is not None and self._may(match.group(1)):
                    yield Hit(Kind.NAME, *match.span(1), PERHAPS, "label-bare")

    def _before_title(self, text: str, low: int, end: int) -> Hit | None:
        """The longest name that ends where a title begins and itself begins at a boundary."""
        for begin in range(low, end - 1):
            if (begin == 0 or text[begin - 1] in self._edge) and self._common.fullmatch(
                text, begin, end
            ):
                if self._may(text[begin:end]):
                    return Hit(Kind.NAME, begin, end, PERHAPS, "title")
                return None
        return None

    def roster(self, text: str, roster: Roster) -> Iterator[Hit]:
        """Names of the roster; two characters need context on one side at least."""
        for low, high in roster.find(text):
            if high - low >= 3:
                yield Hit(Kind.NAME, low, high, SURE, "roster")
                continue
            left = low == 0 or self._before.search(text, max(0, low - 8), low) is not None
            right = self._after.match(text, high) is not None
            if text[low:high] in self._ordinary:
                continue
            if (
                (left and right)
                or (left and _label_left(text, low))
                or self._titled.match(text, high) is not None
                or (_ROLE.search(text, max(0, low - 4), low) and _ACTS.match(text, high))
            ):
                yield Hit(Kind.NAME, low, high, SURE, "roster-context")

    def value(self, text: str) -> bool:
        """Whether a whole cell has the shape of a name."""
        return 2 <= len(text) <= 5 and bool(self._shape.fullmatch(text)) and self._may(text)

    def _may(self, name: str) -> bool:
        return name not in self._ordinary and name[:2] not in self._ordinary


def _label_left(text: str, low: int) -> bool:
    return low > 0 and text[low - 1] in ':：= \t"“'


def _either(words: Iterable[str]) -> str:
    return "|".join(sorted(map(re.escape, words), key=len, reverse=True))


def _cased(expression: str) -> str:
    """The same with letters of either case (a flag would fold the whole expression)."""
    return re.sub(r"[A-Za-z]", lambda one: f"[{one[0].upper()}{one[0].lower()}]", expression)
