"""`qinglang data retain RULES`: what is due by the rules, as a plan. Always a dry run.

Exit codes: 0 every set was read · 1 a set is blocked, its reason beside it · 2 bad rules or
arguments · 3 the world failed. A door: databases read-only, folders, the plan's file.
"""
# ruff: noqa: T201 - this is a command-line door

from __future__ import annotations

import argparse
import datetime as dt
import hmac
import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audit.lifecycle.acting import add_book, book_of, wrong
from audit.lifecycle.recording import recording
from audit.lifecycle.share_cli import day

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from sqlalchemy import Engine

    from audit.lifecycle.destroying import FileSet, KeySet, Plan, RowSet
    from audit.lifecycle.retain import Read


def register(commands: Any) -> None:
    """Add `retain` below `data`."""
    one = commands.add_parser("retain", help="到期清单 (只读) / what is due; reads only")
    one.add_argument("rules", type=Path, metavar="RULES")
    sources(one)
    one.add_argument("--at", type=day, default=None, help="缺省今天 today by default")
    one.add_argument("--out", type=Path, required=True, metavar="PLAN.json")
    add_book(one)
    one.add_argument("--why", default="", metavar="TEXT", help="用途 why")
    one.add_argument("--json", action="store_true")
    one.set_defaults(run=run_retain)


def sources(one: argparse.ArgumentParser) -> None:
    """`--db`, `--folder`, `--erase-key`."""
    one.add_argument("--db", action="append", default=[], metavar="NAME=URL")
    one.add_argument("--folder", action="append", default=[], metavar="NAME=DIR")
    one.add_argument("--erase-key", action="append", default=[], nargs=4,
                     metavar=("DATASET", "KIND", "KEYFILE", "STORE"),
                     help="密钥销毁 crypto-erasure: vault:PURPOSE, audit-store")  # fmt: skip


def pairs(given: Sequence[str], option: str) -> dict[str, str]:
    """`NAME=VALUE` arguments. Raises DataError."""
    found: dict[str, str] = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or not name or name in found:
            raise wrong(option, "要写成 NAME=… each name once", f"{option} district=…")
        found[name] = value
    return found


@contextmanager
def databases(given: Sequence[str], *, write: bool) -> Iterator[dict[str, tuple[Engine, str]]]:
    """The databases of the command line, opened."""
    from audit.lifecycle.due_engine import open_engine

    found = {name: open_engine(url, write=write) for name, url in pairs(given, "--db").items()}
    try:
        yield found
    finally:
        for engine, _ in found.values():
            engine.dispose()


def secret_of(key: Ed25519PrivateKey) -> tuple[bytes, str]:
    """(what keys of rows are digested with, the id of the book's key)."""
    from gateway.ledger import key_id

    return hmac.digest(key.private_bytes_raw(), b"qinglang destroy", "sha256"), key_id(
        key.public_key()
    )


def key_name(dataset: str, store: str) -> str:
    """The id of a set that is a key."""
    return f"{dataset}/key:{Path(store).name}"


def run_retain(options: argparse.Namespace) -> int:
    """Read, write the plan, tell it."""
    from audit.lifecycle.destroying import digest_of, plan_text
    from audit.lifecycle.retain import Given, plan, read_rules

    rules = read_rules(options.rules)
    secret, book_key = secret_of(book_of(options).key())
    now = dt.datetime.now().astimezone()
    folders = {name: Path(one) for name, one in pairs(options.folder, "--folder").items()}
    with (
        recording(
            options,
            "retain",
            [*pairs(options.db, "--db").values(), *map(str, folders.values())],
            why=options.why or "到期清单 retention",
        ) as use,
        databases(options.db, write=False) as found,
    ):
        made = plan(
            rules, Given(databases=found, folders=folders), at=options.at or now.date(), now=now,
            secret=secret, book_key=book_key, tell=_teller(),
        )  # fmt: skip
        use.subjects = sum(one.due.count for one in made.rows)
        use.fields = tuple(f"{one.table}.{one.column}" for one in made.rows)
    made = _with_keys(made, rules, options.erase_key, secret, now.date())
    options.out.write_text(plan_text(made), encoding="utf-8")
    if options.json:
        print(json.dumps({"digest": digest_of(made), "plan": asdict(made)}, ensure_ascii=False))
    else:
        for one in made.sets:
            for line in lines(one):
                print(line)
        print(f"摘要 digest {digest_of(made)}")
        print(f"批准人 approvers: {'、'.join(made.approvers) or '—'}")
    return 1 if any(one.blocked for one in made.sets) else 0


def _teller() -> Any:
    shown = sys.stderr.isatty()
    return lambda name: print(f"… {name}", file=sys.stderr) if shown else None


def _with_keys(
    made: Plan, rules: Read, given: Sequence[Sequence[str]], secret: bytes, at: dt.date
) -> Plan:
    """The plan with the stores whose keys are to be destroyed."""
    from audit.lifecycle.destroy_files import key_set
    from audit.lifecycle.retain import held_files, standing

    approvers = set(made.approvers)
    found: list[KeySet] = []
    for dataset, kind, key, store in given:
        known = rules.book.dataset(dataset)
        if known is None:
            raise wrong("--erase-key", f"规则中没有此数据集 no such dataset: {dataset}")
        one = key_set(key_name(dataset, store), dataset, kind, Path(key), Path(store), secret)
        holds = held_files(standing(known, at), secret)
        if holds:
            why = f"数据集有查封 the dataset is under hold: {holds[0].id}"
            one = replace(one, holds=holds, blocked=(*one.blocked, why))
        named = set(known.destruction.approvers)
        approvers = approvers & named if approvers else named
        found.append(one)
    return replace(made, keys=tuple(found), approvers=tuple(sorted(approvers)))


def lines(one: RowSet | FileSet | KeySet) -> Iterator[str]:
    """A set as the terminal shows it."""
    from audit.lifecycle.destroying import KeySet, RowSet

    if isinstance(one, KeySet):
        yield f"{one.id}: 密钥 key of {one.things} 个密文 sealed values"
    else:
        what = f"{one.table}.{one.column}" if isinstance(one, RowSet) else ", ".join(one.globs)
        unit = "行 rows" if isinstance(one, RowSet) else "个文件 files"
        span = f" ({one.oldest} … {one.newest})" if one.oldest else ""
        yield f"{one.id}: {what} < {one.before or '—'}: {one.due.count:,} {unit}{span}"
    if isinstance(one, RowSet):
        for below in one.below:
            tail = "" if below.declared else " (未声明外键 no foreign key)"
            yield f"  ↳ {below.table}: {below.rows:,}{tail}"
        if one.undated:
            yield f"  无日期，保留 no day, kept: {one.undated:,}"
    for hold in one.holds:
        count = "—" if hold.count is None else f"{hold.count:,}"
        yield f"  查封 hold {hold.id} ({hold.document}): {count}"
    if not isinstance(one, KeySet):
        for other in one.elsewhere:
            yield f"  {other.what} {other.name}: {other.place} {other.kept}".rstrip()
    for note in one.notes:
        yield f"  · {note}"
    for why in one.blocked:
        yield f"  ✗ {why}"
