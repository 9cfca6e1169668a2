"""`qinglang audit repair …`: 整改 from opening to the sealed reply.

Exit code 1: `list --overdue` found some, or a re-test failed. A door.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

from audit.catalog import load_catalog
from audit.model import RepairState, State
from audit.probes.host import canonical
from audit.repair_list import read_list
from audit.repairs import Case, Do, Step, identity, overdue, refusal, reply, retested
from audit.store import Store
from audit.store_cli import bad, chosen, opened, out, place
from audit.waive_cli import control_id
from audit.written import written

MAX_LIST = 32 * 1024 * 1024


def register(commands: Any) -> None:
    """Add `repair` and its steps."""
    room = commands.add_parser("repair", help="整改 / repairs")
    inner = room.add_subparsers(dest="repair_command", required=True, metavar="COMMAND")
    listed = inner.add_parser("list", help="列出 / list")
    listed.add_argument("--overdue", action="store_true", help="只列逾期 / overdue only")
    listed.set_defaults(run=run_list)
    new = inner.add_parser("open", help="立项 / open one, or all failures of a run")
    new.add_argument("control", nargs="?", default="", metavar="CLAUSE|ID")
    said = "由一次运行，缺省为最近一次 / from a run, the last one by default"
    new.add_argument("--from-run", nargs="?", const="", metavar="RUN", help=said)
    new.add_argument("--level", type=int, choices=range(1, 5))
    new.add_argument("--target", default="", metavar="ID")
    new.add_argument("--check", default="", metavar="ID")
    new.add_argument("--problem", default="")
    new.add_argument("--source", default="", help="来源 / where it comes from")
    new.add_argument("--number", default="", help="外部编号 / an external number")
    new.add_argument("--owner", required=True)
    new.add_argument("--due", required=True, metavar="DATE")
    new.set_defaults(run=run_open)
    one = inner.add_parser("import", help="导入清单 / import a list (XLSX, CSV)")
    one.add_argument("file", type=Path, metavar="FILE")
    one.add_argument("--source", required=True, help="机构或通报文号 / who gave it")
    one.set_defaults(run=run_import)
    retest = inner.add_parser("retest", help="复测 / hold against a later run")
    retest.add_argument("--run", dest="run_id", default="", metavar="RUN")
    retest.add_argument("id", nargs="?", default="")
    retest.set_defaults(run=run_retest)
    made = [listed, new, one, retest]
    for name, zh in (("send", "下发"), ("evidence", "报送材料"), ("close", "办结")):
        step = inner.add_parser(name, help=f"{zh} / {name}")
        step.add_argument("id")
        step.add_argument("--note", default="")
        if name == "evidence":
            step.add_argument("--file", type=Path, metavar="FILE", help="材料 / its digest is kept")
        if name == "close":
            step.add_argument("--reply", type=Path, metavar="FILE", help="整改反馈单 / the reply")
        step.set_defaults(run=run_step)
        made.append(step)
    for each in made:
        place(each)
        if each is not listed:
            each.add_argument("--by", default="", help="经办人 / who does it")


def run_list(options: argparse.Namespace) -> int:
    """All repairs. 1: overdue ones were asked for, and there are some."""
    now = time.time()
    with opened(options) as store:
        found = written(store.entries("repair")).cases.values()
    shown = [one for one in found if not options.overdue or overdue(one, now)]
    told = [_told(one, now) for one in shown]
    lines = [
        f"{x['id']} {x['state']:8} {'逾期 overdue ' if x['overdue'] else ''}"
        f"{x['due']} {x['owner']} {x['target'] or '*'} {x['control']} {x['problem'][:60]}"
        for x in told
    ]
    out(options, told, lines or ["没有整改 / no repairs"])
    return 1 if options.overdue and shown else 0


def _told(one: Case, now: float) -> dict[str, Any]:
    return {
        **asdict(one.repair),
        "number": one.number,
        "problem": one.problem,
        "overdue": overdue(one, now),
        "steps": len(one.steps),
    }


def run_open(options: argparse.Namespace) -> int:
    """Open one repair, or one for each failing finding of a run."""
    with opened(options, make=True) as store:
        if options.from_run is not None:
            steps = _of_run(store, options)
        elif options.control:
            control = control_id(options.control, options.level)
            steps = [_opening(options, control, options.target, options.check, options.problem)]
        else:
            raise bad("repair open", "需要条款或 --from-run / a clause or --from-run")
        taken = _take(store, steps, options)
    out(options, {"repairs": taken}, [*taken, f"{len(taken)} 项 repairs"])
    return 0


def _opening(
    options: argparse.Namespace, control: str, target: str, check: str, problem: str
) -> Step:
    name = identity(control=control, target=target, check=check, source=options.source,
                    number=options.number)  # fmt: skip
    return Step(
        repair=name,
        do=Do.OPEN,
        control=control,
        target=target,
        check=check,
        number=options.number,
        source=options.source or options.from_run or "",
        problem=problem,
        owner=options.owner,
        due=options.due,
    )


def _of_run(store: Store, options: argparse.Namespace) -> list[Step]:
    """One for each failing finding, under the first control it speaks for; open ones stay."""
    kept, run, _ = chosen(store, options.from_run)
    options.from_run = kept.id
    there = written(store.entries("repair")).cases
    steps: dict[tuple[str, str], Step] = {}
    for item in run.single:  # a finding serves several controls: the first names the repair
        for one in item.findings:
            named = (one.target, one.check)
            if one.state in (State.FAIL, State.PARTIAL) and named not in steps:
                steps[named] = _opening(options, item.control, *named, one.reason.zh)
    return [
        one
        for one in steps.values()
        if (before := there.get(one.repair)) is None or before.repair.state is RepairState.CLOSED
    ]


def run_import(options: argparse.Namespace) -> int:
    """Open what a list names; nothing where a cell is wrong."""
    if options.file.stat().st_size > MAX_LIST:
        raise bad(str(options.file), "文件过大 / the file is too large")
    known = [one.id for one in load_catalog().select(standard="GBT22239-2019")]
    steps = read_list(
        options.file.read_bytes(), str(options.file), source=options.source, known=known
    )
    digest = sha256(options.file.read_bytes()).hexdigest()
    with opened(options, make=True) as store:
        taken = _take(store, list(steps), options)
        told = {"file": options.file.name, "digest": digest, "repairs": taken}
        store.write("import", options.source, told, by=options.by, now=time.time())
    out(options, told, [*taken, f"{len(taken)} 项 repairs"])
    return 0


def run_step(options: argparse.Namespace) -> int:
    """Send, evidence, close."""
    handed = getattr(options, "file", None)
    step = Step(
        repair=options.id,
        do=Do(options.repair_command),
        note=options.note,
        evidence=sha256(handed.read_bytes()).hexdigest() if handed else "",
    )
    with opened(options) as store:
        _take(store, [step], options)
        case = written(store.entries("repair")).cases[options.id]
        if getattr(options, "reply", None):
            document = reply(case)
            digest = sha256(canonical(document)).hexdigest()
            told = {"repair": options.id, "digest": digest}
            store.write("repair-reply", options.id, told, by=options.by, now=time.time())
            sealed = {"reply": document, "digest": digest, "seal": store.seal(told)}
            text = json.dumps(sealed, ensure_ascii=False, indent=1)
            options.reply.write_text(text + "\n", encoding="utf-8")
    out(options, _told(case, time.time()), [f"{options.id}: {case.repair.state}"])
    return 0


def run_retest(options: argparse.Namespace) -> int:
    """Hold repairs against a later run. 1: something is still there."""
    with opened(options) as store:
        kept, run, _ = chosen(store, options.run_id)
        found = written(store.entries("repair")).cases
        if options.id and options.id not in found:
            raise bad(options.id, "没有这项整改 / there is no such repair")
        steps = [
            retested(one, run, kept.id)
            for name, one in found.items()
            if options.id in ("", name) and one.repair.state is not RepairState.CLOSED
        ]
        _take(store, steps, options)
    told = [{"repair": one.repair, "result": one.do.value, "run": one.run} for one in steps]
    out(options, told, [f"{one.repair} {one.do}" for one in steps] or ["没有整改 / no repairs"])
    return 1 if any(one.do is Do.FAILED for one in steps) else 0


def _take(store: Store, steps: list[Step], options: argparse.Namespace) -> list[str]:
    """Write the steps, all or none. Raises DataError for one that does not follow."""
    there = written(store.entries("repair")).cases
    wrong = [f"{one.repair}: {why}" for one in steps
             if (why := refusal(there.get(one.repair), one))]  # fmt: skip
    if wrong:
        raise bad("repair", "; ".join(wrong))
    given = [("repair", one.repair, one) for one in steps]
    store.write_all(given, by=options.by, now=time.time())
    return [one.repair for one in steps]
