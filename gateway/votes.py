"""Events → votes: which judged pages speak against their host, told without saying who read them.

A vote is a page (as a digest), a day and a voter (a keyed digest of the pseudonym, which leads
back to nobody without the node's key). Only what recognisers read in a page counts, not what a
list already knew. Pure after loading.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from gateway.batch import Event, EventLayer
from gateway.rows import day_of
from policies.learning import path_of
from policies.model import Action
from rules.load import load
from rules.model import Layer, Text

HERE = Path(__file__).parent
LISTS = ("hosts", "urls", "marker")
JUDGED = (Action.BLOCK, Action.WARN, Action.OBSERVE)
MOST_WORDS = 5  # of one vote
LONGEST_PATH = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """learning.yaml."""

    id: str
    title: Text
    readers: tuple[str, ...]
    least: float
    shared: tuple[str, ...]
    never: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What votes are made with: the bounds, and the layers of the categories in force."""

    bounds: Bounds
    harmful: frozenset[str]
    never: frozenset[str]

    @classmethod
    def of(cls, bounds: Bounds, kinds: Iterable[tuple[str, Layer]]) -> Ground:
        layers = dict(kinds)
        return cls(
            bounds=bounds,
            harmful=frozenset(name for name, layer in layers.items() if layer is Layer.HARMFUL),
            never=frozenset(bounds.never)
            | {name for name, layer in layers.items() if layer is Layer.HELP},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Vote:
    """One person's look at one harmful page on one day. `path` only on shared hosts."""

    host: str
    path: str
    category: str
    day: str
    voter: bytes
    page: bytes
    words: tuple[str, ...]
    shared: bool


def load_bounds() -> Bounds:
    """The shipped bounds. Raises DataError."""
    return load(Bounds, HERE / "learning.yaml")


def votes(event: Event, ground: Ground, key: bytes) -> tuple[Vote, ...]:
    """The votes of one Event: one for each harmful category that was read in the page."""
    if event.layer is not EventLayer.RESPONSE or event.action not in JUDGED or not event.host:
        return ()
    listed = {category for category, recogniser, *_ in event.signals if recogniser in LISTS}
    if listed & ground.never:
        return ()
    found: dict[str, list[str]] = {}
    for category, recogniser, matched, _, odds in event.signals:
        if (
            recogniser in ground.bounds.readers
            and category in ground.harmful
            and _sure(odds) >= ground.bounds.least
        ):
            found.setdefault(category, []).extend(_words(matched))
    shared = bool(listed & set(ground.bounds.shared))
    plain = event.path.partition("?")[0]
    return tuple(
        Vote(
            host=event.host,
            path=path_of(plain)[:LONGEST_PATH] if shared else "",
            category=category,
            day=day_of(event.ts / 1_000_000),
            voter=_digest(key, f"{event.token}"),
            page=_digest(key, plain),
            words=tuple(dict.fromkeys(words))[:MOST_WORDS],
            shared=shared,
        )
        for category, words in found.items()
    )


def _sure(odds: str) -> float:
    """A recorded probability; what does not read is none."""
    try:
        return float(odds) if odds else 1.0
    except ValueError:
        return 0.0


def _words(matched: str) -> list[str]:
    return [word for word in (part.strip() for part in matched.split("·")) if word]


def _digest(key: bytes, text: str) -> bytes:
    return blake2b(text.encode("utf-8", "replace"), key=key, digest_size=8).digest()
