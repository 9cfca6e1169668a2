"""`qinglang rules build|update|lookup|classify|sources|stats|apps`: the command-line door.

Heavy modules are imported in the handlers. Exit codes: 0 done · 1 done, but a list was
refused · 2 bad input · 3 the world failed. `--json` prints one document (`lookup
--stdin`: one object a line).
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from rules import apps_cli, words_cli
from rules.classify_cli import arguments
from rules.load import WorldError

if TYPE_CHECKING:
    from rules.base import RuleBase
    from rules.feeds import Reading, Update
    from rules.report import BuildReport


def register(commands: Any) -> None:
    """Add `rules` and its sub-commands."""
    room = commands.add_parser("rules", help="名单与识别 / lists and recognition")
    subs = room.add_subparsers(dest="rules_command", required=True, metavar="COMMAND")

    def sub(name: str, text: str, run: Any) -> argparse.ArgumentParser:
        made: argparse.ArgumentParser = subs.add_parser(name, help=text)
        made.add_argument("--data", type=Path, default=Path("var"), metavar="DIR")
        made.add_argument("--rules", action="append", type=Path, default=[], metavar="DIR")
        made.add_argument("--json", action="store_true")
        made.set_defaults(run=run)
        return made

    build = sub("build", "编译规则库 / compile the RuleBase", run_build)
    build.add_argument(
        "--add",
        action="append",
        default=[],
        metavar="FORMAT:PATH[:CATEGORY]",
        help="加入一份名单并记住它 / add a list and keep it",
    )
    build.add_argument("--remove", action="append", default=[], metavar="ID")
    build.add_argument("--force", action="store_true", help="即使没有变化 / even if unchanged")
    update = sub("update", "更新外部名单 / fetch lists and build", run_update)
    update.add_argument("ids", nargs="*", metavar="ID")
    update.add_argument("--proxy", default="", metavar="URL")
    update.add_argument("--no-build", action="store_true")
    for one in (build, update):
        one.add_argument(
            "--accept",
            action="append",
            default=[],
            metavar="ID",
            help="接受该名单骤减 / this list's shrinking is meant",
        )
    lookup = sub("lookup", "查询主机或网址 / look hosts or URLs up", run_lookup)
    lookup.add_argument("inputs", nargs="*", metavar="HOST|URL")
    lookup.add_argument("--stdin", action="store_true", help="每行一个 / one a line")
    classify = sub("classify", "识别一次交换 / recognise one exchange", run_classify)
    arguments(classify)
    sub("sources", "名单来源与许可 / lists and their licences", run_sources)
    sub("stats", "规则库统计 / figures of the RuleBase", run_stats)
    words_cli.register(subs)
    apps_cli.register(subs)


def subcommands(commands: Any) -> Any:
    """The sub-commands of `rules`, to which higher floors add theirs; None where absent."""
    room = commands.choices.get("rules")
    found = room._subparsers._group_actions if room is not None else ()
    return found[0] if found else None


def run_build(options: argparse.Namespace) -> int:
    """Build, after adding and removing lists. 1 where a list was refused."""
    from rules.compile import build

    for name in options.remove:
        _remove(options.data, name)
    updates = [_added(options, text) for text in options.add]
    report = build(
        options.data, options.rules, accept=options.accept, force=options.force, say=_progress()
    )
    if options.json:
        _print({"added": [_plain(one) for one in updates], **_report(report)})
    else:
        for line in _told(report):
            _say(line)
    refused = [one for one in updates if one.reason]
    for one in refused:
        _say(f"{one.id}: {one.outcome}: {one.reason}", sys.stderr)
    return 1 if report.refused or refused else 0


def run_update(options: argparse.Namespace) -> int:
    """Fetch every source with a location (or those named), then build."""
    from rules.compile import build, load_knowledge
    from rules.feeds import Limits, Outcome, update
    from rules.load import DataError, Problem

    knowledge = load_knowledge(options.data, options.rules)
    unknown = [name for name in options.ids if name not in knowledge.sources]
    if unknown:
        message = f"没有名单 no list `{unknown[0]}`"
        raise DataError([Problem(file="rules update", line=1, column=1, message=message)])
    reading = _reading(knowledge.categories, knowledge.mappings)
    updates = [
        update(
            placed,
            options.data,
            reading,
            now=time.time(),
            limits=Limits(proxy=options.proxy),
            accept=name in options.accept,
        )
        for name, placed in knowledge.sources.items()
        if not options.ids or name in options.ids
    ]
    report = None
    if not options.no_build:
        report = build(options.data, options.rules, accept=options.accept, say=_progress())
    if options.json:
        _print({"updates": [_plain(one) for one in updates], "build": report and _report(report)})
    else:
        for one in updates:
            _say(f"{one.id}: {one.outcome} {one.reason or f'{one.state.rows} 行 rows'}")
        for line in _told(report) if report else ():
            _say(line)
    outcomes = {one.outcome for one in updates}
    if Outcome.FAILED in outcomes:
        return 3
    return 1 if Outcome.REFUSED in outcomes or (report and report.refused) else 0


def run_lookup(options: argparse.Namespace) -> int:
    """Look up every input; a bad one gives an object with `error` and exit code 2."""
    from rules.answers import answers, line

    base = _base(options)
    if options.stdin:
        bad = 0
        for answer in answers(base, (text.rstrip("\r\n") for text in sys.stdin)):
            bad += "error" in answer
            sys.stdout.write(json.dumps(answer, ensure_ascii=False) + "\n")
        sys.stdout.flush()
        return 2 if bad else 0
    found = list(answers(base, options.inputs))
    if options.json:
        _print(found)
    else:
        for answer in found:
            _say(line(answer))
    return 2 if any("error" in answer for answer in found) else 0


def run_classify(options: argparse.Namespace) -> int:
    """What the gateway would recognise: names, labels and content together."""
    from rules.classify_cli import run

    return run(options, _base(options))


def run_sources(options: argparse.Namespace) -> int:
    """Every list: what it is, its licence, what is in force of it."""
    from rules.compile import load_knowledge, report_in_force
    from rules.feeds import read_state

    report = report_in_force(options.data)
    known = {one.id: one for one in report.lists} if report else {}
    rows = []
    for name, placed in load_knowledge(options.data, options.rules).sources.items():
        source, state = placed.source, read_state(options.data / "lists" / name)
        one = known.get(name)
        rows.append(
            {
                "id": name,
                "title": asdict(source.title),
                "format": source.format.value,
                "licence": source.licence,
                "source": source.source,
                "location": source.location,
                "rows": one.rows if one else 0,
                "bad": one.bad if one else 0,
                "refused": one.refused if one else "",
                "fetched_at": state.fetched_at,
                "note": source.note,
            }
        )
    if options.json:
        _print(rows)
        return 0
    for row in rows:
        _say(f"{row['id']:24} {row['rows']:>9} {row['format']:8} {row['licence']}  {row['source']}")
    return 0


def run_stats(options: argparse.Namespace) -> int:
    """Rows per list and per category of the RuleBase in force."""
    from rules.compile import report_in_force
    from rules.table import census

    base = _base(options)
    report = report_in_force(options.data)
    counts = {
        base.categories[number].id: count for number, count in sorted(census(base.path).items())
    }
    document: dict[str, Any] = {
        "rulebase": base.hash,
        "rows": base.rows,
        "bytes": sum(one.stat().st_size for one in base.path.iterdir()),
        "categories": {category.id: counts.get(category.id, 0) for category in base.categories},
        "lists": {one.id: one.rows for one in report.lists} if report else {},
        "bad": report.bad if report else 0,
    }
    if options.json:
        _print(document)
        return 0
    _say(f"{base.hash}: {base.rows} 行 rows")
    for name, count in document["categories"].items():
        _say(f"{name:24} {count:>9}")
    return 0


def _base(options: argparse.Namespace) -> RuleBase:
    """The RuleBase in force; the first look-up of a new data folder builds it."""
    from rules.base import CURRENT, RuleBase
    from rules.compile import build

    root = options.data / "rulebase"
    if not (root / CURRENT).exists():
        _say("尚无规则库,正在编译 / no RuleBase yet, building it", sys.stderr)
        build(options.data, options.rules)
    try:
        return RuleBase.open(root)
    except WorldError as error:  # one of an earlier version
        _say(f"{error}: 重新编译 / building it anew", sys.stderr)
        build(options.data, options.rules, force=True)
        return RuleBase.open(root)


def _added(options: argparse.Namespace, text: str) -> Update:
    """Make a sidecar for an ad-hoc list and fetch it. Raises DataError for a bad argument."""
    from rules.compile import load_knowledge
    from rules.feeds import Outcome, update
    from rules.load import DataError, Problem
    from rules.sources import SIDECAR, place, sidecar_text

    try:
        source, folder = _source_of(text, options)
    except ValueError as error:
        problem = Problem(file="--add", line=1, column=1, message=str(error))
        raise DataError([problem]) from error
    knowledge = load_knowledge(options.data, options.rules)
    known = source.id in knowledge.sources
    folder.mkdir(parents=True, exist_ok=True)
    placed = place(source, folder, options.data)
    reading = _reading(knowledge.categories, knowledge.mappings)
    done = update(
        placed, options.data, reading, now=time.time(), accept=source.id in options.accept
    )
    if known or done.outcome in (Outcome.UPDATED, Outcome.UNCHANGED):
        (folder / SIDECAR).write_text(sidecar_text(source), encoding="utf-8")
    return done


def _source_of(text: str, options: argparse.Namespace) -> tuple[Any, Path]:
    from rules.model import Text
    from rules.sources import Format, Source, load_categories

    kind, _, rest = text.partition(":")
    if kind not in list(Format) or not rest:
        raise ValueError(f"`{text}` 不是 is not FORMAT:PATH[:CATEGORY]; {', '.join(Format)}")
    path, _, category = rest.rpartition(":")
    if not path or category not in load_categories(options.rules):
        path, category = rest, ""
    if kind in (Format.HOSTS, Format.PLAIN, Format.ADBLOCK, Format.RPZ) and not category:
        raise ValueError(f"`{text}`: 这种格式需要类别 this format needs a category at the end")
    remote = path.startswith(("http://", "https://"))
    stem = re.sub(r"[^a-z0-9]+", "-", Path(path).name.lower()).strip("-")[:40]
    name = f"added-{kind}-{stem or 'list'}"
    source = Source(
        id=name,
        title=Text(zh=f"本地加入:{Path(path).name}", en=f"Added: {Path(path).name}"),
        format=Format(kind),
        licence="unknown",
        source=path,
        location=path if remote else str(Path(path).resolve()),
        category=category,
        mapping="ut1" if kind == Format.CSV else "",
    )
    return source, options.data / "lists" / name


def _remove(data: Path, name: str) -> None:
    import shutil

    from rules.load import DataError, Problem
    from rules.sources import SIDECAR

    home = data / "lists" / name
    if not re.fullmatch(r"[a-z0-9][a-z0-9-]*", name) or not (home / SIDECAR).is_file():
        message = f"没有加入过 `{name}` was never added"
        raise DataError([Problem(file="--remove", line=1, column=1, message=message)])
    shutil.rmtree(home)
    shutil.rmtree(data / "good" / name, ignore_errors=True)


def _reading(categories: Sequence[Any], mappings: Any) -> Reading:
    from rules.feeds import Reading
    from rules.suffixes import load_suffixes

    return Reading(
        categories=frozenset(one.id for one in categories),
        mappings=mappings,
        suffixes=load_suffixes(),
    )


def _told(report: BuildReport) -> Iterator[str]:
    for one in report.lists:
        state = f" 拒收 refused: {one.refused}" if one.refused else ""
        state += " 沿用上一份 last good one used" if one.stale else ""
        yield f"{one.id:28} {one.rows:>9} 行 rows {one.bad:>6} 坏行 bad{state}"
        for sample in one.samples[:3]:
            yield f"    {sample.file}:{sample.line}: {sample.reason}: {sample.text}"
        if one.unmapped:
            yield f"    未对照的类别 unmapped: {', '.join(one.unmapped[:12])}"
    for hit in report.collisions:
        mark = "!" if hit.harmful else "·"
        yield f"{mark} 求助优先 help wins: {hit.host} {hit.help} > {', '.join(hit.others)}"
    if report.kept:
        yield "规则库未更换 the RuleBase in force stays"
        return
    done = "已编译 built" if report.rebuilt else "没有变化 unchanged"
    yield f"{done}: {report.hash}, {report.rows} 行 rows, {report.seconds:.1f} s"


def _report(report: BuildReport) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(report.to_json())
    document["bad"] = report.bad
    document["refused"] = dict(report.refused)
    return document


def _plain(update: Update) -> dict[str, Any]:
    return asdict(update)


def _progress() -> Any:
    if not sys.stderr.isatty():
        return lambda _: None
    return lambda name: _say(f"… {name}", sys.stderr)


def _say(text: str, to: TextIO | None = None) -> None:
    print(text, file=to or sys.stdout)


def _print(document: Any) -> None:
    _say(json.dumps(document, ensure_ascii=False, indent=1, default=str))
