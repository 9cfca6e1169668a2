"""What a rehearsal reads and what it tells: recorded exchanges in, changes out. Values only.

`policies.simulate` makes a Report of them; printing and reading files is done elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple

from policies.model import Action

_RANK = {Action.BLOCK: 2, Action.WARN: 1}


class Change(StrEnum):
    """What a candidate would do differently, as the person behind the screen meets it."""

    BLOCK = "would-block"
    WARN = "would-warn"
    ALLOW = "would-allow"
    OTHER = "other-action"  # passes before and after, by another action
    SAME = "unchanged"


class What(NamedTuple):
    """A recorded exchange without its time: equal ones are decided once.

    `names` and `signals` are JSON, as stored: signals are lists that begin with the
    category and the recogniser. `path` is empty where it was not recorded.
    """

    layer: str
    host: str
    names: str
    path: str
    school: str
    stage: str
    tier: str
    role: str
    group: str
    segment: str
    token: str
    gap: str
    signals: str
    enforced: str
    clause: str


type Row = Sequence[Any]
"""(Unix second, exchanges, *What)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The sums of one school, stage, category … `key` are the values asked for by `by`."""

    key: tuple[str, ...]
    exchanges: int
    blocked_before: int
    blocked_after: int
    changes: Mapping[Change, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """Exchanges that one clause decided and another would decide."""

    change: Change
    before: str
    after: str
    exchanges: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """An exchange that would go differently. `at` is the first time it was met."""

    change: Change
    school: str
    stage: str
    host: str
    at: int
    categories: tuple[str, ...]
    enforced_before: str
    enforced_after: str
    before: str
    after: str
    exchanges: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a rehearsal found. `unreadable` rows name things this version does not know."""

    snapshot: str
    by: tuple[str, ...]
    rows: int
    exchanges: int
    unreadable: int
    unknown_categories: tuple[str, ...]
    changes: Mapping[Change, int]
    groups: tuple[Group, ...]
    shifts: tuple[Shift, ...]
    samples: tuple[Sample, ...]
    clauses: Mapping[str, int]  # exchanges each clause would decide


def compare(before: Action, after: Action) -> Change:
    """What changes for the person, from one enforced action to another."""
    old, new = _RANK.get(before, 0), _RANK.get(after, 0)
    if old != new:
        return (Change.ALLOW, Change.WARN, Change.BLOCK)[new]
    return Change.SAME if before is after else Change.OTHER
