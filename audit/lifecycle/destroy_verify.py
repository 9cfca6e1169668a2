"""A destruction certificate checked again: signature, book, and every level looked at anew.

What a later look cannot know (the bytes of rows that are gone) it does not claim. A door:
read-only sessions, the book.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Engine

from audit.lifecycle import traces
from audit.lifecycle.book import Book
from audit.lifecycle.certificate import DESTROYED, verify
from audit.lifecycle.destroy import look_of, seen
from audit.lifecycle.destroying import (
    CERTIFIED,
    Below,
    Elsewhere,
    RowSet,
    State,
    Tally,
    Trace,
    progress,
)
from audit.lifecycle.rules import Form, Then


def verified(
    text: str,
    *,
    trusted: Ed25519PublicKey | None,
    book: Path | None,
    databases: Mapping[str, tuple[Engine, str]],
) -> tuple[dict[str, Any], list[str], dict[str, list[dict[str, Any]]]]:
    """(the body, what is wrong, what was seen now by set)."""
    body, wrong = verify(text, trusted, DESTROYED)
    if wrong:
        return body, [wrong], {}
    found = [] if book is None else _booked(Book(folder=book), json.loads(text), body)
    looked: dict[str, list[dict[str, Any]]] = {}
    for one in body.get("sets", ()):
        if one.get("source") not in databases or "table" not in one:
            continue
        engine, name = databases[one["source"]]
        if name != one.get("database"):
            found.append(f"{one['id']}: 数据库不是证书所指 another database than it names: {name}")
            continue
        again = _again(engine, one, body)
        looked[one["id"]] = [asdict(trace) for trace in again]
        found += [f"{one['id']}: {trace}" for trace in again
                  if trace.level == "query" and trace.state is not State.GONE]  # fmt: skip
    return body, found, looked


def _booked(book: Book, whole: dict[str, Any], body: dict[str, Any]) -> list[str]:
    """The book is whole, has this certificate, and its records add up to what it says."""
    chain = book.check()
    if chain.faults:
        first = chain.faults[0]
        return [f"簿册不完整 the book does not verify: {first.fault.value} at {first.seq}"]
    papers = [one.body.get("certificate") for one in chain.checkpoints if one.kind == CERTIFIED]
    if whole not in papers:
        return ["簿册中没有这份证书 the book has no such certificate"]
    wrong = []
    for one in body.get("sets", ()):
        done = progress(chain.checkpoints, str(body.get("plan")), one["id"]).done
        if done.count != one["done"] or one.get("digest", done.sum) != done.sum:
            wrong.append(f"{one['id']}: 与簿册逐批记录不符 the book's batches say another count")
    return wrong


def _again(engine: Engine, one: dict[str, Any], body: dict[str, Any]) -> tuple[Trace, ...]:
    known = tuple(Elsewhere(**each) for each in one.get("elsewhere", ()))
    set_ = RowSet(
        id=one["id"], title=one.get("title", ""), source=one["source"], database=one["database"],
        table=one["table"], column=one["column"], form=Form(one["form"]), before=one["before"],
        then=Then(one.get("then", Then.DESTROY)), rule=(), due=Tally(), held=Tally(),
        undated=0, elsewhere=known,
        blank=tuple(one.get("blank", ())), joins=tuple(one.get("joins", ())),
        below=tuple(Below(table=name, links=(), rows=0, declared=False) for name in one["below"]),
    )  # fmt: skip
    look = look_of(engine, set_, None, one.get("marks", {}))
    ended = dt.datetime.fromisoformat(body["ended"]).date()
    return (
        traces.by_query(engine, set_, int(one["kept"])),
        *seen(look),
        *traces.backups(known, ended),
    )
