"""`qinglang data access check RULES`: imported audit logs judged, told and kept as evidence.

A door: the store, the book, files, the clock, the terminal.
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import sys
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from audit.catalog import load_catalog
from audit.checks import CHECKS, load_checks
from audit.lifecycle import anomaly_file
from audit.lifecycle.access_evidence import PROBE, evidence
from audit.lifecycle.access_look import Blind, Look, Seen, blinds, open_gaps
from audit.lifecycle.access_report import Report, html, xlsx
from audit.lifecycle.acting import book_of, wrong
from audit.lifecycle.anomaly import State, by_account
from audit.lifecycle.evidence_files import keep, replace_file
from audit.lifecycle.finding import Search
from audit.lifecycle.gaps import accepted, mark_of
from audit.lifecycle.log_commands import add_store, described, local, zone_of
from audit.lifecycle.logs.store import NAME, Store
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
    one.add_argument("--at", metavar="TIME", help="截至此时 / as of (2026-11-24T18:00:00+08:00)")
    one.add_argument("--out", type=Path, metavar="F.html|F.xlsx")
    one.add_argument("--evidence", type=Path, metavar="DIR", help="供 audit run / for audit run")
    one.add_argument("--system", default="", metavar="ID", help="定级对象 / of which system")
    add_store(one)
    add_record(one)
    one.add_argument("--json", action="store_true")
    one.set_defaults(run=run_check)


def run_check(options: argparse.Namespace) -> int:
    """0: nothing found and all could be judged; 1: something found, or unknown."""
    if options.out is not None and options.out.suffix not in (".html", ".xlsx"):
        raise wrong("--out", "F.html 或 F.xlsx / F.html or F.xlsx")
    text = read_text(options.rules)
    file = anomaly_file.parse(text, str(options.rules), load_catalog())
    zone = zone_of(options.timezone)
    at = moment(options.at, zone, options.timezone) if options.at else None
    absent = [str(path) for path in options.policy if not path.is_dir()]
    if absent:
        raise wrong(absent[0], "没有这个目录 there is no such folder")
    calendar = Calendar(load_years(options.policy))
    records = book_of(options).records() if configured(options) is not None else ()
    people, told = people_of(records), accepted(records)
    state = State(zone=zone, people=by_account(people.values()), calendar=calendar)
    if not (options.store / NAME).is_file():
        raise wrong(str(options.store), "没有导入 nothing was imported", "data access import")
    look = Look(file=file, state=state)
    with recording(options, "access check", [str(options.store)]) as use, Store(options.store) as s:
        for one in look.over(s.entries(until=at)):
            say(options, finding_row(one, options))
        gaps = [gap for gap in s.gaps() if at is None or gap.began < at]
        ends = _ends(s)
        unseen = tuple(blinds(look, open_gaps(gaps, told), ends, at))
        report = Report(
            look=look,
            blinds=unseen,
            answered=[(gap, told[mark_of(gap)]) for gap in gaps if mark_of(gap) in told],
            checks=load_checks(CHECKS / PROBE),
            rules=hashlib.sha256(text.encode()).hexdigest()[:16],
            at=at if at is not None else max(ends.values(), default=time.time()),
            zone=zone,
            ends=ends,
            shown=_shown(),
        )
        _tell(report, options)
        _write(report, options)
        use.counts |= {"seen": look.entries, "found": look.found, "unknown": len(unseen)}
    return int(bool(look.found or unseen))


def moment(text: str, zone: dt.tzinfo, name: str) -> float:
    """A time of the command line; where it names no zone, that is said. Raises DataError."""
    try:
        found = dt.datetime.fromisoformat(text)
        if found.tzinfo is None:
            found = found.replace(tzinfo=zone)
            print(f"--at: 未写时区，按 no zone is written, taken as {name}", file=sys.stderr)  # noqa: T201
        return found.timestamp()
    except (ValueError, OverflowError):
        example = "2026-11-24T18:00:00+08:00"
        raise wrong("--at", f"不是时刻 no time: {text}", example) from None


def _ends(store: Store) -> dict[str, float]:
    """The last line of each source."""
    found: dict[str, float] = {}
    for source, _, _, last in store.spans():
        found[source] = max(last, found.get(source, last))
    return found


def _tell(report: Report, options: argparse.Namespace) -> None:
    """Gaps somebody answered for, and what is unknown."""
    for gap, answer in report.answered:
        say(options, {"accepted": gap.kind, "source": gap.source,
                      "place": f"{gap.file}:{gap.line}", "by": answer.by,
                      "reason": answer.reason})  # fmt: skip
    for one in report.blinds:
        say(options, blind_row(one, options))


def _write(report: Report, options: argparse.Namespace) -> None:
    """The report and the evidence, where they are wanted."""
    if options.out is not None:
        made = html(report).encode() if options.out.suffix == ".html" else xlsx(report)
        replace_file(options.out, made)
    if options.evidence is not None:
        found = evidence(
            report.look,
            report.blinds,
            rules=report.rules,
            now=time.time(),
            dated=report.at,
            shown=report.shown,
        )
        keep(options.evidence, found, TITLE, options.system)


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


def _shown() -> Callable[[str], str]:
    """Names of files and sources without numbers of people in them."""
    return cache(Search(load_finder(), frozenset()).shown)
