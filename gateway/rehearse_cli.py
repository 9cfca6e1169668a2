"""`qinglang policy simulate|coverage`: policies held against the record of this node.

Exit codes: 0 nothing would change (or every clause was used) · 1 something would ·
2 bad input · 3 the record cannot be read.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.commands import node_of
from rules.load import DataError, Problem, WorldError

if TYPE_CHECKING:
    from gateway.export import Archive, Window
    from gateway.rehearse import Replayed
    from policies.changes import Report
    from policies.coverage import Coverage

WORDS = {
    "would-block": "将被阻断",
    "would-warn": "将被提示",
    "would-allow": "将放行",
    "other-action": "换一种放行",
    "unchanged": "不变",
}
SHOWN = 20  # shifts and groups printed; JSON has all


def register_rehearse(subs: Any) -> None:
    """Add `simulate` and `coverage` to the sub-commands of `policy`."""
    simulate = subs.add_parser("simulate", help="用记录演练 / rehearse on recorded traffic")
    simulate.add_argument(
        "--candidate",
        type=Path,
        action="append",
        required=True,
        metavar="DIR",
        help="候选策略目录 / folder",
    )
    simulate.add_argument(
        "--by", default="school", metavar="LIST", help="school,stage,category,… (school)"
    )
    simulate.add_argument("--samples", type=int, default=5, metavar="N")
    simulate.set_defaults(run=run_simulate)
    coverage = subs.add_parser("coverage", help="没有用到的条款 / clauses that are never used")
    coverage.add_argument(
        "--candidate", type=Path, action="append", metavar="DIR", help="默认生效中的 / in force"
    )
    coverage.set_defaults(run=run_coverage)
    for sub in (simulate, coverage):
        sub.add_argument("--events", required=True, metavar="SPAN", help="2026-11-22 | A..B | 7d")
        sub.add_argument("--data", type=Path, default=Path("var"), metavar="DIR")
        sub.add_argument("--url", default="", help="数据库 database URL (default: day files)")
        sub.add_argument("--json", action="store_true")


def run_simulate(options: argparse.Namespace) -> int:
    """Rehearse a candidate and tell what would change."""
    from policies.changes import Change

    done, archive = _replayed(options, tuple(filter(None, options.by.split(","))))
    report = done.rehearsal.report()
    if options.json:
        speed = {"seconds": round(done.seconds, 3), "rows_per_second": _speed(report, done)}
        _print_json({**asdict(report), "lost": done.lost, **speed, "problems": archive.problems})
    else:
        sys.stdout.writelines(f"{line}\n" for line in _report_lines(report, done))
    _end(archive)
    return 1 if report.changes[Change.SAME] < report.exchanges else 0


def run_coverage(options: argparse.Namespace) -> int:
    """Tell the clauses no exchange of the span came to, and those that never can decide."""
    from policies.coverage import coverage

    done, archive = _replayed(options, ("school",))
    found = coverage(done.rehearsal.snapshot, done.rehearsal.report().clauses)
    if options.json:
        _print_json({**asdict(found), "problems": archive.problems})
    else:
        sys.stdout.writelines(f"{line}\n" for line in _coverage_lines(found))
    _end(archive)
    return 1 if found.never or found.shadowed else 0


def _replayed(options: argparse.Namespace, by: tuple[str, ...]) -> tuple[Replayed, Archive]:
    from gateway.export import Archive
    from gateway.rehearse import candidate, current, replay

    window = _window(options.events)
    node = node_of(options.data)
    archive = Archive(data=options.data, url=options.url)
    if not options.url and not options.data.is_dir():
        raise WorldError(f"没有数据目录 no data folder: {options.data}")
    if options.candidate is not None:
        given = candidate(node, options.candidate, window.since, _say)
    else:
        given = current(node, _say)
    try:
        samples = getattr(options, "samples", 0)
        done = replay(archive, window, given, by=by, samples=samples, progress=_progress)
    except ValueError as error:
        raise _bad("--by", str(error)) from error
    finally:
        if sys.stderr.isatty():
            sys.stderr.write("\r\033[K")
    return done, archive


def _window(text: str) -> Window:
    from gateway.rehearse import span

    try:
        return span(text, time.time())
    except ValueError as error:
        raise _bad("--events", str(error)) from error


def _bad(option: str, message: str) -> DataError:
    return DataError([Problem(file=f"command line {option}", line=1, column=1, message=message)])


def _end(archive: Archive) -> None:
    sys.stdout.flush()
    if archive.problems:
        raise WorldError("; ".join(archive.problems))


def _progress(rows: int, seconds: float) -> None:
    if sys.stderr.isatty() and seconds:
        sys.stderr.write(f"\r已演练 {rows:,} 行 rows, {rows / seconds:,.0f}/s")
        sys.stderr.flush()


def _speed(report: Report, done: Replayed) -> int:
    return round(report.rows / done.seconds) if done.seconds else 0


def _report_lines(report: Report, done: Replayed) -> Iterator[str]:
    total = report.exchanges
    yield (
        f"演练 {report.rows:,} 行记录,代表 {total:,} 次访问;{done.seconds:.1f} 秒 / "
        f"rehearsed {report.rows:,} rows, {total:,} exchanges, {_speed(report, done):,} rows/s"
    )
    yield f"候选快照 candidate {report.snapshot}"
    for change, number in report.changes.items():
        yield f"  {WORDS[change]} {change}: {number:,} ({_share(number, total)})"
    if done.lost:
        yield f"  只有计数、无法演练 / only counted, not rehearsed: {done.lost:,}"
    if report.unreadable:
        yield f"  无法读取的记录行 / rows that do not read: {report.unreadable:,}"
    if report.unknown_categories:
        unknown = ", ".join(report.unknown_categories)
        yield f"  候选规则中没有的类别 / categories the candidate does not know: {unknown}"
    yield f"按 {', '.join(report.by)} / by"
    for group in report.groups[:SHOWN]:
        parts = [f"{change} {n:,}" for change, n in group.changes.items() if n]
        yield (
            f"  {' · '.join(part or '-' for part in group.key)}: {group.exchanges:,}  "
            f"阻断 blocked {_share(group.blocked_before, group.exchanges)} → "
            f"{_share(group.blocked_after, group.exchanges)}  [{', '.join(parts)}]"
        )
    if report.shifts:
        yield "负责的条款 / clauses responsible"
    for shift in report.shifts[:SHOWN]:
        yield f"  {shift.change}  {shift.before} → {shift.after}: {shift.exchanges:,}"
    if report.samples:
        yield "样例 / samples"
    for sample in report.samples[: SHOWN * 2]:
        who = " ".join(filter(None, (sample.school, sample.stage))) or "-"
        yield (
            f"  {sample.change}  {who}  {sample.host}  {','.join(sample.categories)}  "
            f"{sample.enforced_before} → {sample.enforced_after}  {sample.after}  "
            f"×{sample.exchanges:,}  {_time(sample.at)}"
        )


def _coverage_lines(found: Coverage) -> Iterator[str]:
    yield f"条款 {found.clauses},用到 {len(found.matched)} / clauses, used"
    for name in found.never:
        yield f"  从未命中 never matched: {name}"
    for shadow in found.shadowed:
        if shadow.by:
            yield f"  被遮住 shadowed: {shadow.clause} ← {', '.join(shadow.by)}"
        else:
            yield f"  不适用于任何人 nobody's: {shadow.clause}"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.2%}" if whole else "-"


def _time(second: int) -> str:
    from gateway.rows import SHANGHAI

    return datetime.fromtimestamp(second, SHANGHAI).strftime("%Y-%m-%d %H:%M")


def _print_json(value: object) -> None:
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=1) + "\n")


def _say(line: str) -> None:
    """Progress: on a terminal only."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\033[K{line}")
