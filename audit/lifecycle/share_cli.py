"""`qinglang data share …` and `qinglang data access …`: the book's doors at the command line.

Who acts is the name given by `--by`; the account of the operating system stands beside it in
each signed record. A door: the book, the clock, the terminal.
"""

from __future__ import annotations

import argparse
import datetime as dt
import getpass
import json
import time
from pathlib import Path
from typing import Any

from audit.lifecycle.access import accesses
from audit.lifecycle.book import Book
from audit.lifecycle.sharing import Share, SharingError, Standing, may_ask, may_step, shares
from gateway.ledger import anchor_line, read_anchors
from rules.load import DataError, Problem, read_text

BOOK = Path("var/data-book")
_KINDS = {"approve": Standing.APPROVED, "reject": Standing.REJECTED, "revoke": Standing.REVOKED}


def register(commands: Any) -> None:
    """Add `share` and `access` below `data`."""
    room = commands.add_parser("share", help="数据共享审批 / requests to share data")
    subs = room.add_subparsers(dest="share_command", required=True, metavar="COMMAND")
    ask = subs.add_parser("request", help="申请 / ask")
    for name in ("--dataset", "--recipient", "--purpose", "--fields", "--until"):
        ask.add_argument(name, required=True)
    ask.add_argument("--masked", required=True, help="脱敏方式, 或 none / how masked, or none")
    _common(ask).set_defaults(run=run_request)
    for step in _KINDS:
        one = subs.add_parser(step)
        one.add_argument("share", metavar="ID")
        one.add_argument("--reason", default="", required=step != "approve")
        _common(one).set_defaults(run=run_step, step=step)
    listed = subs.add_parser("list", help="列出 / list")
    listed.add_argument("--at", type=day, default=None)
    _common(listed).set_defaults(run=run_list)
    access = commands.add_parser("access", help="数据使用记录 / the record of accesses")
    subs = access.add_subparsers(dest="access_command", required=True, metavar="COMMAND")
    one = subs.add_parser("list", help="列出 / list")
    one.add_argument("--who", default="")
    _common(one).set_defaults(run=run_accesses)
    one = subs.add_parser("verify", help="验证簿册 / verify the book")
    one.add_argument("--anchors", type=Path, metavar="FILE")
    _common(one).set_defaults(run=run_verify)


def _common(one: argparse.ArgumentParser) -> argparse.ArgumentParser:
    add_book(one)
    one.add_argument("--json", action="store_true")
    return one


def add_book(one: argparse.ArgumentParser) -> None:
    """`--book` and `--by`."""
    one.add_argument("--book", type=Path, default=BOOK, metavar="DIR")
    one.add_argument("--by", default=getpass.getuser(), metavar="NAME", help="操作人 / who acts")


def day(text: str) -> dt.date:
    """A day of the command line."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise wrong("--at/--until", f"不是日期 not a day: {text}", "2026-09-01") from None


def today() -> dt.date:
    """The day here and now."""
    return dt.datetime.now().astimezone().date()


def wrong(where: str, message: str, remedy: str = "") -> DataError:
    """One problem of the command line."""
    return DataError([Problem(file=where, line=1, column=1, message=message, remedy=remedy)])


def run_request(options: argparse.Namespace) -> int:
    """Ask: prints the id."""
    fields = tuple(one.strip() for one in options.fields.split(",") if one.strip())
    until = day(options.until)
    try:
        may_ask(fields, until, today())
    except SharingError as error:
        raise wrong("share request", str(error)) from None
    body = {
        name: getattr(options, name) for name in ("by", "recipient", "dataset", "purpose", "masked")
    }
    body |= {"fields": list(fields), "until": until.isoformat()}
    made = Book(folder=options.book).write("share-requested", body, time.time())
    _say(options, {"id": f"S{made.seq}", "standing": "pending"})
    return 0


def run_step(options: argparse.Namespace) -> int:
    """Approve, reject or revoke. 1: this person may not."""
    book = Book(folder=options.book)
    found = shares(book.records()).get(options.share)
    if found is None:
        raise wrong(options.share, "没有这个申请 no such request", "qinglang data share list")
    step = _KINDS[options.step]
    try:
        may_step(found, step, options.by, today())
    except SharingError as error:
        _say(options, {"id": found.id, "refused": str(error)})
        return 1
    body = {"share": found.id, "by": options.by, "reason": options.reason}
    book.write(f"share-{step.value}", body, time.time())
    _say(options, {"id": found.id, "standing": step.value})
    return 0


def run_list(options: argparse.Namespace) -> int:
    """Every share with its standing."""
    at = options.at or today()
    for share in shares(Book(folder=options.book).records()).values():
        _say(options, described(share, at))
    return 0


def described(share: Share, at: dt.date) -> dict[str, Any]:
    """One share as JSON."""
    return {
        "id": share.id,
        "standing": share.standing(at).value,
        "dataset": share.dataset,
        "recipient": share.recipient,
        "purpose": share.purpose,
        "fields": list(share.fields),
        "masked": share.masked,
        "until": share.until.isoformat(),
        "by": share.by,
        "decided_by": share.decided_by,
        "keep_until": share.keep_until().isoformat(),
    }


def run_accesses(options: argparse.Namespace) -> int:
    """The accesses on record."""
    for one in accesses(Book(folder=options.book).records(), options.who):
        _say(options, one)
    return 0


def run_verify(options: argparse.Namespace) -> int:
    """0: the book is whole. Prints the anchor to keep elsewhere."""
    anchors = read_anchors(read_text(options.anchors)) if options.anchors else ()
    chain = Book(folder=options.book).check(anchors)
    for fault in chain.faults:
        _say(options, {"seq": fault.seq, "fault": fault.fault.value, "detail": fault.detail})
    if chain.faults:
        return 1
    print(anchor_line(chain.checkpoints[-1]) if chain.checkpoints else "{}")  # noqa: T201
    return 0


def _say(options: argparse.Namespace, row: dict[str, Any]) -> None:
    if options.json:
        print(json.dumps(row, ensure_ascii=False))  # noqa: T201
    else:
        print(" · ".join(f"{key} {value}" for key, value in row.items()))  # noqa: T201
