"""`qinglang events verify|explain|anchor|pack|ship`: the evidence, arguments in, text out.

Exit codes: 0 it holds or is done · 1 it was looked at and does not hold · 2 bad input ·
3 the world failed. Nothing is decided here.
"""
# ruff: noqa: T201 - this is a command-line door

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.commands import Commands, node_of
from rules.load import DataError, Problem, WorldError

if TYPE_CHECKING:
    from gateway.evidence import Evidence
    from gateway.findings import Report
    from gateway.pack import Tally


def register_evidence(kinds: Commands) -> None:
    """Add the commands of the evidence to `events`."""
    verify = add(kinds, "verify", _verify, "核对 is anything altered, removed, inserted, cut off?")
    verify.add_argument("--anchors", type=Path, nargs="+", default=[], metavar="FILE")
    verify.add_argument("--key", type=Path, nargs="+", default=[], metavar="PEM", help="签名公钥")
    verify.add_argument("--chain", type=Path, metavar="FILE", help="链的另一份 another copy")
    verify.add_argument("--from", dest="first", default="", metavar="DAY")
    verify.add_argument("--to", dest="last", default="9999", metavar="DAY")
    verify.add_argument("--strict", action="store_true", help="缺口也算不符 gaps fail it too")
    explain = add(kinds, "explain", _explain, "为何 why, from the record itself")
    explain.add_argument("code", help="事件编号 e.g. 7F3K-9M2X-PQ4A")
    anchor = add(kinds, "anchor", _anchor, "最新摘要 the newest digest, to print and keep")
    anchor.add_argument("--key", type=Path, nargs="+", default=[], metavar="PEM")
    anchor.add_argument("deed", nargs="?", choices=("show", "receive"), default="show")
    anchor.add_argument("--listen", default="127.0.0.1:8455", metavar="HOST:PORT")
    anchor.add_argument("--to", type=Path, default=Path("anchors"), metavar="DIR")
    anchor.add_argument(
        "--from",
        dest="senders",
        action="append",
        metavar="PREFIX",
        help="可发者 who may post",
    )
    pack = add(kinds, "pack", _pack, "年度合规审计材料 the yearly audit's pack")
    pack.add_argument("--year", type=int, required=True)
    pack.add_argument("--out", type=Path, required=True, metavar="DIR")
    pack.add_argument("--anchors", type=Path, nargs="+", default=[], metavar="FILE")
    pack.add_argument("--key", type=Path, nargs="+", default=[], metavar="PEM")
    ship = add(kinds, "ship", _ship, "发往日志服务器 to a log server, syslog over TLS")
    ship.add_argument("--server", required=True, metavar="HOST[:6514]")
    ship.add_argument("--ca", type=Path, metavar="PEM")
    ship.add_argument("--cert", type=Path, metavar="PEM")
    ship.add_argument("--cert-key", type=Path, metavar="PEM")
    ship.add_argument("--follow", action="store_true", help="持续 go on with new ones")
    ship.add_argument("--from", dest="first", default="", metavar="TIME")
    ship.add_argument("--to", dest="last", default="", metavar="TIME")


def add(
    kinds: Commands, name: str, run: Callable[[argparse.Namespace], int], text: str
) -> argparse.ArgumentParser:
    made = kinds.add_parser(name, help=text)
    made.add_argument("--data", type=Path, default=Path("var"), metavar="DIR")
    made.add_argument("--url", default="", help="数据库 database URL (default: day files)")
    made.add_argument("--json", action="store_true", help="one JSON document")
    made.set_defaults(run=run)
    return made


def _verify(options: argparse.Namespace) -> int:
    report, found = verified(options, (_day(options.first), _day(options.last)))
    wrong = not report.holds or (options.strict and bool(report.gaps))
    if options.json:
        told = {**asdict(report), "holds": report.holds, "notes": [*report.notes, *found.notes]}
        print(json.dumps(told, ensure_ascii=False, indent=1))
        return int(wrong)
    for note in found.notes:
        print(f"提示 note: {note}", file=sys.stderr)
    print("\n".join(_report_lines(report)))
    return int(wrong)


def verified(options: argparse.Namespace, days: tuple[str, str]) -> tuple[Report, Evidence]:
    """The report on these days, and the evidence it rests on."""
    from gateway.evidence import open_evidence
    from gateway.retain import FILE, read_retention, too_early
    from gateway.verify import verify

    node = node_of(options.data)
    rules = read_retention(node.data / FILE)
    found = open_evidence(
        node, keys=options.key, anchors=options.anchors, chain=getattr(options, "chain", None)
    )
    report = verify(
        node.data,
        found.chain,
        url=options.url,
        anchors=found.anchors,
        days=days,
        floor=lambda day, at: bool(day) and too_early(day, at, rules.floor_months),
        progress=_progress,
    )
    _progress("")
    return report, found


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


_WHAT = {
    "chain": "签名链不符 the chain",
    "altered": "被改 altered",
    "removed": "被删 removed",
    "inserted": "被插入 inserted",
    "reordered": "次序被改 reordered",
    "seal": "与签名不符 differs from what was signed",
    "file": "文件 file",
    "deleted-early": "未到期限即删除 deleted within the floor",
}
_MISSING = {
    "batches": "批次未到 batches never came",
    "events": "事件缺号 events missing",
    "farewell": "进程被杀,末尾至多 0.2 秒未知 killed: up to 0.2 s unknown",
}


def _report_lines(report: Report) -> list[str]:
    lines = [
        " ".join(
            word
            for word in (
                "✗",
                _WHAT.get(one.what, str(one.what)),
                one.day,
                one.file,
                f"封 seal {one.seal}" if one.seal >= 0 else "",
                one.kind,
                one.code,
                f"序号 seq {one.seq}" if one.seq else "",
                one.near,
            )
            if word
        )
        for one in report.findings
    ]
    lines += [
        f"△ 缺口 gap: {_MISSING[gap.missing]} · {gap.worker} {gap.boot} "
        f"{gap.first}–{gap.last} ({gap.count})"
        for gap in report.gaps
    ]
    rows = ", ".join(f"{kind} {count}" for kind, count in report.rows.items()) or "0"
    lines += [
        f"已核对 verified: {rows}; 文件 files {report.files}, 检查点 checkpoints "
        f"{report.checkpoints}, 锚定 anchors {report.anchors}",
    ]
    if report.unsealed:
        lines.append(f"尚未签名 not signed yet: {report.unsealed}")
    if report.deleted:
        lines.append(f"按保存期限删除(有签名记录) deleted on record: {report.deleted}")
    lines.append(
        "✓ 未发现篡改 / nothing was changed"
        if report.holds
        else f"✗ {len(report.findings)} 处不符 / {len(report.findings)} findings"
    )
    return lines


def _explain(options: argparse.Namespace) -> int:
    from gateway.export import Archive, document
    from gateway.why import why, why_json, why_lines

    archive = Archive(data=options.data, url=options.url)
    code = code_of(options.code)
    found = archive.find(code)
    if found is None:
        raise bad(f"没有事件 {code} / there is no event {code}")
    event, place = found
    told = why(event, *archive.beside(place, event))
    if options.json:
        print(json.dumps(why_json(told, document(event)), ensure_ascii=False, indent=1))
    else:
        print("\n".join(why_lines(told)))
    return 0 if told.explanation is not None else 1


def code_of(text: str) -> str:
    """A code as people type it → as it is stored."""
    plain = "".join(text.upper().split()).replace("-", "")
    if len(plain) != 12 or not plain.isascii() or not plain.isalnum():
        raise bad(f"`{text[:40]}` 不是事件编号 / is not an event code")
    return f"{plain[:4]}-{plain[4:8]}-{plain[8:]}"


def _anchor(options: argparse.Namespace) -> int:
    if options.deed == "receive":
        return _receive(options)
    from gateway.evidence import open_evidence
    from gateway.ledger import anchor_line, printed

    found = open_evidence(node_of(options.data), keys=options.key)
    if not found.chain.checkpoints:
        raise WorldError("账本还是空的 / the ledger is empty")
    head = found.chain.checkpoints[-1]
    print(anchor_line(head) if options.json else printed(head))
    return 0


def _receive(options: argparse.Namespace) -> int:
    """Keep what other nodes post, until Ctrl-C."""
    from gateway.anchor_desk import PRIVATE, Shelf, server
    from gateway.node import Address

    try:
        desk = server(
            Shelf(options.to),
            Address.parse(options.listen),
            senders=options.senders or PRIVATE,
            say=lambda line: print(line, flush=True),
            clock=time.time,
        )
    except ValueError as error:
        raise bad(str(error)) from error
    except OSError as error:
        raise WorldError(f"{options.listen}: {error.strerror}") from error
    with desk:
        print(f"http://{options.listen} → {options.to}", file=sys.stderr, flush=True)
        with suppress(KeyboardInterrupt):
            desk.serve_forever()
    return 0


def _pack(options: argparse.Namespace) -> int:
    from gateway.pack import markdown, pack
    from gateway.retain import FILE, read_retention

    year = options.year
    if not 2020 <= year <= 2241:
        raise bad(f"{year} 不是年份 / is not a year of this program")
    report, found = verified(options, (f"{year}-01-01", f"{year}-12-31"))
    node = node_of(options.data)
    made = pack(
        year,
        node=node.name,
        tally=_tally(options, year),
        checkpoints=found.chain.checkpoints,
        report=report,
        rules=read_retention(node.data / FILE),
        now=time.time(),
    )
    options.out.mkdir(mode=0o700, parents=True, exist_ok=True)
    text = json.dumps(made, ensure_ascii=False, indent=1) + "\n"
    for name, content in ((f"audit-{year}.json", text), (f"audit-{year}.md", markdown(made))):
        path = options.out / name
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(content)
        print(path)
    return 0 if report.holds else 1


def _tally(options: argparse.Namespace, year: int) -> Tally:
    """The year's events, counted from the store."""
    from collections import Counter

    from gateway.export import Archive, Window
    from gateway.pack import Tally, local
    from gateway.rows import SHANGHAI

    begin = datetime(year, 1, 1, tzinfo=SHANGHAI).timestamp()
    window = Window(since=begin, until=datetime(year + 1, 1, 1, tzinfo=SHANGHAI).timestamp())
    archive = Archive(data=options.data, url=options.url)
    counts: dict[str, Counter[str]] = {
        name: Counter() for name in ("month", "action", "category", "school")
    }
    total = 0
    for event in archive.events(window):
        total += 1
        counts["month"][local(event.ts / 1e6)[:7]] += 1
        counts["action"][str(event.enforced)] += 1
        counts["school"][event.school or "-"] += 1
        counts["category"].update(event.categories or ("-",))
    sums = archive.count(window)
    return Tally(
        events=total,
        passed=sums["passed"],
        lost=sums["lost"],
        by_month=counts["month"],
        by_action=counts["action"],
        by_category=counts["category"],
        by_school=counts["school"],
    )


def _ship(options: argparse.Namespace) -> int:
    from gateway.export import LATEST, Archive, Window
    from gateway.ship import Server, ship

    try:
        host, port = Server.parse(options.server)
        begin = datetime.fromisoformat(options.first) if options.first else None
        end = datetime.fromisoformat(options.last) if options.last else None
    except ValueError as error:
        raise bad(str(error)) from error
    server = Server(host=host, port=port, ca=options.ca, own=options.cert, key=options.cert_key)
    archive = Archive(data=options.data, url=options.url)
    marks = archive.now() if options.follow else {}
    window = Window(since=_second(begin, 0.0), until=_second(end, LATEST))
    sent = ship(archive.events(window), server, version("qinglang"))
    print(json.dumps({"sent": sent}) if options.json else f"已发送 sent: {sent}", flush=True)
    while options.follow:
        time.sleep(1.0)
        fresh = archive.since(marks)
        if fresh:
            ship(fresh, server, version("qinglang"))
    if archive.problems:
        raise WorldError("; ".join(archive.problems))
    return 0


def _second(moment: datetime | None, default: float) -> float:
    from gateway.rows import SHANGHAI

    if moment is None:
        return default
    return (moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)).timestamp()


def _day(text: str) -> str:
    if text in ("", "9999"):
        return text
    try:
        return datetime.fromisoformat(text).date().isoformat()
    except ValueError as error:
        raise bad(f"`{text}` 不是日期 / is not a date like 2026-03-01") from error


def bad(message: str) -> DataError:
    return DataError([Problem(file="command line", line=1, column=1, message=message)])


def said(found: dict[str, Any], as_json: bool, text: str) -> None:
    """One answer, as a document or as a line."""
    print(json.dumps(found, ensure_ascii=False, indent=1) if as_json else text)
