"""Care signals: who should look after a pupil, told without saying who the pupil is.

Events of the categories that a school's `care:` names become alerts for the people it
names: the event's code, school, stage, category, time; never a name, a site or an
address. Few enough to be read: one per subject and category in ten minutes, a cap a
day, and how many were held back. Alerts are for people; nothing here punishes or
blocks (条例 art. 49). Visits to help are private and never alert. Pure.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from gateway.batch import Event
from policies.entrust import Care
from policies.moment import moment
from policies.policy import Policy, Scope
from policies.seat import audience

SPACING = 600  # seconds between two alerts on one subject and category
PER_SUBJECT = 6  # alerts a day on one subject and category
PER_SCHOOL = 200  # alerts a day of one school
REMEMBERED = 50_000  # subjects and categories
NOTE = {
    "zh": "请由指定老师私下关心；这是关心的信号，不是违纪记录，不作处分依据。",
    "en": "For the named people to look after somebody in private; no record of misconduct.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """What the named people get. `held_back`: alerts not sent since the last on the same."""

    code: str
    school: str
    stage: str
    category: str
    at: int  # Unix seconds
    to: tuple[str, ...] = ()
    webhook: str = ""
    held_back: int = 0


@dataclass(slots=True, kw_only=True)
class Spell:
    """What was told of one subject and category. `last` in Unix seconds."""

    last: int = 0
    day: str = ""
    told: int = 0
    held_back: int = 0


@dataclass(slots=True, kw_only=True)
class Memory:
    """Who has been told of what; bounded, and kept over restarts by the door."""

    spells: dict[str, Spell] = field(default_factory=dict)
    schools: dict[str, Spell] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Carers:
    """Who cares for which school; `anywhere` is the district's."""

    schools: Mapping[str, Care] = field(default_factory=dict)
    anywhere: Care | None = None

    @classmethod
    def of(cls, policies: Iterable[Policy]) -> Carers:
        """From the policies in force: a school's own `care` before the district's."""
        schools: dict[str, Care] = {}
        anywhere = None
        for policy in policies:
            if policy.care is None:
                continue
            if policy.scope is Scope.DISTRICT:
                anywhere = policy.care
            for school in audience(policy).schools if policy.scope is Scope.SCHOOL else ():
                schools[school] = policy.care
        return cls(schools=schools, anywhere=anywhere)

    def of_school(self, school: str) -> Care | None:
        return self.schools.get(school, self.anywhere)


def alerts(events: Sequence[Event], carers: Carers, memory: Memory) -> list[Alert]:
    """The alerts that these Events call for; `memory` learns of them."""
    found = []
    for event in events:
        care = carers.of_school(event.school)
        if care is None or event.role != "pupil":
            continue
        for category in event.categories:
            if category in care.categories:
                made = _alert(event, category, care, memory)
                if made is not None:
                    found.append(made)
    return found


def rename(memory: Memory, renamed: Mapping[str, str]) -> None:
    """Pseudonyms were rotated: what was told of somebody stays told under the new one."""
    for key in [key for key in memory.spells if key.partition(" ")[0] in renamed]:
        token, _, category = key.partition(" ")
        old, to = memory.spells.pop(key), f"{renamed[token]} {category}"
        new = memory.spells.get(to)
        if new is None:
            memory.spells[to] = old
            continue
        same = old.day == new.day
        new.last = max(old.last, new.last)
        new.told += old.told if same else 0
        new.held_back += old.held_back


def _alert(event: Event, category: str, care: Care, memory: Memory) -> Alert | None:
    at = event.ts // 1_000_000
    day = moment(at).day
    spell = _spell(memory.spells, f"{event.token} {category}", day)
    school = _spell(memory.schools, event.school, day)
    early = spell.last and abs(at - spell.last) < SPACING
    if early or spell.told >= PER_SUBJECT or school.told >= PER_SCHOOL:
        spell.held_back += 1
        return None
    made = Alert(
        code=event.code,
        school=event.school,
        stage=event.stage,
        category=category,
        at=at,
        to=care.to,
        webhook=care.webhook,
        held_back=spell.held_back,
    )
    spell.last, spell.told, spell.held_back = at, spell.told + 1, 0
    school.told += 1
    return made


def _spell(table: dict[str, Spell], key: str, day: str) -> Spell:
    spell = table.pop(key, None) or Spell()
    while len(table) >= REMEMBERED:
        del table[next(iter(table))]
    table[key] = spell
    if spell.day != day:
        spell.day, spell.told = day, 0
    return spell


def message(alert: Alert) -> dict[str, object]:
    """The alert as it is written and sent: stable keys."""
    return {
        "kind": "care",
        "code": alert.code,
        "school": alert.school,
        "stage": alert.stage,
        "category": alert.category,
        "at": alert.at,
        "to": list(alert.to),
        "held_back": alert.held_back,
        "note": NOTE,
    }


def signature(secret: bytes, at: int, body: bytes) -> str:
    """`t=…,v1=…`: HMAC-SHA-256 over `t.body`; a receiver refuses an old `t`."""
    seal = hmac.digest(secret, b"%d." % at + body, hashlib.sha256).hex()
    return f"t={at},v1={seal}"
