"""The nouns of deciding: Subject, Policy, Clause, Order, Action, Verdict, Moment, Usage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from rules.model import Basis, Text


class Action(StrEnum):
    """What should happen. A closed set, from mildest to strictest in `STRICTNESS`."""

    ALLOW = "allow"
    OBSERVE = "observe"  # let pass, record in full
    REWRITE = "rewrite"  # let pass after changing the request (SafeSearch)
    MASK = "mask"  # let pass with personal data masked
    LIMIT = "limit"  # let pass within a quota
    WARN = "warn"  # prominent warning first (条例 art. 23)
    BLOCK = "block"


STRICTNESS: Mapping[Action, int] = {action: rank for rank, action in enumerate(Action)}


class Depth(StrEnum):
    """How deep a device group may be inspected. Each depth says what it cannot see."""

    DNS = "dns"
    NAME = "name"
    CONTENT = "content"


class Role(StrEnum):
    PUPIL = "pupil"
    TEACHER = "teacher"
    STAFF = "staff"
    VISITOR = "visitor"


class Office(StrEnum):
    """In whose name something is loosened: what it may do is the district's to delegate."""

    DISTRICT = "district"
    SCHOOL = "school"
    TEACHER = "teacher"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """Who asks: never a name. `token` is a keyed pseudonym of the device or person."""

    school: str = ""
    stage: str = ""  # 学段: kindergarten, primary-lower, primary-upper, junior, senior
    tier: str = ""  # age tier: 0-3, 3-8, 8-12, 12-16, 16-18
    role: Role = Role.PUPIL
    group: str = ""
    segment: str = ""
    token: str = ""
    source: str = "default"  # static, prefix, radius, ...
    confidence: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A point in time as policies see it: Asia/Shanghai wall clock, made once a second.

    `timestamp` is Unix seconds; `day` is the ISO date; `weekday` 0 = Monday;
    `minute` is the minute of the day, 0 to 1439.
    """

    timestamp: float
    day: str
    weekday: int
    minute: int


class Period(StrEnum):
    """After which a quota begins anew, Asia/Shanghai."""

    DAY = "day"  # at midnight
    WEEK = "week"  # at midnight before Monday


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Whole minutes and bytes used so far, by counter (`Metered.counter`, day or week).

    The minute that is running does not count yet: the 3,600th second of an hour is
    the first beyond a quota of 60.
    """

    minutes: Mapping[str, int] = field(default_factory=dict)
    bytes: Mapping[str, int] = field(default_factory=dict)


NO_USAGE = Usage()


@dataclass(frozen=True, slots=True, kw_only=True)
class Metered:
    """One quota as a Verdict tells it: where to count, how much there is, until when."""

    counter: str  # the name under which usage is kept, without the period
    period: Period
    minutes: int = 0  # 0: no limit of minutes
    bytes: int = 0
    warn: int = 0  # minutes at which a notice is shown; 0: never

    @property
    def key(self) -> str:
        """The name of its total in a Usage."""
        return f"{self.counter}@{self.period}"

    def spent(self, usage: Usage) -> bool:
        """Whether the quota is used up."""
        minutes, size = usage.minutes.get(self.key, 0), usage.bytes.get(self.key, 0)
        return bool(
            (self.minutes and minutes >= self.minutes) or (self.bytes and size >= self.bytes)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why: for the block page, the event and the explanation."""

    clause: str
    title: Text
    text: Text
    basis: tuple[Basis, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The decision on one exchange at one stage.

    `enforced` differs from `action` only in monitor mode (then it is `observe`).
    `settled` is true when no later stage can change it, so that the exchange may
    be passed on undecrypted or refused at once. `trace` is the interned id of
    the full trace; equal inputs give the same id. `mask` is the categories seen.
    """

    action: Action
    enforced: Action
    clause: str
    reason: Reason
    trace: str
    snapshot: str
    profile: str
    depth: Depth
    inspect: bool  # may this name be opened (decrypted) for this profile?
    settled: bool
    mask: int
    deciding: tuple[str, ...] = ()  # category ids of the deciding clause that were present
    metered: tuple[Metered, ...] = ()  # on which counters it counts, if it is let through
    spent: Metered | None = None  # the quota that is used up, where that is why
    read: bool = False  # is what comes back read by the recognisers of content?
    carried: int = 0  # a bit for each condition of outflow rules that held


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A runtime change to what policies say: one noun for all of them.

    Override, answered appeal, confirmed learned host, pinned pass-through,
    authority's block. `scope` narrows the subjects (empty = all); `hosts` are
    names with their subdomains; `pass_through` pins them undecrypted. Below the
    district, `office` says within whose delegation it must lie (`policies.delegation`).
    """

    id: str
    action: Action
    basis: Basis
    issuer: str
    hosts: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    school: str = ""
    group: str = ""
    token: str = ""
    pass_through: bool = False
    approvals: tuple[str, ...] = ()
    starts: float = 0.0
    expires: float = 0.0
    note: str = ""
    office: Office = Office.DISTRICT
