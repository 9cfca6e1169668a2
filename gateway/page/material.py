"""What the pages say: messages, digital-citizenship tips, better places to go.

The words are data (messages.yaml, tips.yaml, alternatives.yaml); this module
gives their shape and picks the ones that fit. Picking is a function of the
event's code, so that the same page always shows the same tip.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Protocol, Self
from zlib import crc32

from gateway.page.model import PageKind
from rules.load import load
from rules.model import Gap, Text

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """The short fixed texts of every page."""

    product: Text
    tagline: Text
    skip: Text
    switch: Text
    hide: Text
    address: Text
    category: Text
    reason: Text
    basis: Text
    to_verify: Text
    policy: Text
    time: Text
    zone: Text
    detail: Text
    comma: Text
    code: Text
    next: Text
    tell: Text
    contact: Text
    appeal: Text
    appeal_title: Text
    appeal_ask: Text
    appeal_send: Text
    appeal_note: Text
    proceed: Text
    proceed_note: Text
    leave: Text
    found: Text
    send_title: Text
    send_ask: Text
    send_go: Text
    send_note: Text
    tip: Text
    alternatives: Text
    privacy: Text

    def side(self, language: str) -> dict[str, str]:
        """All labels in one language, by name."""
        texts = {item.name: getattr(self, item.name) for item in fields(self)}
        return {name: say(text, language) for name, text in texts.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class KindWords:
    """A kind of page: badge, heading, one plain sentence; `young` for small children."""

    status: int
    badge: Text
    title: Text
    lead: Text
    young: Text
    advice: tuple[Text, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GapWords:
    """Why something could not be looked at: its HTTP status, heading and explanation."""

    status: int
    title: Text
    text: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpLine:
    """One telephone number of help: who answers, and for what."""

    number: str
    title: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Crisis:
    """Warm words and help lines, shown first on pages of these categories.

    `lead` takes the place of the block page's own sentence.
    """

    categories: tuple[str, ...]
    title: Text
    text: Text
    lead: Text
    lines: tuple[HelpLine, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaWords:
    """About a quota: `{minutes}` left, and `{when}` it begins anew."""

    left: Text
    back: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Messages:
    """messages.yaml. `young` lists the 学段 that read the simple sentence."""

    labels: Labels
    kinds: Mapping[PageKind, KindWords]
    gaps: Mapping[Gap, GapWords]
    crisis: Crisis
    quota: QuotaWords
    young: tuple[str, ...]
    weekdays: tuple[Text, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tip:
    """A digital-citizenship tip. No categories = any; no stages = every 学段."""

    id: str
    text: Text
    categories: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """A better place to go. No categories = fits any."""

    id: str
    title: Text
    url: str
    why: Text
    categories: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not self.url.startswith(("https://", "http://")):
            raise ValueError(f"`{self.url}` is not an http(s) address")


@dataclass(frozen=True, slots=True, kw_only=True)
class TipsFile:
    tips: tuple[Tip, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AlternativesFile:
    alternatives: tuple[Alternative, ...] = ()


class _Classed(Protocol):
    @property
    def categories(self) -> tuple[str, ...]: ...


class Shelf[C: _Classed]:
    """Items by category; those made for no category stand under "" and serve the rest."""

    def __init__(self, items: Iterable[C]) -> None:
        found: dict[str, list[C]] = {}
        for item in items:
            for category in item.categories or ("",):
                found.setdefault(category, []).append(item)
        self._items = {category: tuple(those) for category, those in found.items()}

    def of(self, categories: Iterable[str]) -> tuple[C, ...]:
        """The items of the first category that has any, else the general ones."""
        for category in categories:
            if category in self._items:
                return self._items[category]
        return self._items.get("", ())


class Material:
    """Everything the pages say, loaded and laid out for picking."""

    def __init__(
        self, messages: Messages, tips: Iterable[Tip] = (), alternatives: Iterable[Alternative] = ()
    ) -> None:
        every = tuple(tips)
        stages = {stage for tip in every for stage in tip.stages} | {""}
        self.messages = messages
        self._alternatives = Shelf(alternatives)
        self._tips = {
            stage: Shelf(tip for tip in every if not tip.stages or stage in tip.stages)
            for stage in stages
        }

    @classmethod
    def load(cls, folder: Path = HERE) -> Self:
        """Read the three files. Raises DataError."""
        return cls(
            messages=load(Messages, folder / "messages.yaml"),
            tips=load(TipsFile, folder / "tips.yaml").tips,
            alternatives=load(AlternativesFile, folder / "alternatives.yaml").alternatives,
        )

    def tip(self, categories: Iterable[str], stage: str, code: str) -> Tip | None:
        """The tip for these categories and this 学段, else a general one, else None.

        An unknown or empty stage gets the tips made for every stage.
        """
        shelf = self._tips.get(stage) or self._tips[""]
        chosen = pick(shelf.of(categories), code, 1)
        return chosen[0] if chosen else None

    def better(self, categories: Iterable[str], code: str, count: int = 2) -> list[Alternative]:
        """Up to `count` alternatives for these categories, else general ones."""
        return pick(self._alternatives.of(categories), code, count)


def say(text: Text, language: str) -> str:
    """The text in one language; the other where this one is missing."""
    return (text.en or text.zh) if language == "en" else (text.zh or text.en)


def pick[T](items: Sequence[T], code: str, count: int) -> list[T]:
    """Up to `count` neighbours from `items`, chosen by `code`: the same code, the same choice."""
    if not items:
        return []
    start = crc32(code.encode("utf-8", "replace")) % len(items)
    return [items[(start + step) % len(items)] for step in range(min(count, len(items)))]
