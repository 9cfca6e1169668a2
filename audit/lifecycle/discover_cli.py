"""`qinglang data discover URL|FILE…`: where personal data lies, as an inventory without values.

A door: arguments, environment (passwords), files. Progress goes to standard error and only on a
terminal. Exit code 1 says that something could not be read: unknown is not clean.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import os
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

from audit.lifecycle import inventory
from audit.lifecycle.databases import Database, identity, parse
from audit.lifecycle.discover import SAMPLE, SEED, Source, discover
from audit.lifecycle.files import Files
from audit.lifecycle.inventory_report import html, xlsx
from audit.lifecycle.knowledge import digest, load_judge
from audit.lifecycle.model import Inventory, Table
from audit.lifecycle.recording import add_record, recording
from rules.load import DataError, Problem

LATEST = "inventory.json"


def register(commands: Any) -> None:
    """Add `discover` below `data`."""
    one = commands.add_parser("discover", help="发现个人信息 / find out where personal data lies")
    one.add_argument(
        "sources",
        nargs="+",
        metavar="URL|FILE|DIR",
        help="postgresql://user@host/db?password-env=NAME&replica=HOST · 文件 files",
    )
    one.add_argument("--schema", action="append", default=[], metavar="NAME")
    one.add_argument("--seed", type=int, default=SEED)
    one.add_argument("--sample", type=int, default=SAMPLE, metavar="ROWS")
    one.add_argument("--roster", type=Path, metavar="FILE", help="姓名名册 / names to match")
    one.add_argument(
        "--store",
        type=Path,
        metavar="DIR",
        help="增量扫描 / keeps inventories; unchanged tables are not read again",
    )
    one.add_argument("--statement-timeout", type=int, default=60, metavar="SECONDS")
    one.add_argument("--lock-timeout", type=int, default=5, metavar="SECONDS")
    one.add_argument("--output", type=Path, metavar="F.html|F.xlsx")
    one.add_argument("--json", action="store_true")
    add_record(one)
    one.set_defaults(run=run_discover)


def run_discover(options: argparse.Namespace) -> int:
    """0: everything was read; 1: something was not."""
    if not 1 <= options.sample <= 100_000:
        raise _wrong("--sample", "1 to 100000")
    if options.output is not None and options.output.suffix not in (".html", ".xlsx"):
        raise _wrong("--output", "F.html or F.xlsx")
    before = _before(options.store)
    now = time.time()
    today = datetime.datetime.fromtimestamp(now, datetime.UTC).date().isoformat()
    used = [*options.sources, *([str(options.roster)] if options.roster else [])]
    with recording(options, "discover", used) as use, contextlib.ExitStack() as stack:
        sources = [_source(one, options, stack) for one in options.sources]
        made = discover(
            sources,
            load_judge(options.roster),
            now=now,
            today=today,
            seed=options.seed,
            size=options.sample,
            knowledge=digest(),
            before=before,
            seen=_progress,
        )
        use.counts["tables"] = len(made.tables)
        use.fields = tuple(
            f"{table.name}.{one.at.column}"
            for table in made.tables
            for one in table.columns
            if one.kind is not None
        )
    document = inventory.dumps(made)
    if options.store is not None:
        _keep(options.store, document, now)
    if options.output is not None:
        _write(
            options.output, html(made).encode() if options.output.suffix == ".html" else xlsx(made)
        )
    if options.json:
        sys.stdout.write(document)
    else:
        _summary(made)
    return 1 if any(table.problem is not None for table in made.tables) else 0


def _source(name: str, options: argparse.Namespace, stack: contextlib.ExitStack) -> Source:
    if "://" not in name:
        return Files(Path(name), size=options.sample, seed=options.seed)
    url, replicas = parse(name)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        raise DataError(
            [Problem(file=identity(url), line=1, column=1, message="没有这个文件 no such file")]
        )
    opened = stack.enter_context(
        Database(
            url,
            replicas,
            schemas=tuple(options.schema),
            statement=options.statement_timeout,
            lock=options.lock_timeout,
        )
    )
    for remark in opened.remarks:
        print(f"{opened.id}: {remark.zh} {remark.en}", file=sys.stderr)  # noqa: T201
    return opened


def _before(store: Path | None) -> Inventory | None:
    if store is None or not (store / LATEST).exists():
        return None
    return inventory.read((store / LATEST).read_text(encoding="utf-8"), str(store / LATEST))


def _keep(store: Path, document: str, now: float) -> None:
    """One file for each time, and the latest beside them; replaced in one step."""
    store.mkdir(parents=True, exist_ok=True, mode=0o700)
    stamp = datetime.datetime.fromtimestamp(now, datetime.UTC).strftime("%Y%m%dT%H%M%S")
    _write(store / f"inventory-{stamp}.json", document.encode())
    _write(store / LATEST, document.encode())


def _write(path: Path, data: bytes) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        part.write_bytes(data)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _progress(table: Table, again: bool) -> None:
    if sys.stderr.isatty():
        word = "未变 unchanged" if again else "已读 read"
        print(f"{word} {table.source} {table.schema}.{table.name}", file=sys.stderr)  # noqa: T201


def _summary(made: Inventory) -> None:
    for table in made.tables:
        rows = "?" if table.rows is None else table.rows
        print(f"{table.source} {table.schema}.{table.name}  行 rows {rows}")  # noqa: T201
        if table.problem is not None:
            print(f"  未知 unknown: {table.problem.zh} {table.problem.en}")  # noqa: T201
        for one in table.columns:
            if one.kind is None and not one.mixed and not one.conflict:
                continue
            what = one.kind.value if one.kind else "-"
            inside = f" 含 holds {','.join(one.mixed)}" if one.mixed else ""
            odd = " 冲突 conflict" if one.conflict else ""
            print(  # noqa: T201
                f"  {one.at.column:<24} {what:<24} 已验证 {one.verified:4.0%} 疑似 {one.suspected:4.0%}"  # noqa: E501
                f" ({one.by.value}){inside}{odd}"
            )
    counted = Counter(one.kind.value for table in made.tables for one in table.columns if one.kind)
    print(f"表 tables {len(made.tables)} · 个人信息列 personal columns {counted.total()}")  # noqa: T201


def _wrong(where: str, remedy: str) -> DataError:
    return DataError(
        [Problem(file=where, line=1, column=1, message="值不可用 not usable", remedy=remedy)]
    )
