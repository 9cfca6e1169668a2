"""`qinglang events tail|export|count`: the events of a data folder, on a terminal or in a pipe.

The command-line door of the event store; it reads, and changes nothing.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
import unicodedata
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from gateway.evidence_cli import register_evidence
from gateway.retain_cli import register_retain
from gateway.reveal_cli import register_reveal
from policies.model import Action
from rules.load import WorldError

if TYPE_CHECKING:
    from gateway.batch import Event
    from gateway.export import Archive, Record, Window

FORMATS = ("jsonl", "csv", "parquet", "ecs", "cef")
POLL = 0.5  # seconds between looks, with --follow

_ACTIONS = {
    Action.ALLOW: "放行",
    Action.OBSERVE: "观察",
    Action.REWRITE: "改写",
    Action.MASK: "脱敏",
    Action.LIMIT: "限额",
    Action.WARN: "警示",
    Action.BLOCK: "阻断",
}
_HEAD = (
    "时间 time",
    "处置 action",
    "层 layer",
    "类别 category",
    "学校 school",
    "主体",
    "编号 code",
)
_WIDTHS = (23, 14, 9, 18, 14, 10, 14)  # terminal columns; the host stands last


def register_events(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add `events` and its three subcommands."""
    events = commands.add_parser("events", help="查看与导出事件 show and export events")
    kinds = events.add_subparsers(dest="events_command", required=True, metavar="COMMAND")
    tail = kinds.add_parser("tail", help="最近的事件 the newest events")
    tail.add_argument("-n", type=_count, default=20, metavar="N", help="条数 how many (20)")
    tail.add_argument("-f", "--follow", action="store_true", help="持续显示 go on with new ones")
    tail.set_defaults(run=_tail)
    export = kinds.add_parser("export", help="导出 export events or aggregates")
    export.add_argument("--format", choices=FORMATS, default="jsonl")
    export.add_argument("--what", choices=("events", "aggregates"), default="events")
    export.add_argument("--out", type=Path, metavar="FILE", help="默认标准输出 default: stdout")
    export.set_defaults(run=_export)
    count = kinds.add_parser("count", help="合计 sums: events + aggregates = exchanges")
    count.set_defaults(run=_count_all)
    register_evidence(kinds)
    register_retain(kinds)
    register_reveal(kinds)
    for command in (export, count):
        command.add_argument("--from", dest="since", type=_begin, default=0.0, metavar="TIME")
        command.add_argument("--to", dest="until", type=_end, default=2.0**33, metavar="TIME")
    for command in (tail, export, count):
        command.add_argument("--data", type=Path, default=Path("var"), metavar="DIR")
        command.add_argument("--url", default="", help="数据库 database URL (default: day files)")
        command.add_argument("--json", action="store_true", help="one JSON document")


def _tail(options: argparse.Namespace) -> int:
    from gateway.export import as_json_lines, document

    archive = _archive(options)
    marks = archive.now() if options.follow else {}
    newest = archive.newest(options.n)
    if options.json and not options.follow:
        json.dump({"events": [document(event) for event in newest]}, sys.stdout, ensure_ascii=False)
        sys.stdout.write("\n")
        return _say_problems(archive)
    show = as_json_lines if options.json else _table
    sys.stdout.writelines(show(newest))
    while options.follow:
        sys.stdout.flush()
        time.sleep(POLL)
        fresh = archive.since(marks)
        sys.stdout.writelines(show(fresh) if options.json else map(_line, fresh))
    return _say_problems(archive)


def _export(options: argparse.Namespace) -> int:
    archive, window = _archive(options), _window(options)
    records: Iterable[Record] = (
        archive.events(window) if options.what == "events" else archive.aggregates(window)
    )
    if options.format in ("ecs", "cef") and options.what != "events":
        raise WorldError(f"{options.format}: 只用于事件 / for events only")
    if options.format == "parquet":
        return _parquet(records, options, archive)
    if options.out is None:
        sys.stdout.writelines(_formatted(records, options))
        return _say_problems(archive)
    counter = _Counter(records)
    fresh = options.out.with_name(options.out.name + ".part")
    # a byte order mark, without which spreadsheets misread Chinese CSV
    with _private(fresh, "utf-8-sig" if options.format == "csv" else "utf-8") as file:
        file.writelines(_formatted(counter, options))
    fresh.replace(options.out)
    return _say_written(counter.passed, options, archive)


def _parquet(records: Iterable[Record], options: argparse.Namespace, archive: Archive) -> int:
    from gateway.batch import Aggregate, Event
    from gateway.parquet import write_parquet

    if options.out is None:
        raise WorldError("Parquet 需要 --out FILE / Parquet is written to a file: --out FILE")
    fresh = options.out.with_name(options.out.name + ".part")
    written = write_parquet(records, Event if options.what == "events" else Aggregate, fresh)
    fresh.replace(options.out)
    return _say_written(written, options, archive)


def _say_written(count: int, options: argparse.Namespace, archive: Archive) -> int:
    written = {"written": count, "out": str(options.out), "problems": archive.problems}
    if options.json:
        sys.stdout.write(json.dumps(written, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write(f"已导出 {count} 条 exported to {options.out}\n")
    return _say_problems(archive)


def _count_all(options: argparse.Namespace) -> int:
    archive = _archive(options)
    sums = archive.count(_window(options))
    if options.json:
        sys.stdout.write(json.dumps(sums, ensure_ascii=False) + "\n")
        return _say_problems(archive)
    for action, number in sums["events"].items():
        sys.stdout.write(f"事件 events · {_ACTIONS[Action(action)]} {action}: {number}\n")
    sys.stdout.write(
        f"放行汇总 passed: {sums['passed']}\n"
        f"仅计数 only counted (lost details): {sums['lost']}\n"
        f"交换合计 exchanges: {sums['exchanges']}\n"
        f"待入库批次 spilled batches: {sums['spilled_batches']}\n"
        f"损坏移出的文件 damaged files: {sums['damaged_files']}\n"
    )
    return _say_problems(archive)


def _formatted(records: Iterable[Record], options: argparse.Namespace) -> Iterator[str]:
    from gateway.batch import Aggregate, Event
    from gateway.export import as_csv, as_json_lines, document

    if options.json and options.out is None:
        yield f'{{"{options.what}": ['
        for index, record in enumerate(records):
            yield (",\n" if index else "\n") + json.dumps(document(record), ensure_ascii=False)
        yield "\n]}\n"
    elif options.format in ("ecs", "cef"):
        from gateway import formats

        events = (record for record in records if isinstance(record, Event))
        form = formats.as_ecs if options.format == "ecs" else formats.as_cef
        yield from form(events, version("qinglang"))
    elif options.format == "csv":
        yield from as_csv(records, Event if options.what == "events" else Aggregate)
    else:
        yield from as_json_lines(records)


class _Counter:
    """Counts what passes through."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._records = records
        self.passed = 0

    def __iter__(self) -> Iterator[Record]:
        for record in self._records:
            self.passed += 1
            yield record


def _private(path: Path, encoding: str) -> TextIO:
    """A new file that only its owner may read."""
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    return path.open("w", encoding=encoding, newline="")


def _table(events: Iterable[Event]) -> Iterator[str]:
    if sys.stdout.isatty():
        yield _padded(_HEAD) + "主机 host\n"
    yield from map(_line, events)


def _line(event: Event) -> str:
    """One event: aligned on a terminal, tab-separated in a pipe."""
    from gateway.export import document

    cells = (
        document(event)["time"].removesuffix("+08:00").replace("T", " "),
        f"{_ACTIONS[event.enforced]} {event.enforced}",
        str(event.layer),
        " ".join(event.categories) or event.gap or event.problem or "-",
        event.school or "-",
        event.token[:8] or "-",
        event.code,
    )
    if sys.stdout.isatty():
        return f"{_padded(cells)}{event.host}{event.path}\n"
    return "\t".join((*cells, event.host + event.path)) + "\n"


def _padded(cells: Iterable[str]) -> str:
    """Cells in columns; Chinese characters take two."""
    found = ""
    for cell, width in zip(cells, _WIDTHS, strict=True):
        taken = sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in cell)
        found += cell + " " * max(1, width - taken + 1)
    return found


def _archive(options: argparse.Namespace) -> Archive:
    from gateway.export import Archive

    return Archive(data=options.data, url=options.url)


def _window(options: argparse.Namespace) -> Window:
    from gateway.export import Window

    return Window(since=options.since, until=options.until)


def _say_problems(archive: Archive) -> int:
    """What could not be read is an error of the world, said after all that could."""
    sys.stdout.flush()
    if archive.problems:
        raise WorldError("; ".join(archive.problems))
    return 0


def _count(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 1_000_000:
        raise argparse.ArgumentTypeError(f"{text} 不在 0–1000000 之间 is out of range")
    return number


def _begin(text: str) -> float:
    return _moment(text).timestamp()


def _end(text: str) -> float:
    """The end of the window; a bare date means the end of that day."""
    return (_moment(text) + timedelta(days=len(text) == 10)).timestamp()


def _moment(text: str) -> datetime:
    """ISO date or time; Asia/Shanghai unless it names its offset."""
    from gateway.rows import SHANGHAI

    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"`{text}` 不是日期或时间 is not a date or time, e.g. 2026-03-01 or 2026-03-01T08:00"
        ) from error
    if not 1970 < moment.year < 2242:
        raise argparse.ArgumentTypeError(f"`{text}` 的年份超出范围 the year is out of range")
    return moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)
