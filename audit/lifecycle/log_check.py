"""`qinglang data access check RULES`: imported audit logs judged, told and kept as evidence.

A door: the store, the book, files, the clock, the terminal.
"""

from __future__ import annotations

import argparse
import hashlib
import time
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from audit.catalog import load_catalog
from audit.lifecycle import anomaly_file
from audit.lifecycle.access_evidence import evidence
from audit.lifecycle.access_look import Blind, Look, Seen, blinds, open_gaps
from audit.lifecycle.acting import book_of, wrong
from audit.lifecycle.anomaly import State, by_account
from audit.lifecycle.evidence_files import keep
from audit.lifecycle.finding import Search
from audit.lifecycle.gaps import Accepted, accepted, mark_of
from audit.lifecycle.log_commands import add_store, described, local, zone_of
from audit.lifecycle.logs.store import NAME, Gap, Store
from audit.lifecycle.people import people_of
from audit.lifecycle.recording import add_record, configured, recording
from audit.lifecycle.share_cli import say
from policies.calendar import Calendar
from policies.load import load_years
from rules.load import read_text
from rules.personal_files import load_finder

TITLE = "数据访问日志核查"


def add_check(subs: Any) -> None:
    """`check` below `access`."""
    one = subs.add_parser("check", help="查找异常 / look for what is out of the ordinary")
    one.add_argument("rules", type=Path, metavar="RULES")
    one.add_argument(
        "--policy", type=Path, action="append", default=[], metavar="DIR",
        help="另有节假日文件（calendar/cn-年.yaml） years of holidays not shipped",
    )  # fmt: skip
    one.add_argument("--evidence", type=Path, metavar="DIR", help="供 audit run / for audit run")
    one.add_argument("--system", default="", metavar="ID", help="定级对象 / of which system")
    add_store(one)
    add_record(one)
    one.add_argument("--json", action="store_true")
    one.set_defaults(run=run_check)


def run_check(options: argparse.Namespace) -> int:
    """0: nothing found and all could be judged; 1: something found, or unknown."""
    text = read_text(options.rules)
    file = anomaly_file.parse(text, str(options.rules), load_catalog())
    absent = [str(path) for path in options.policy if not path.is_dir()]
    if absent:
        raise wrong(absent[0], "没有这个目录 there is no such folder")
    calendar = Calendar(load_years(options.policy))
    records = book_of(options).records() if configured(options) is not None else ()
    people, told = people_of(records), accepted(records)
    zone = zone_of(options.timezone)
    state = State(zone=zone, people=by_account(people.values()), calendar=calendar)
    if not (options.store / NAME).is_file():
        raise wrong(str(options.store), "没有导入 nothing was imported", "data access import")
    look = Look(file=file, state=state)
    with recording(options, "access check", [str(options.store)]) as use, Store(options.store) as s:
        for one in look.over(s.entries()):
            say(options, finding_row(one, options))
        gaps = s.gaps()
        unseen = list(blinds(look, open_gaps(gaps, told), {}, None))
        _rest(gaps, told, unseen, options)
        use.counts |= {"seen": look.entries, "found": look.found, "unknown": len(unseen)}
        if options.evidence is not None:
            rules = hashlib.sha256(text.encode()).hexdigest()[:16]
            now = time.time()
            made = evidence(
                look, unseen, rules=rules, now=now, dated=_ends(s) or now, shown=shown()
            )
            keep(options.evidence, made, TITLE, options.system)
    return int(bool(look.found or unseen))


def _ends(store: Store) -> float:
    """The last line of all logs; 0 where there is none."""
    return max((last for _, _, _, last in store.spans()), default=0.0)


def _rest(
    gaps: list[Gap],
    told: Mapping[tuple[Any, ...], Accepted],
    unseen: list[Blind],
    options: argparse.Namespace,
) -> None:
    """Gaps somebody answered for, and what is unknown."""
    for gap in gaps:
        if (answer := told.get(mark_of(gap))) is not None:
            say(options, {"accepted": gap.kind, "source": gap.source,
                          "place": f"{gap.file}:{gap.line}", "by": answer.by,
                          "reason": answer.reason})  # fmt: skip
    for one in unseen:
        say(options, blind_row(one, options))


def finding_row(one: Seen, options: argparse.Namespace) -> dict[str, Any]:
    """One finding as a row."""
    rule = one.rule
    row = {"finding": rule.id, "severity": rule.severity, "title": rule.title}
    return row | {"clauses": list(rule.clauses), **described(one.kept, one.kept.entry, options)}


def blind_row(one: Blind, options: argparse.Namespace) -> dict[str, Any]:
    """What is unknown as a row, without what says nothing."""
    row: dict[str, Any] = {"unknown": one.what, "source": one.source, "place": one.place}
    row |= {"from": local(one.began, options), "to": local(one.ended, options)}
    row |= {"count": one.count, **one.more}
    return {name: value for name, value in row.items() if value not in ("", 0, [])}


def shown() -> Callable[[str], str]:
    """Names of files and sources without numbers of people in them."""
    return cache(Search(load_finder(), frozenset()).shown)
