"""What is to be destroyed, who agreed, and what is left: the nouns of destruction. Pure.

A Plan is what a reading of the databases came to: sets of rows and files as predicate, count
and keyed sum of their keys (never a key), what legal hold keeps, what else still holds them.
Two people approve exactly its digest in the book; what was done stands there batch by batch,
so that the state after a kill is worked out, not guessed. A Trace is one place looked at after.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import hmac
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from audit.lifecycle.people import Actor, Way, actor_of, apart
from audit.lifecycle.rules import Form, Hold, Then
from audit.lifecycle.sharing import same_person
from gateway.ledger import Checkpoint, canonical
from rules.load import loads

VERSION = 1
NEEDED = 2
LONGEST_DAYS = 30
ROOM = 2**256

APPROVED, REVOKED = "destroy-approved", "destroy-revoked"
BEGUN, BATCH, UNDONE = "destroy-begun", "destroy-batch", "destroy-batch-undone"
FINISHED, STOPPED, CERTIFIED = "destroy-finished", "destroy-stopped", "destroy-certified"


class RefusedError(ValueError):
    """Why nothing is destroyed, as a sentence in both languages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """So many things, and the sum of their keyed digests: the same set has the same sum."""

    count: int = 0
    sum: str = "0"

    def plus(self, other: Tally) -> Tally:
        total = (int(self.sum, 16) + int(other.sum, 16)) % ROOM
        return Tally(count=self.count + other.count, sum=f"{total:x}")

    def less(self, other: Tally) -> Tally:
        total = (int(self.sum, 16) - int(other.sum, 16)) % ROOM
        return Tally(count=self.count - other.count, sum=f"{total:x}")


def keyed(secret: bytes, key: Iterable[Any]) -> int:
    """The keyed digest of one row's key or one file's place."""
    parts = "\x1f".join(f"{len(str(one))}:{one}" for one in key)
    return int.from_bytes(hmac.digest(secret, parts.encode("utf-8", "surrogatepass"), "sha256"))


def tally_of(digests: Iterable[int]) -> Tally:
    """The tally of many digests."""
    count = total = 0
    for one in digests:
        count, total = count + 1, (total + one) % ROOM
    return Tally(count=count, sum=f"{total:x}")


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldBack:
    """A legal hold that stands: what it says, and how many of the due things it keeps."""

    id: str
    document: str
    until: str  # empty: until it is ended
    print: str  # keyed digest of the hold as written
    count: int | None = None  # None: could not be counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Below:
    """A table whose rows go with those above; in the order of deletion, deepest first."""

    table: str
    links: tuple[str, ...]  # `column=parent column`
    rows: int
    declared: bool  # as a foreign key of the database


@dataclass(frozen=True, slots=True, kw_only=True)
class Elsewhere:
    """A backup or replica that still holds it; `until` empty: not known."""

    what: str  # backup, replica
    name: str
    place: str
    kept: str = ""  # how long a backup is kept


@dataclass(frozen=True, slots=True, kw_only=True)
class RowSet:
    """Rows of one table whose time is over."""

    id: str  # dataset/retention
    title: str
    source: str
    database: str
    table: str
    column: str
    form: Form
    before: str  # a day: rows of earlier days are due
    then: Then
    rule: tuple[str, ...]  # bases and documents of the rule
    due: Tally
    held: Tally
    undated: int  # without a readable day: kept, and reported
    oldest: str = ""
    newest: str = ""
    below: tuple[Below, ...] = ()
    holds: tuple[HeldBack, ...] = ()
    elsewhere: tuple[Elsewhere, ...] = ()
    snapshot: dict[str, str] = field(default_factory=dict)
    blank: tuple[str, ...] = ()  # anonymise: the columns that are emptied
    joins: tuple[str, ...] = ()  # `child column=parent column`, as the rule has them
    blocked: tuple[str, ...] = ()  # why nothing of it may be destroyed
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSet:
    """Files whose time is over."""

    id: str
    title: str
    source: str
    globs: tuple[str, ...]
    before: str
    then: Then
    rule: tuple[str, ...]
    due: Tally
    held: Tally
    bytes: int
    oldest: str = ""
    newest: str = ""
    holds: tuple[HeldBack, ...] = ()
    elsewhere: tuple[Elsewhere, ...] = ()
    blocked: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySet:
    """An encrypted store that becomes unreadable with its key file."""

    id: str
    kind: str  # vault, audit-store
    store: str  # the file's name
    dataset: str
    key: str  # keyed digest of the key file
    things: int  # sealed values in the store
    holds: tuple[HeldBack, ...] = ()
    blocked: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that is due on a day, as it was read."""

    version: int
    district: str
    made: str
    at: str
    rules: str  # digest of the rules file
    book: str  # id of the book's key: its keyed digests can be checked only there
    approvers: tuple[str, ...]  # who may approve, by the rules
    rows: tuple[RowSet, ...] = ()
    files: tuple[FileSet, ...] = ()
    keys: tuple[KeySet, ...] = ()

    @property
    def sets(self) -> tuple[RowSet | FileSet | KeySet, ...]:
        return (*self.rows, *self.files, *self.keys)


def plan_text(plan: Plan) -> str:
    """The plan as it is written to its file, its digest in it."""
    body = dataclasses.asdict(plan)
    return (
        json.dumps({"digest": digest_of(plan), "plan": body}, ensure_ascii=False, indent=1) + "\n"
    )


def digest_of(plan: Plan) -> str:
    """What is approved."""
    body = json.loads(json.dumps(dataclasses.asdict(plan)))
    return hashlib.sha256(canonical(body)).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    digest: str
    plan: Plan


def plan_of(text: str, name: str) -> Plan:
    """The plan of a file. Raises DataError, RefusedError for one that was changed."""
    found = loads(_File, text, name)
    if found.plan.version != VERSION:
        raise RefusedError(f"计划的版本不认识 unknown version of a plan: {found.plan.version}")
    if digest_of(found.plan) != found.digest:
        raise RefusedError("计划被改动过 the plan was changed: qinglang data retain")
    return found.plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One person's yes to one digest, until a time."""

    by: str
    at: float
    until: float
    actor: Actor
    record: int


def approvals(records: Iterable[Checkpoint], digest: str, now: float) -> tuple[Approval, ...]:
    """The approvals that stand, one a person, the first of each."""
    found: list[Approval] = []
    for one in records:
        if one.body.get("plan") != digest:
            continue
        actor = actor_of(one.body)
        if one.kind == REVOKED:
            found = [each for each in found if not apart(each.actor, actor)]
        elif one.kind == APPROVED:
            days = min(float(one.body.get("days", 0)), LONGEST_DAYS)
            made = Approval(
                by=actor.id, at=one.time, until=one.time + days * 86400, actor=actor, record=one.seq
            )
            found = [each for each in found if not apart(each.actor, actor)]
            found.append(made)
    return tuple(one for one in found if now < one.until)


def may_approve(plan: Plan, by: Actor, days: float, standing: Iterable[Approval]) -> None:
    """Raises RefusedError where this person may not approve this plan."""
    if by.way is Way.CLAIMED:
        raise RefusedError(
            "批准须以登记的账号或私钥证明 an approval is proved by account or key: data people"
        )
    if not 0 < days <= LONGEST_DAYS:
        raise RefusedError(
            f"有效期 1–{LONGEST_DAYS} 天 an approval stands 1 to {LONGEST_DAYS} days"
        )
    if not any(same_person(one, by.id) for one in plan.approvers):
        raise RefusedError("规则未列此人为批准人 the rules do not name this person as an approver")
    if alike := next((why for one in standing if (why := apart(one.actor, by))), ""):
        raise RefusedError(
            f"已有此人的批准，须另一人 approved already, another person is needed: {alike}"
        )
    due = [*(one.due.count for one in plan.rows), *(one.due.count for one in plan.files)]
    if not any(due) and not plan.keys:
        raise RefusedError("计划为空 the plan destroys nothing")


def agreed(plan: Plan, records: Iterable[Checkpoint], now: float) -> tuple[Approval, ...]:
    """The two who approved. Raises RefusedError."""
    kept = tuple(records)
    digest = digest_of(plan)
    if any(one.kind == CERTIFIED and one.body.get("plan") == digest for one in kept):
        raise RefusedError("该计划已执行完毕 this plan was carried out already")
    found = approvals(kept, digest, now)
    if len(found) < NEEDED:
        raise RefusedError(
            f"还需 {NEEDED - len(found)} 人批准 (已过期的不算) / "
            f"{NEEDED - len(found)} more approvals are needed; expired ones do not count"
        )
    return found


def print_of(secret: bytes, hold: Hold) -> str:
    """A hold's keyed digest: tells whether it is the same one, not whom it keeps."""
    return f"{keyed(secret, [repr(hold)]):064x}"


def held_back(hold: Hold, secret: bytes, count: int | None) -> HeldBack:
    """A hold as a plan tells it."""
    return HeldBack(
        id=hold.id,
        document=hold.document.number,
        until=hold.until.isoformat() if hold.until else "",
        print=print_of(secret, hold),
        count=count,
    )


def released(planned: Iterable[HeldBack], now: Mapping[str, str]) -> list[str]:
    """Holds of the plan that do not stand as they did: what they kept was never approved."""
    return [one.id for one in planned if now.get(one.id) != one.print]


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """What the book says was done of one set. `doubt`: the last batch, perhaps not committed."""

    done: Tally = Tally()
    below: dict[str, int] = field(default_factory=dict)
    doubt: Tally | None = None
    doubt_below: dict[str, int] = field(default_factory=dict)
    batches: int = 0
    finished: dict[str, Any] | None = None
    begun: bool = False


def progress(records: Iterable[Checkpoint], digest: str, set_: str) -> Progress:
    """Worked out from the records of one plan's set."""
    done, below = Tally(), dict[str, int]()
    last: Checkpoint | None = None
    batches, finished, begun = 0, None, False

    def settle(one: Checkpoint | None) -> None:
        nonlocal done
        if one is not None:
            done = done.plus(_tally(one.body))
            for table, count in one.body.get("below", {}).items():
                below[table] = below.get(table, 0) + int(count)

    for one in records:
        if one.body.get("plan") != digest or one.body.get("set") != set_:
            continue
        if one.kind == BEGUN:
            begun = True
        elif one.kind == BATCH:
            settle(last)
            last, batches = one, int(one.body["batch"])
        elif one.kind == UNDONE:
            last = None
        elif one.kind == FINISHED:
            settle(last)
            last, finished = None, one.body
    return Progress(
        done=done,
        below=below,
        doubt=_tally(last.body) if last else None,
        doubt_below=dict(last.body.get("below", {})) if last else {},
        batches=batches,
        finished=finished,
        begun=begun,
    )


def _tally(body: Mapping[str, Any]) -> Tally:
    return Tally(count=int(body["count"]), sum=str(body["sum"]))


class Fate(StrEnum):
    """How a doubtful batch ended, or that the data is another."""

    COMMITTED = "committed"
    UNDONE = "undone"
    CHANGED = "changed"


def fate(planned: Tally, found: Tally, done: Progress) -> Fate:
    """Where the sums lead: what is there now, with what was done, is what was planned."""
    missing = planned.less(found).less(done.done)
    if missing == Tally():
        return Fate.UNDONE
    return Fate.COMMITTED if missing == done.doubt else Fate.CHANGED


class State(StrEnum):
    """What a look at one place came to. There is no `passed`."""

    GONE = "gone"
    REMAINS = "remains"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """One place where what was destroyed could still be."""

    level: str  # query, relation, log, replica, backup, file, key
    where: str
    state: State
    until: str = ""  # a day, with `remains`; empty: no day is known
    note: str = ""
    facts: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        until = f" {self.until or '日期不明 no day known'}" if self.state is State.REMAINS else ""
        return f"{self.level} {self.where}: {self.state.value}{until} {self.note}".rstrip()


def day_after(start: float, days: float) -> str:
    """The day so many days after a time."""
    return (dt.datetime.fromtimestamp(start, dt.UTC) + dt.timedelta(days=days)).date().isoformat()
