"""Learning: when a host whose pages are judged harmful again and again becomes a candidate.

`Learning` is a part of the district's file; `Evidence` is what is known of one host (or of
one path of a shared host) and category; `judge` says what follows. One person's look at a
page is one vote a day, however often it is reloaded. Shared places are only ever proposed,
by path; what must stay reachable is never a candidate. Pure: no clock, no store.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Self

FEW = 3  # fewer people than this are told as `few`
_SPAN = re.compile(r"([1-9][0-9]{0,3})d")


class Then(StrEnum):
    """What follows where there is enough evidence."""

    PROPOSE = "propose"  # officers are asked
    BLOCK = "block"  # it stands in the learned list at once, and officers are asked
    IGNORE = "ignore"  # nothing is learned of this category


class Days(str):
    """A number of days, `30d`."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        if not _SPAN.fullmatch(text.strip()):
            raise ValueError(f"`{text}` is not a number of days like 30d")
        return cls(text.strip())

    @property
    def days(self) -> int:
        return int(self[:-1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Learning:
    """How much evidence makes a candidate, and what follows; `categories` differ from `then`.

    `share` is the least part of the pages read that was harmful. `pupils` is how many
    people must have met it before it is blocked at once; until then it is proposed.
    `expires` ends votes, and blocks that nobody has confirmed.
    """

    harmful_pages: int = 5
    share: float = 0.5
    days: int = 1
    pupils: int = 1
    then: Then = Then.PROPOSE
    categories: Mapping[str, Then] = field(default_factory=dict)
    expires: Days = field(default_factory=lambda: Days("30d"))

    def __post_init__(self) -> None:
        for name, value, most in (
            ("harmful_pages", self.harmful_pages, 10_000),
            ("days", self.days, 365),
            ("pupils", self.pupils, 1_000),
        ):
            if not 1 <= value <= most:
                raise ValueError(f"{name}: {value} is not from 1 to {most}")
        if not 0 < self.share <= 1:
            raise ValueError(f"share: {self.share} is not above 0 and at most 1")

    def of(self, category: str) -> Then:
        """What follows for this category."""
        return self.categories.get(category, self.then)


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What is known of one host, or path of a shared one, and one category. No person, no query.

    `harmful` are votes: a page, a day, a person. `clean` are pages read on the host and let
    through. `people` never leaves this floor as it is: see `crowd`.
    """

    host: str
    category: str
    path: str = ""
    harmful: int = 0
    clean: int = 0
    days: int = 0
    people: int = 0
    first: str = ""
    last: str = ""
    words: tuple[str, ...] = ()
    shared: bool = False

    @property
    def share(self) -> float:
        """The part of the pages read that was harmful; 1 for a path, where only harm is counted."""
        return 1.0 if self.path else self.harmful / max(1, self.harmful + self.clean)

    @property
    def crowd(self) -> str:
        """How many people met it, as it may be told: fewer than three are few."""
        return str(self.people) if self.people >= FEW else "few"


def judge(found: Evidence, learning: Learning) -> Then:
    """What this evidence calls for. IGNORE: not enough, or not to be learned."""
    then = learning.of(found.category)
    enough = (
        found.harmful >= learning.harmful_pages
        and found.days >= learning.days
        and found.share >= learning.share
    )
    if not enough or then is Then.IGNORE:
        return Then.IGNORE
    if found.shared or found.path or found.people < learning.pupils:
        return Then.PROPOSE
    return then


def path_of(path: str) -> str:
    """The part of a shared host that a page belongs to: its first folder, else the page itself."""
    plain = "/" + path.partition("?")[0].partition("#")[0].strip("/")
    first, slash, _ = plain[1:].partition("/")
    return f"/{first}/" if slash else plain
