"""`qinglang rules learned list|show|confirm|reject|export|check`: arguments in, text out."""
# ruff: noqa: T201 - this is a command-line door

from __future__ import annotations

import argparse
import csv
import json
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from gateway.commands import Commands, command, node_of

if TYPE_CHECKING:
    from gateway.learned import Learned, Standing
    from gateway.node import Node
    from policies.learning import Evidence

SHANGHAI = timezone(timedelta(hours=8))
NAMES = {
    "candidate": "待确认 candidate",
    "blocked": "已封待确认 blocked",
    "confirmed": "已确认 confirmed",
    "rejected": "已驳回 rejected",
}
DAY = 86_400
COLUMNS = (
    *("host", "path", "category", "state", "harmful", "clean", "share", "days", "people"),
    *("first", "last", "words", "since", "until", "issuer", "reason"),
)


def register_learned(commands: Commands) -> None:
    """Add `learned` to the `rules` commands."""
    learned = commands.add_parser("learned", help="学到的网站 / hosts learned from their pages")
    inner = learned.add_subparsers(dest="learned_command", required=True, metavar="COMMAND")
    listed = command(inner, "list", _list, "列出 / list them")
    export = command(inner, "export", _export, "导出 / as CSV, JSON or a list of our format")
    for made in (listed, export):
        made.add_argument("--state", choices=tuple(NAMES), action="append", default=[])
        made.add_argument("--category", default="")
    export.add_argument("--format", choices=("csv", "json", "list"), default="csv")
    command(inner, "show", _show, "证据与经过 / evidence and history").add_argument("place")
    for name, run, text in (
        ("confirm", _confirm, "确认：列入名单 / put it in the list"),
        ("reject", _reject, "驳回：成为回归样例 / it becomes a regression example"),
    ):
        made = command(inner, name, run, text)
        made.add_argument("place", metavar="HOST[/PATH]")
        made.add_argument("--category", default="", help="只这一类 / this category only")
        made.add_argument("--issuer", required=True)
        made.add_argument("--reason", required=True)
        if name == "confirm":
            made.add_argument("--days", type=int, default=0, help="天数，0 为长期 / 0: for good")
    command(inner, "check", _check, "驳回与确认是否仍成立 / do the decisions hold?")


@contextmanager
def _open(node: Node) -> Iterator[Learned]:
    from gateway.learned import Learned
    from gateway.learner import learned_file

    learned = Learned(learned_file(node))
    try:
        yield learned
    finally:
        learned.close()


def _found(options: argparse.Namespace, learned: Learned) -> list[tuple[Standing, Evidence]]:
    return [
        (one, learned.evidence(one.host, one.path, one.category))
        for one in learned.standing(time.time())
        if (not options.state or one.state in options.state)
        and options.category in ("", one.category)
    ]


def row(one: Standing, found: Evidence) -> dict[str, Any]:
    """A candidate as it is told: stable keys, no person, no query."""
    return {
        "host": one.host,
        "path": one.path,
        "category": one.category,
        "state": one.state.value,
        "harmful": found.harmful,
        "clean": found.clean,
        "share": round(found.share, 3),
        "days": found.days,
        "people": found.crowd,
        "first": found.first,
        "last": found.last,
        "words": list(found.words),
        "shared": found.shared,
        "since": _when(one.at),
        "until": _when(one.until) if one.until else "",
        "issuer": one.issuer,
        "reason": one.reason,
    }


def _list(options: argparse.Namespace) -> int:
    with _open(node_of(options.data)) as learned:
        rows = [row(*each) for each in _found(options, learned)]
    if options.json:
        print(json.dumps(rows, ensure_ascii=False, indent=1))
        return 0
    for one in rows:
        print(
            f"{one['host']}{one['path']}  {one['category']}  {NAMES[one['state']]}  "
            f"有害 harmful {one['harmful']}/{one['harmful'] + one['clean']}  "
            f"天 days {one['days']}  人 people {one['people']}  {' '.join(one['words'][:3])}"
        )
    if not rows:
        print("还没有候选 / no candidates yet", file=sys.stderr)
    return 0


def _told(learned: Learned, host: str, path: str) -> list[dict[str, Any]]:
    """What is known of each category of a place, with its history."""
    history = learned.history(host, path)
    return [
        row(last, learned.evidence(host, path, category))
        | {
            "history": [
                {
                    "state": one.state.value,
                    "at": _when(one.at),
                    "issuer": one.issuer,
                    "reason": one.reason,
                }
                for one in history
                if one.category == category
            ]
        }
        for category, last in {one.category: one for one in history}.items()
    ]


def _show(options: argparse.Namespace) -> int:
    host, path = place_of(options.place)
    with _open(node_of(options.data)) as learned:
        told = _told(learned, host, path)
    if not told:
        return _nobody(options.place)
    if options.json:
        print(json.dumps(told, ensure_ascii=False, indent=1))
        return 0
    for one in told:
        passed = one.pop("history")
        for name, value in one.items():
            print(f"{name}: {' '.join(value) if isinstance(value, list) else value}")
        for step in passed:
            said = f"{step['issuer']} {step['reason']}"
            print(f"  {step['at']}  {NAMES[step['state']]}  {said}")
    return 0


def _confirm(options: argparse.Namespace) -> int:
    from gateway.learned import State

    if options.days < 0:
        print("qinglang: --days 不能为负 / cannot be negative", file=sys.stderr)
        return 2
    until = time.time() + options.days * DAY if options.days else 0.0
    return _decide(options, State.CONFIRMED.value, until)


def _reject(options: argparse.Namespace) -> int:
    from gateway.learned import State

    return _decide(options, State.REJECTED.value, 0.0)


def _decide(options: argparse.Namespace, state: str, until: float) -> int:
    from gateway.learned import State
    from gateway.learner import publish

    if not options.issuer.strip() or not options.reason.strip():
        print("qinglang: --issuer 与 --reason 不能为空 / who, and why?", file=sys.stderr)
        return 2
    node, now = node_of(options.data), time.time()
    host, path = place_of(options.place)
    with _open(node) as learned:
        known = {one.category: one for one in learned.history(host, path)}
        made = [
            replace(
                one,
                state=State(state),
                at=now,
                issuer=options.issuer.strip(),
                reason=options.reason.strip(),
                until=until,
            )
            for name, one in known.items()
            if options.category in ("", name)
        ]
        for one in made:
            learned.decide(one)
        changed = publish(node, learned.standing(now))
        told = [row(one, learned.evidence(host, path, one.category)) for one in made]
    if not made:
        return _nobody(options.place)
    if options.json:
        print(json.dumps(told, ensure_ascii=False, indent=1))
        return 0
    for one in made:
        print(f"{one.place}  {one.category}  {NAMES[state]}")
    if changed:
        print("名单已更新，运行中的网关数秒内生效 / the list changed; a running gateway follows")
    return 0


def _export(options: argparse.Namespace) -> int:
    from gateway.learner import list_line

    with _open(node_of(options.data)) as learned:
        found = _found(options, learned)
    rows = [row(*each) for each in found]
    if options.json or options.format == "json":
        print(json.dumps(rows, ensure_ascii=False, indent=1))
    elif options.format == "list":
        for line in sorted(filter(None, (list_line(one) for one, _ in found))):
            print(line)
    else:
        _csv(rows)
    return 0


def _csv(rows: Iterable[dict[str, Any]]) -> None:
    writer = csv.writer(sys.stdout)
    writer.writerow(COLUMNS)
    for one in rows:
        values = [" ".join(v) if isinstance(v, list) else str(v) for v in map(one.get, COLUMNS)]
        writer.writerow([f"'{v}" if v.startswith(("=", "+", "-", "@")) else v for v in values])


def _check(options: argparse.Namespace) -> int:
    """Rejected ones must not be harmful by any list, confirmed ones must be what they are."""
    from gateway.learned import State
    from gateway.reload import held, in_force
    from rules.base import RuleBase

    node = node_of(options.data)
    with _open(node) as learned:
        standing = learned.standing(time.time())
    hashed = in_force(node).rulebase
    base = RuleBase.open(held(node) / hashed) if hashed else None
    told: list[dict[str, Any]] = []
    for one in standing:
        if one.state not in (State.REJECTED, State.CONFIRMED):
            continue
        seen = () if base is None else base.explain(one.host, one.path)
        listed = any(hit.category == one.category for hit in seen)
        holds = None if base is None else listed is (one.state is State.CONFIRMED)
        by = sorted({hit.list for hit in seen if hit.category == one.category})
        told.append(
            {
                "place": one.place,
                "category": one.category,
                "state": one.state.value,
                "holds": holds,
                "lists": by,
            }
        )
    if options.json:
        print(json.dumps(told, ensure_ascii=False, indent=1))
    else:
        for each in told:
            mark = {True: "✓", False: "✗", None: "?"}[each["holds"]]
            lists = " ".join(each["lists"])
            print(f"{mark} {each['place']}  {each['category']}  {each['state']}  {lists}")
    if base is None and told:
        print("没有生效的规则库 / no RuleBase is in force: unknown", file=sys.stderr)
    return 0 if all(each["holds"] for each in told) else 1


def place_of(text: str) -> tuple[str, str]:
    """`host/path` → host and path. Raises DataError where it is no host."""
    from rules.hosts import canonical
    from rules.load import DataError, Problem

    host, slash, path = text.partition("/")
    try:
        return canonical(host), slash + path
    except ValueError as error:
        problem = Problem(file="PLACE", line=1, column=1, message=str(error), remedy="HOST[/PATH]")
        raise DataError([problem]) from error


def _nobody(place: str) -> int:
    print(f"qinglang: 没有这个候选 / no candidate `{place}`", file=sys.stderr)
    return 2


def _when(timestamp: float) -> str:
    return datetime.fromtimestamp(timestamp, SHANGHAI).isoformat(timespec="seconds")
