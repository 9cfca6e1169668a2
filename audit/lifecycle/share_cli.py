"""`qinglang data share …`: requests to share data, decided by another person.

Who acts is proved (`audit.lifecycle.acting`): reading the state, deciding and appending happen
under one lock of the book. A door: the book, the clock, the terminal.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
from typing import Any

from audit.lifecycle.acting import acting, add_book, book_of, today, wrong
from audit.lifecycle.sharing import Share, SharingError, Standing, may_ask, may_step, shares

_KINDS = {"approve": Standing.APPROVED, "reject": Standing.REJECTED, "revoke": Standing.REVOKED}


def register(commands: Any) -> None:
    """Add `share` below `data`."""
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


def _common(one: argparse.ArgumentParser) -> argparse.ArgumentParser:
    add_book(one)
    one.add_argument("--json", action="store_true")
    return one


def day(text: str) -> dt.date:
    """A day of the command line."""
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise wrong("--at/--until", f"不是日期 not a day: {text}", "2026-09-01") from None


def run_request(options: argparse.Namespace) -> int:
    """Ask: prints the id."""
    fields = tuple(one.strip() for one in options.fields.split(",") if one.strip())
    until = day(options.until)
    try:
        may_ask(fields, until, today())
    except SharingError as error:
        raise wrong("share request", str(error)) from None
    body = {name: getattr(options, name) for name in ("recipient", "dataset", "purpose", "masked")}
    body |= {"fields": list(fields), "until": until.isoformat()}
    with acting(options) as act:
        made = act.write("share-requested", body)
    say(options, {"id": f"S{made.seq}", "standing": "pending"})
    return 0


def run_step(options: argparse.Namespace) -> int:
    """Approve, reject or revoke. 1: this person may not."""
    step = _KINDS[options.step]
    with acting(options) as act:
        found = shares(act.records).get(options.share)
        if found is None:
            raise wrong(options.share, "没有这个申请 no such request", "qinglang data share list")
        try:
            may_step(found, step, act.actor, today())
        except SharingError as error:
            say(options, {"id": found.id, "refused": str(error)})
            return 1
        act.write(f"share-{step.value}", {"share": found.id, "reason": options.reason})
    say(options, {"id": found.id, "standing": step.value})
    return 0


def run_list(options: argparse.Namespace) -> int:
    """Every share with its standing."""
    at = options.at or today()
    for share in shares(book_of(options).records()).values():
        say(options, described(share, at))
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
        "proved": share.asker.way.value,
        "decided_by": share.decided_by,
        "keep_until": share.keep_until().isoformat(),
    }


def say(options: argparse.Namespace, row: dict[str, Any]) -> None:
    """One row, as JSON or as text."""
    if options.json:
        print(json.dumps(row, ensure_ascii=False))  # noqa: T201
    else:
        print(" · ".join(f"{key} {value}" for key, value in row.items()))  # noqa: T201
