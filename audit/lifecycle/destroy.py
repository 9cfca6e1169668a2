"""A plan carried out: approvals, holds and data looked at again, then set by set, then proved.

Nothing starts without two approvals of exactly this plan; a hold that was set since is kept to,
one that was lifted, or a rule that changed, means a new plan. What cannot be done is told in
the certificate, which is signed with the book's key and stands in the book. A door.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

from sqlalchemy import Engine

from audit.lifecycle import traces, traces_mysql, traces_postgresql, traces_sqlite
from audit.lifecycle.book import Book
from audit.lifecycle.certificate import DESTROYED, issue
from audit.lifecycle.databases import code
from audit.lifecycle.destroy_files import run_files, run_key
from audit.lifecycle.destroy_rows import Canaries, Done, Work, run_rows
from audit.lifecycle.destroying import (
    CERTIFIED,
    Approval,
    FileSet,
    HeldBack,
    KeySet,
    Plan,
    RefusedError,
    RowSet,
    State,
    Trace,
    agreed,
    digest_of,
    released,
)
from audit.lifecycle.due_engine import errors, one_at_a_time
from audit.lifecycle.due_files import due_files
from audit.lifecycle.due_rows import Scope
from audit.lifecycle.retain import (
    Read,
    all_holds,
    globs,
    prints,
    retentions,
    scope_of,
    standing,
)

FAMILY: Mapping[str, ModuleType] = {
    "postgresql": traces_postgresql,
    "mysql": traces_mysql,
    "mariadb": traces_mysql,
    "sqlite": traces_sqlite,
}


@dataclass(slots=True, kw_only=True)
class Order:
    """What a run is given. `rules` reads the rules anew each time it is called."""

    plan: Plan
    rules: Callable[[], Read]
    databases: Mapping[str, tuple[Engine, str]]
    folders: Mapping[str, Path]
    keys: Mapping[str, tuple[Path, Path]]  # set → (key file, store)
    book: Book
    secret: bytes
    by: str
    now: Callable[[], float]
    rewrite: bool = False
    tell: Callable[[str, int, int], None] = field(default=lambda _set, _done, _all: None)
    size: int = 1000


def today(order: Order) -> dt.date:
    """The day here and now."""
    return dt.datetime.fromtimestamp(order.now(), dt.UTC).astimezone().date()


def holds_again(plan: Plan, rules: Read, at: dt.date, secret: bytes) -> tuple[list[str], list[str]]:
    """(holds lifted since the plan, holds set since), each by id."""
    gone: list[str] = []
    new: list[str] = []
    for one in plan.sets:
        now = prints(rules.book, one.id, at, secret)
        if isinstance(one, KeySet):
            now = key_prints(rules, one, at, secret)
        gone += [name for name in released(one.holds, now) if name not in gone]
        planned = {hold.id for hold in one.holds}
        new += [name for name in now if name not in planned and name not in new]
    return gone, new


def key_prints(rules: Read, one: KeySet, at: dt.date, secret: bytes) -> dict[str, str]:
    """The holds of the dataset that a key belongs to."""
    from audit.lifecycle.destroying import print_of

    dataset = rules.book.dataset(one.dataset)
    held = standing(dataset, at) if dataset else ()
    return {hold.id: print_of(secret, hold) for hold in held}


def run(order: Order) -> str:
    """Carry a plan out. Returns the certificate. Raises RefusedError, WorldError."""
    plan, digest = order.plan, digest_of(order.plan)
    approved = agreed(plan, order.book.records(), order.now())
    if dt.date.fromisoformat(plan.at) > today(order):
        raise RefusedError("计划的日期在将来 the plan is for a day to come")
    rules = order.rules()
    lifted, _ = holds_again(plan, rules, today(order), order.secret)
    if lifted:
        raise RefusedError(
            f"查封已变更，请重新计划 holds were changed or lifted, plan anew: {', '.join(lifted)}"
        )
    work = Work(
        plan=digest, approved=tuple(one.by for one in approved), secret=order.secret,
        book=order.book, now=order.now, scope=lambda one: _scope(order, one), tell=order.tell,
        size=order.size,
    )  # fmt: skip
    started = order.now()
    for one in plan.rows:
        if one.due.count and not one.blocked:
            _scope(order, one)  # the rule is as it was
            if one.source not in order.databases:
                raise RefusedError(f"未给出数据库 not given: --db {one.source}=URL")
    with ExitStack() as stack:
        for source in sorted({one.source for one in plan.rows if one.due.count}):
            stack.enter_context(one_at_a_time(*order.databases[source]))
        told = [_one(order, one, work) for one in plan.sets]
    body = {
        "plan": digest, "district": plan.district, "planned": plan.made, "at": plan.at,
        "rules": {"planned": plan.rules, "run": rules.digest}, "by": order.by,
        "approvals": [_approval(one) for one in approved],
        "started": _moment(started), "ended": _moment(order.now()), "sets": told,
    }  # fmt: skip
    paper = issue(body, order.book.key(), DESTROYED)
    order.book.write(CERTIFIED, {"plan": digest, "certificate": json.loads(paper)}, order.now())
    return paper


def _approval(one: Approval) -> dict[str, Any]:
    return {"by": one.by, "at": _moment(one.at), "record": one.record,
            "way": one.actor.way.value, "account": one.actor.account}  # fmt: skip


def _moment(at: float) -> str:
    return dt.datetime.fromtimestamp(at, dt.UTC).isoformat(timespec="seconds")


def _scope(order: Order, set_: RowSet) -> Scope:
    """What the rules say of a set now. Raises RefusedError where it is not what was approved."""
    rules = order.rules()
    at, day = dt.date.fromisoformat(order.plan.at), today(order)
    for name, dataset, retention in retentions(rules.book):
        if name != set_.id:
            continue
        scope = scope_of(rules.book, dataset, retention, at, day)
        tables = {one.column.table for one in retention.children}
        planned = {one.table.rpartition(".")[2] for one in set_.below}
        same = (
            scope is not None
            and retention.then is set_.then
            and (str(scope.table), scope.column, scope.form, scope.before.isoformat())
            == (set_.table, set_.column, set_.form, set_.before)
            and tables == planned
            and tuple(map(str, scope.blank)) == set_.blank
        )
        if scope is None or not same:
            break
        return scope
    raise RefusedError(f"{set_.id}: 规则已变，请重新计划 the rule has changed: plan anew")


def _one(order: Order, set_: RowSet | FileSet | KeySet, work: Work) -> dict[str, Any]:
    """One set of the certificate."""
    due = 1 if isinstance(set_, KeySet) else set_.due.count
    told: dict[str, Any] = {"id": set_.id, "notes": list(set_.notes)}
    told["holds"] = [_hold(one) for one in set_.holds]
    if set_.blocked or not due:
        return {**told, "done": 0, "blocked": list(set_.blocked)}
    match set_:
        case RowSet():
            done, found, facts = _rows(order, set_, work)
            told |= {"table": set_.table, "column": set_.column, "form": set_.form.value,
                     "before": set_.before, "source": set_.source, "database": set_.database,
                     "below": done.below, "how": _how(order, set_), "snapshot": set_.snapshot,
                     "marks": facts, "undated": set_.undated, "then": set_.then.value,
                     "blank": list(set_.blank), "joins": list(set_.joins)}  # fmt: skip
        case FileSet():
            done, found = _files(order, set_, work)
            told |= {"globs": list(set_.globs), "before": set_.before, "source": set_.source,
                     "how": "rename, overwrite once at random, unlink, fsync"}  # fmt: skip
        case KeySet():
            key, store = order.keys[set_.id]
            found = run_key(set_, key, store, work)
            return {**told, "done": 1, "kind": set_.kind, "store": set_.store,
                    "things": set_.things, "how": "crypto-erasure: the key file is destroyed",
                    "traces": [asdict(one) for one in found]}  # fmt: skip
    elsewhere = traces.backups(set_.elsewhere, today(order))
    later = [hold for hold in all_holds(order.rules().book, set_.id, today(order))
             if hold.id not in {one.id for one in set_.holds}]  # fmt: skip
    return {
        **told, "title": set_.title, "rule": list(set_.rule), "planned": set_.due.count,
        "done": done.done.count, "digest": done.done.sum, "kept": done.kept,
        "kept_since": [{"id": one.id, "document": one.document.number} for one in later],
        "resumed": done.resumed,
        "elsewhere": [asdict(one) for one in set_.elsewhere],
        "traces": [asdict(one) for one in (*found, *elsewhere)],
    }  # fmt: skip


def _hold(one: HeldBack) -> dict[str, Any]:
    return {"id": one.id, "document": one.document, "until": one.until, "count": one.count}


def _how(order: Order, set_: RowSet) -> str:
    rewriting = {"postgresql": "VACUUM (FULL)", "sqlite": "secure_delete, VACUUM"}
    plain = {"postgresql": "VACUUM", "sqlite": "secure_delete"}
    family = order.databases[set_.source][0].dialect.name
    table, other = (rewriting, "OPTIMIZE TABLE") if order.rewrite else (plain, "")
    verb = "UPDATE" if set_.blank else "DELETE"
    return ", ".join(one for one in (verb, table.get(family, other)) if one)


def look_of(
    engine: Engine, set_: RowSet, canaries: Canaries | None, marks: Mapping[str, str]
) -> traces.Look:
    """One set's tables, to be looked at."""
    names = [set_.table, *(one.table for one in set_.below)]
    places = [(schema or None, name) for schema, _, name in (one.rpartition(".") for one in names)]
    replicas = [one for one in set_.elsewhere if one.what == "replica"]
    return traces.Look(
        engine=engine, tables=places, canaries=canaries, marks=dict(marks), replicas=replicas
    )


def _rows(order: Order, set_: RowSet, work: Work) -> tuple[Done, tuple[Trace, ...], dict[str, str]]:
    engine, _ = order.databases[set_.source]
    family = FAMILY[engine.dialect.name]
    look = look_of(engine, set_, None, {})
    look.marks = family.marks(look)
    done = run_rows(engine, set_, work)
    look.canaries = done.canaries
    untidy: tuple[Trace, ...] = ()
    try:
        family.tidy(look, rewrite=order.rewrite)
    except errors() as error:
        untidy = (
            Trace(level="relation", where=set_.table, state=State.UNKNOWN,
                  note=f"未能整理表文件 the table's files could not be tidied ({code(error)})"),
        )  # fmt: skip
    end = family.marks(look)
    look.marks |= {"wal_end": end.get("wal", ""), "status": end.get("status", "")}
    look.marks["ended"] = str(int(order.now()))
    found = (traces.by_query(engine, set_, done.kept), *untidy, *seen(look))
    return done, found, {name: one for name, one in look.marks.items() if one}


def seen(look: traces.Look) -> tuple[Trace, ...]:
    """Every level below the query."""
    family = FAMILY[look.engine.dialect.name]
    try:
        found: tuple[Trace, ...] = family.relations(look)
    except errors() as error:
        found = (Trace(level="relation", where="—", state=State.UNKNOWN, note=code(error)),)
    logs: tuple[Trace, ...] = family.logs(look)
    following: tuple[Trace, ...] = family.replicas(look)
    return (*found, *logs, *traces.copies(look.engine, look), *following, traces.blocks())


def _files(order: Order, set_: FileSet, work: Work) -> tuple[Done, tuple[Trace, ...]]:
    folder = order.folders.get(set_.source)
    if folder is None:
        raise RefusedError(f"未给出文件夹 not given: --folder {set_.source}=DIR")
    rules = order.rules().book
    at = dt.date.fromisoformat(order.plan.at)
    same = any(
        retention.files == set_.globs
        and retention.then is set_.then
        and (period := rules.period(retention)) is not None
        and str(period.before(at)) == set_.before
        for name, _, retention in retentions(rules)
        if name == set_.id
    )
    if not same:
        raise RefusedError(f"{set_.id}: 规则已变，请重新计划 the rule has changed: plan anew")
    held = globs(all_holds(rules, set_.id, today(order)))
    before = dt.date.fromisoformat(set_.before)
    found = list(due_files(folder, set_.globs, held, before, order.secret))
    return run_files(folder, set_, found, work)
