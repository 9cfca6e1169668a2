"""`qinglang data access import|entries|accept`: audit logs into the store, listed, answered for.

Importing reads statements of other people, so it stands on record like any use of data. A door.
"""
# ruff: noqa: T201 - this is a command-line door

from __future__ import annotations

import argparse
import datetime as dt
import sys
import time
import zoneinfo
from pathlib import Path
from typing import Any

from audit.lifecycle.acting import acting, add_book, wrong
from audit.lifecycle.gaps import KIND, GapError, body_of
from audit.lifecycle.logs.importing import FORMATS, How, Imported, import_file
from audit.lifecycle.logs.model import Entry
from audit.lifecycle.logs.postgresql import PREFIX, pattern_of
from audit.lifecycle.logs.store import NAME, Kept, Store
from audit.lifecycle.recording import add_record, recording
from audit.lifecycle.share_cli import say

STORE = Path("var/data-access")
ZONE = "Asia/Shanghai"


def add_import(subs: Any) -> None:
    """`import` below `access`."""
    one = subs.add_parser("import", help="导入数据库审计日志 / read database audit logs")
    one.add_argument("format", choices=sorted(FORMATS), metavar="|".join(sorted(FORMATS)))
    one.add_argument("files", nargs="+", type=Path, metavar="FILE")
    one.add_argument("--source", default="", metavar="NAME", help="哪个数据库 which database")
    one.add_argument("--prefix", default=PREFIX, help="log_line_prefix (pg-text)")
    add_store(one)
    add_record(one)
    one.add_argument("--json", action="store_true")
    one.set_defaults(run=run_import)
    one = subs.add_parser("entries", help="列出导入的操作 / list what was imported")
    one.add_argument("--account", default="")
    one.add_argument("--table", default="")
    one.add_argument("--limit", type=int, default=1000)
    add_store(one)
    one.add_argument("--json", action="store_true")
    one.set_defaults(run=run_entries)


def add_accept(subs: Any) -> None:
    """`accept` below `access`: a gap that somebody answers for."""
    one = subs.add_parser("accept", help="说明日志缺口 / answer for a gap of a log")
    one.add_argument("place", metavar="FILE:LINE", help="`access check` 所示 as `check` shows it")
    one.add_argument("--source", required=True, metavar="NAME")
    one.add_argument("--kind", required=True, choices=("idle", "missing", "unreadable", "changed"))
    one.add_argument("--reason", required=True, metavar="TEXT")
    add_store(one)
    add_book(one)
    one.add_argument("--json", action="store_true")
    one.set_defaults(run=run_accept)


def run_accept(options: argparse.Namespace) -> int:
    """0: on record. 1: this person may not, or this gap may not be accepted."""
    if not (options.store / NAME).is_file():
        raise wrong(str(options.store), "没有导入 nothing was imported", "data access import")
    with Store(options.store) as store:
        gaps = [
            one
            for one in store.gaps()
            if (one.source, f"{one.file}:{one.line}", one.kind)
            == (options.source, options.place, options.kind)
        ]
    if not gaps:
        raise wrong(options.place, "没有这个缺口 no such gap", "qinglang data access check")
    with acting(options) as act:
        try:
            bodies = [body_of(gap, act.actor, options.reason) for gap in gaps]
        except GapError as error:
            say(options, {"refused": str(error)})
            return 1
        for body in bodies:
            act.write(KIND, body)
    say(options, {"accepted": options.kind, "source": options.source, "place": options.place})
    return 0


def add_store(one: argparse.ArgumentParser) -> None:
    """`--store` and `--timezone`."""
    one.add_argument("--store", type=Path, default=STORE, metavar="DIR")
    one.add_argument("--timezone", default=ZONE, metavar="ZONE", help=f"日志的时区 ({ZONE})")


def zone_of(name: str) -> dt.tzinfo:
    """A time zone by name. Raises DataError."""
    try:
        return zoneinfo.ZoneInfo(name)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        raise wrong("--timezone", f"没有这个时区 no such zone: {name}", ZONE) from None


def run_import(options: argparse.Namespace) -> int:
    """0: all was read; 1: lines were bad, or a log was changed."""
    how = How(zone=zone_of(options.timezone), now=time.time(), prefix=options.prefix)
    try:
        pattern_of(options.prefix)
    except ValueError as error:
        raise wrong("--prefix", f"不能识别 not understood: {error}", PREFIX) from None
    absent = [str(path) for path in options.files if not path.is_file()]
    if absent:
        raise wrong(absent[0], "没有这个文件 there is no such file")
    source = options.source or options.format
    status = 0
    names = [str(path) for path in options.files]
    with (
        recording(options, "access import", names) as use,
        Store(options.store) as store,
        store.alone(),
    ):
        for path in options.files:
            found = import_file(store, path, source, options.format, how)
            status = max(status, int(not found.whole))
            _tell(found, options)
            for name in ("seen", "kept", "bad", "missing"):
                use.counts[name] = use.counts.get(name, 0) + getattr(found, name)
    return status


def _tell(found: Imported, options: argparse.Namespace) -> None:
    row: dict[str, Any] = {
        name: getattr(found, name)
        for name in ("file", "seen", "kept", "bad", "missing", "resumed", "left", "changed")
    }
    row |= {"first": local(found.first, options), "last": local(found.last, options)}
    say(options, row)
    for bad in found.named:
        print(f"{found.file}:{bad.line}: {bad.what} ({bad.lines})", file=sys.stderr)


def local(at: float | None, options: argparse.Namespace) -> str:
    """A time in the zone of the options."""
    if at is None:
        return ""
    return dt.datetime.fromtimestamp(at, zone_of(options.timezone)).isoformat(sep=" ")[:19]


def run_entries(options: argparse.Namespace) -> int:
    """What accounts did, without a literal."""
    left = options.limit
    with Store(options.store) as store:
        for kept in store.entries():
            one = kept.entry
            if options.account and one.account != options.account:
                continue
            if options.table and not any(name_matches(t, options.table) for t in one.did.tables):
                continue
            if left <= 0:
                print(f"仅列出前 only the first {options.limit}: --limit", file=sys.stderr)
                break
            left -= 1
            say(options, described(kept, one, options))
    return 0


def name_matches(table: str, wanted: str) -> bool:
    """`students` is meant by `public.students` too."""
    return table == wanted or table.endswith(f".{wanted}")


def described(kept: Kept, one: Entry, options: argparse.Namespace) -> dict[str, Any]:
    """One entry as a row, without what says nothing."""
    row: dict[str, Any] = {
        "at": local(one.at, options),
        "source": kept.source,
        "place": kept.place,
        "account": one.account,
        "host": one.host,
        "program": one.program,
        "verb": one.did.verb.value,
        "command": one.did.command,
        "tables": list(one.did.tables),
        "columns": list(one.did.columns),
        "rows": one.rows,
    }
    for name in ("export", "auditing", "cut"):
        row[name] = getattr(one.did, name)
    row["unfiltered"] = one.did.filtered is False
    row["refused"] = one.ok is False
    return {name: value for name, value in row.items() if value not in ("", [], None, False)}
