"""`qinglang data access list|verify|move-key`: the record of accesses and the book it stands in.

A door: the book, files, the terminal.
"""

from __future__ import annotations

import argparse
import datetime as dt
from pathlib import Path
from typing import Any

from audit.lifecycle.access import accesses
from audit.lifecycle.acting import add_book, book_of
from audit.lifecycle.book import move_key
from audit.lifecycle.log_check import add_check
from audit.lifecycle.log_commands import add_accept, add_import
from audit.lifecycle.people import unproved
from audit.lifecycle.share_cli import say
from gateway.ledger import anchor_line, read_anchors
from rules.load import read_text


def register(commands: Any) -> None:
    """Add `access` below `data`."""
    room = commands.add_parser("access", help="数据使用记录 / the record of accesses")
    subs = room.add_subparsers(dest="access_command", required=True, metavar="COMMAND")
    one = subs.add_parser("list", help="列出 / list")
    one.add_argument("--who", default="")
    _common(one).set_defaults(run=run_list)
    one = subs.add_parser("verify", help="验证簿册 / verify the book")
    one.add_argument("--anchors", type=Path, metavar="FILE")
    one.add_argument("--public", type=Path, metavar="PEM", help="信任的公钥 the key trusted")
    _common(one).set_defaults(run=run_verify)
    add_import(subs)
    add_check(subs)
    add_accept(subs)
    one = subs.add_parser("move-key", help="旧簿册的密钥移出 / an old book's key, moved out of it")
    one.add_argument("--to", type=Path, required=True, metavar="DIR")
    _common(one).set_defaults(run=run_move_key)


def _common(one: argparse.ArgumentParser) -> argparse.ArgumentParser:
    add_book(one)
    one.add_argument("--json", action="store_true")
    return one


def run_list(options: argparse.Namespace) -> int:
    """The accesses on record."""
    for one in accesses(book_of(options).records(), options.who):
        say(options, one if options.json else _readable(one))
    return 0


def _readable(one: dict[str, Any]) -> dict[str, Any]:
    """One access as a person reads it: the time of this place, and what says something."""
    at = dt.datetime.fromtimestamp(one["time"]).astimezone()
    row = {**one, "time": at.isoformat(sep=" ", timespec="seconds")}
    return {name: value for name, value in row.items() if value not in ("", [], {}, None)}


def run_verify(options: argparse.Namespace) -> int:
    """0: the book is whole. Prints the anchor to keep elsewhere."""
    from gateway.evidence import public_key

    anchors = read_anchors(read_text(options.anchors)) if options.anchors else ()
    book = book_of(options)
    chain = book.check(anchors, public_key(options.public) if options.public else None)
    for fault in chain.faults:
        say(options, {"seq": fault.seq, "fault": fault.fault.value, "detail": fault.detail})
    claimed = list(unproved(chain.checkpoints))
    for seq, detail in claimed:
        say(options, {"seq": seq, "fault": "proof", "detail": detail})
    if chain.faults or claimed:
        return 1
    _advise(options)
    print(anchor_line(chain.checkpoints[-1]) if chain.checkpoints else "{}")  # noqa: T201
    return 0


def _advise(options: argparse.Namespace) -> None:
    """What weakens the answer, on standard error."""
    import sys

    book = book_of(options)
    if not book.path.exists():
        return
    if not book.apart():
        print(  # noqa: T201
            "密钥在簿册内 the key lies in the book: qinglang data access move-key --to DIR",
            file=sys.stderr,
        )
    if not book.trusted() and options.public is None:
        print(  # noqa: T201
            "未见密钥，所信的簿册内的公钥 the key kept in the book is believed: --public PEM",
            file=sys.stderr,
        )


def run_move_key(options: argparse.Namespace) -> int:
    """The key of a book that was made before keys had a place of their own."""
    move_key(book_of(options), options.to)
    say(options, {"moved": str(options.to)})
    return 0
