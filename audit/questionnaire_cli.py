"""`qinglang audit questionnaire …` and `audit answers …`: sheets out, answers in.

A door: files, folders and the date. Exit codes: 0 all is well · 1 something is open, late or in
conflict · 2 a file is wrong (every fault by sheet and cell, nothing half taken) · 3 the world.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date, datetime
from pathlib import Path
from typing import Any

import yaml

from audit.answers import ZONE, load_answers, written
from audit.catalog import Catalog, load_catalog
from audit.checks import CHECKS, coverage, load_checks
from audit.model import Part
from audit.questionnaire import campaign as campaigns
from audit.questionnaire import reading, table, workbook
from audit.questionnaire.campaign import Campaign, Chased
from audit.questionnaire.model import Header, Questionnaire, Returned, made, wanted
from audit.targets import Inventory, load_inventory
from rules.load import DataError, Problem, load

CAMPAIGN = "campaign.yaml"
RETURNED = "returned"
LATEST = 1000  # files of one folder of returned sheets


def register(commands: Any) -> None:
    """Add `questionnaire` and `answers` below `audit`."""
    room = commands.add_parser("questionnaire", help="自查表 / questionnaires")
    inner = room.add_subparsers(dest="questionnaire_command", required=True, metavar="COMMAND")
    one = inner.add_parser("export", help="导出一份 / one sheet, XLSX or CSV")
    one.add_argument("--inventory", type=Path, metavar="FILE")
    one.add_argument("--system", default="", metavar="ID")
    one.add_argument("--part", choices=[part.value for part in Part], default="general")
    _choice(one, 3)
    one.add_argument("--output", type=Path, required=True, metavar="FILE.xlsx|FILE.csv")
    one.set_defaults(run=_export)
    one = inner.add_parser("import", help="读回填好的表 / read returned sheets")
    one.add_argument("files", type=Path, nargs="+", metavar="FILE")
    one.add_argument("--output", type=Path, metavar="DIR", help="答复目录 / folder for answers")
    one.add_argument("--json", action="store_true")
    one.set_defaults(run=_import)
    one = inner.add_parser("send", help="每校一份 / one sheet for each school")
    one.add_argument("--inventory", type=Path, required=True, metavar="FILE")
    one.add_argument("--output", type=Path, required=True, metavar="DIR")
    _choice(one, 2)
    one.add_argument("--json", action="store_true")
    one.set_defaults(run=_send)
    for name, zh, run in (("chase", "谁还没交", _chase), ("merge", "合并答复", _merge)):
        one = inner.add_parser(name, help=f"{zh} / {name} a campaign")
        one.add_argument("folder", type=Path, metavar="DIR")
        if name == "merge":
            one.add_argument("--output", type=Path, metavar="DIR")
        one.add_argument("--json", action="store_true")
        one.set_defaults(run=run)

    room = commands.add_parser("answers", help="人的答复 / what people answered")
    inner = room.add_subparsers(dest="answers_command", required=True, metavar="COMMAND")
    one = inner.add_parser("list", help="列出答复 / list answers")
    one.add_argument("paths", type=Path, nargs="+", metavar="FILE|DIR")
    one.add_argument("--json", action="store_true")
    one.set_defaults(run=_list)
    one = inner.add_parser("import", help="同 questionnaire import / the same")
    one.add_argument("files", type=Path, nargs="+", metavar="FILE")
    one.add_argument("--output", type=Path, metavar="DIR")
    one.add_argument("--json", action="store_true")
    one.set_defaults(run=_import)


def _choice(one: argparse.ArgumentParser, level: int) -> None:
    one.add_argument("--level", type=int, choices=range(1, 5), default=level)
    one.add_argument("--only", choices=["all", "open"], default="all",
                     help="open: 机器不能判定的 / what no check of ours decides")  # fmt: skip
    one.add_argument("--run", type=Path, dest="result", metavar="RUN.json",
                     help="只问该次检查未知的 / only what that run left unknown")  # fmt: skip
    one.add_argument("--due", default="", metavar="DATE", help="交回期限 / to be back by")


def _bad(place: Path | str, message: str, remedy: str = "") -> DataError:
    return DataError([Problem(file=str(place), line=1, column=1, message=message, remedy=remedy)])


def _today() -> date:
    return datetime.now(ZONE).date()


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")


def _json(value: Any) -> None:
    _say(json.dumps(value, ensure_ascii=False, indent=1))


def _due(text: str) -> str:
    try:
        return date.fromisoformat(text).isoformat() if text else ""
    except ValueError:
        raise _bad("--due", f"`{text[:40]}` 不是日期 / is no date", "2026-12-31") from None


def _only(options: argparse.Namespace, catalog: Catalog, level: int) -> list[str] | None:
    """The control ids that are asked; None: all of them."""
    if options.result:
        try:
            items = json.loads(options.result.read_text(encoding="utf-8"))["items"]
            return [str(one["id"]) for one in items if one["state"] == "unknown"]
        except (ValueError, KeyError, TypeError) as error:
            raise _bad(
                options.result, "不是检查结果 / no run", "qinglang audit run --json"
            ) from error
    if options.only == "all":
        return None
    served = coverage(load_checks(CHECKS).values(), catalog, level=level, part=None)
    decided = set(served.decided)
    every = catalog.select(standard=served.standard, level=level)
    return [one.id for one in every if one.id not in decided]


def _export(options: argparse.Namespace) -> int:
    catalog = load_catalog()
    inventory = load_inventory(options.inventory) if options.inventory else Inventory()
    system = next((one for one in inventory.systems if one.id == options.system), None)
    if options.inventory and options.system and system is None:
        raise _bad(options.inventory, f"没有定级对象 `{options.system}` / no such system")
    level = system.level if system else options.level
    unit = next(
        (one for one in inventory.organisations if system and one.id == system.organisation), None
    )
    today = _today().isoformat()
    header = Header(
        id=f"{today}:{options.system or 'L' + str(level)}",
        organisation=unit.id if unit else "",
        organisation_name=unit.name if unit else "",
        system=options.system,
        system_name=system.name if system else "",
        level=level,
        catalog=catalog.digest[:16],
        issued=today,
        due=_due(options.due),
    )
    parts = system.parts if system else (Part(options.part),)
    form = made(
        header, wanted(catalog, level=level, parts=parts, only=_only(options, catalog, level))
    )
    _write(options.output, form)
    _say(f"{options.output}  {header.id}  {len(form.rows)} 题 items")
    return 0


def _write(path: Path, form: Questionnaire) -> None:
    if path.suffix == ".csv":
        path.write_text(table.text(form), encoding="utf-8", newline="")
    elif path.suffix == ".xlsx":
        path.write_bytes(workbook.workbook(form))
    else:
        raise _bad(path, "文件名以 .xlsx 或 .csv 结尾 / must end in .xlsx or .csv")


def _read(path: Path, catalog: Catalog, today: date) -> Returned:
    data = _bytes(path)
    if path.suffix.lower() == ".csv":
        return table.read(data, path.name, catalog, today)
    return reading.read(data, path.name, catalog, today)


def _bytes(path: Path) -> bytes:
    if path.stat().st_size > reading.MAX_FILE:
        raise _bad(path, "文件过大 / the file is too large")
    return path.read_bytes()


def _import(options: argparse.Namespace) -> int:
    catalog, today = load_catalog(), _today()
    found: dict[str, Returned] = {}
    problems: list[Problem] = []
    for path in options.files:
        try:
            found[str(path)] = _read(path, catalog, today)
        except DataError as error:
            problems += error.problems
    problems += [one for got in found.values() for one in got.problems]
    if options.json:
        _json({name: described(got) for name, got in found.items()})
    if problems:
        raise DataError(problems)
    for name, got in found.items():
        if options.output:
            _keep(options.output, campaigns.answers(got, [Path(name).name]))
        if not options.json:
            _say(
                f"{name}: {len(got.answers)} 条答复 answers, "
                f"{len(got.open)} 条未答仍为未知 open, {len(got.notices)} 条提示 notices"
            )
            for notice in got.notices[:20]:
                _say(f"  {notice}")
    return 0


def described(got: Returned) -> dict[str, Any]:
    """A returned questionnaire as JSON."""
    return {
        **asdict(got.header),
        "answers": [asdict(one) for one in got.answers],
        "open": list(got.open),
        "problems": [str(one) for one in got.problems],
        "notices": list(got.notices),
    }


def _keep(folder: Path, file: Any) -> Path:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path: Path = folder / f"{file.id}.yaml"
    part = path.with_suffix(".part")
    part.write_text(written(file), encoding="utf-8")
    part.replace(path)
    return path


def _send(options: argparse.Namespace) -> int:
    target = options.output / CAMPAIGN
    if target.exists():
        raise _bad(target, "这个目录已发过 / a campaign stands here already", "另选目录")
    catalog, inventory = load_catalog(), load_inventory(options.inventory)
    if not inventory.organisations and not inventory.systems:
        raise _bad(options.inventory, "清单中没有单位 / the inventory names no units")
    levels = {options.level, *(one.level for one in inventory.systems)}
    only = {level: _only(options, catalog, level) for level in levels}
    today = _today().isoformat()
    sent, forms = campaigns.planned(
        inventory,
        catalog,
        campaign=re.sub(r"[^\w.-]", "_", f"{options.output.resolve().name}-{today}"),
        issued=today,
        due=_due(options.due),
        level=options.level,
        only={level: ids for level, ids in only.items() if ids is not None} or None,
    )
    (options.output / RETURNED).mkdir(parents=True, exist_ok=True)
    for one, form in zip(sent, forms, strict=True):
        (options.output / one.file).write_bytes(workbook.workbook(form))
    campaign = Campaign(
        id=sent[0].id.split(":")[0] if sent else options.output.name,
        issued=today,
        due=_due(options.due),
        catalog=catalog.digest[:16],
        sent=sent,
    )
    plain = {**asdict(campaign), "sent": [asdict(one) for one in sent]}
    target.write_text(yaml.safe_dump(plain, allow_unicode=True, sort_keys=False), encoding="utf-8")
    if options.json:
        _json(plain)
    else:
        _say(f"{options.output}: {len(sent)} 份自查表 questionnaires; 交回放入 {RETURNED}/")
    return 0


def gathered(folder: Path) -> tuple[Campaign, dict[str, Returned], dict[str, str], list[Problem]]:
    """The campaign of a folder, what came back, and what could not be read."""
    campaign = load(Campaign, folder / CAMPAIGN)
    paths = sorted(
        one for one in (folder / RETURNED).rglob("*")
        if one.is_file() and not one.name.startswith((".", "~$"))
    )  # fmt: skip
    if len(paths) > LATEST:
        raise _bad(folder / RETURNED, f"多于 {LATEST} 个文件 / too many files")
    catalog, today = load_catalog(), _today()
    came: dict[str, Returned] = {}
    unreadable: dict[str, str] = {}
    problems: list[Problem] = []
    for path in paths:
        name = str(path.relative_to(folder / RETURNED))
        try:
            got = _read(path, catalog, today)
        except DataError as error:
            problems += error.problems
            unreadable[name] = path.name
            continue
        if campaigns.unknown_file(campaign, got):
            message = f"不是这次发出的 `{got.header.id[:60]}` / not sent by this campaign"
            problems.append(Problem(file=name, line=1, column=1, message=message))
            continue
        came[name] = got
        problems += got.problems
    return campaign, came, unreadable, problems


_WORDS = {
    "missing": "未交", "unreadable": "打不开", "faulty": "有错",
    "incomplete": "未填完", "complete": "已交齐",
}  # fmt: skip


def _chase(options: argparse.Namespace) -> int:
    campaign, came, unreadable, problems = gathered(options.folder)
    listed = campaigns.chased(campaign, came, unreadable, _today())
    late = [one for one in listed if one.back is not campaigns.Back.COMPLETE]
    if options.json:
        _json({
            "id": campaign.id, "due": campaign.due, "sent": len(listed),
            "complete": len(listed) - len(late),
            "questionnaires": [_chased(one) for one in listed],
            "problems": [str(one) for one in problems],
        })  # fmt: skip
        return 1 if late else 0
    for one in sorted(late, key=lambda each: (each.back.value, each.sent.name)):
        days = f"，逾期 {one.overdue_days} 天 late" if one.overdue_days else ""
        _say(
            f"{_WORDS[one.back.value]} {one.back.value:<11} {one.sent.name} {one.sent.system} "
            f"{one.answered}/{one.sent.rows}，有错 {one.problems}{days}"
        )
    for problem in problems[:200]:
        _say(f"  {problem}")
    _say(
        f"{len(listed)} 份 sent, {len(listed) - len(late)} 份交齐 complete; "
        f"期限 due {campaign.due or '—'}"
    )
    return 1 if late else 0


def _chased(one: Chased) -> Mapping[str, Any]:
    return {**asdict(one.sent), **asdict(one), "sent": one.sent.id, "back": one.back.value}


def _merge(options: argparse.Namespace) -> int:
    campaign, came, _, problems = gathered(options.folder)
    found = campaigns.merged(came)
    output = options.output or options.folder / "answers"
    for file in found.files:
        _keep(output, file)
    told = [
        f"{one.questionnaire} {one.control}: "
        + " ≠ ".join(f"{name} {state}" for name, state in one.said.items())
        for one in found.conflicts
    ]
    if options.json:
        _json({
            "id": campaign.id, "output": str(output), "files": len(found.files),
            "answers": sum(len(one.answers) for one in found.files),
            "conflicts": [asdict(one) for one in found.conflicts],
            "problems": [str(one) for one in problems],
        })  # fmt: skip
    else:
        _lines(found.files, output, told, problems)
    return 1 if told or problems else 0


def _lines(files: Any, output: Path, told: Iterable[str], problems: Iterable[Problem]) -> None:
    for one in told:
        _say(f"矛盾，未采用 conflict, neither taken: {one}")
    for problem in problems:
        _say(f"  {problem}")
    total = sum(len(one.answers) for one in files)
    _say(f"{output}: {len(files)} 份 files, {total} 条答复 answers")


def _list(options: argparse.Namespace) -> int:
    files = [one for path in options.paths for one in load_answers(path, load_catalog())]
    if options.json:
        _json([asdict(one) for one in files])
        return 0
    for file in files:
        _say(f"{file.id}  {file.organisation} {file.system} L{file.level}  {len(file.answers)}")
        for one in file.answers:
            _say(f"  {one.control}  {one.state.value}  {one.by} {one.dated}  {one.reason[:60]}")
    return 0
