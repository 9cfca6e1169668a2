"""`qinglang audit runs|show|score|diff|trend|verify|forget`: what the store holds.

Exit codes: 1 where a comparison drifts, a chain does not hold, a score's conclusion is `fails`.
A door: arguments in, lines of text or JSON out.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from audit.difference import WORDS, Kind, compare
from audit.record import Beside
from audit.rectification import for_score, rectified
from audit.run import Run, described
from audit.scope import SHANGHAI
from audit.score import score
from audit.store import Kept, Store
from audit.waivers import unwaived
from audit.written import written
from audit.yardsticks import DEFAULT_TEMPLATE, load_yardsticks
from rules.load import DataError, Problem, WorldError

DEFAULT_STORE = "var/audit.db"


def place(made: argparse.ArgumentParser) -> None:
    """Where the store is."""
    made.add_argument("--store", default=DEFAULT_STORE, metavar="FILE|URL")
    made.add_argument("--store-key", type=Path, metavar="FILE")
    made.add_argument("--json", action="store_true")


def register(commands: Any) -> None:
    """Add the commands that read the store."""
    runs = commands.add_parser("runs", help="历次运行 / the runs in the store")
    runs.add_argument("--assessment", default="", metavar="ID")
    runs.add_argument("--system", default="", metavar="ID")
    show = commands.add_parser("show", help="一次运行 / one run again")
    show.add_argument("run_id", nargs="?", default="", metavar="RUN")
    show.add_argument("--record", action="store_true", help="完整记录 / the whole record")
    scored = commands.add_parser("score", help="得分与结论 / score and conclusion")
    scored.add_argument("run_id", nargs="?", default="", metavar="RUN")
    scored.add_argument("--before", default="", metavar="RUN", help="整改前 / before rectification")
    scored.add_argument("--template", default=DEFAULT_TEMPLATE, metavar="2021|2025")
    diff = commands.add_parser("diff", help="两次运行对比 / compare two runs")
    diff.add_argument("before", metavar="RUN")
    diff.add_argument("after", metavar="RUN")
    diff.add_argument("--all", action="store_true", help="也列未变的 / also what is unchanged")
    trend = commands.add_parser("trend", help="历年趋势 / over the years")
    trend.add_argument("--system", default="", metavar="ID")
    proof = commands.add_parser("verify", help="核验存证链 / prove the store against its chain")
    forget = commands.add_parser("forget", help="销毁评估密钥 / destroy an assessment's key")
    forget.add_argument("assessment", metavar="ID")
    forget.add_argument("--by", required=True)
    forget.add_argument("--reason", required=True)
    for made, run in (
        (runs, run_runs), (show, run_show), (scored, run_score), (diff, run_diff),
        (trend, run_trend), (proof, run_verify), (forget, run_forget),
    ):  # fmt: skip
        place(made)
        made.set_defaults(run=run)


def opened(options: argparse.Namespace, *, make: bool = False) -> Any:
    return Store.open(options.store, options.store_key, make=make)


def out(options: argparse.Namespace, told: Any, lines: list[str]) -> None:
    """One JSON document, or lines for people."""
    text = json.dumps(told, ensure_ascii=False, indent=1) if options.json else "\n".join(lines)
    sys.stdout.write(text + "\n")


def bad(where: str, message: str, remedy: str = "") -> DataError:
    return DataError([Problem(file=where, line=1, column=1, message=message, remedy=remedy)])


def chosen(store: Store, name: str) -> tuple[Kept, Run, Beside]:
    """The run of this name (or of the beginning of it), the last one for none."""
    listed = [one for one in store.runs() if one.id.startswith(name)]
    if not listed:
        raise WorldError(f"{name or 'store'}: 没有运行 / there is no run")
    exact = [one for one in listed if one.id == name]
    if name and not exact and len(listed) > 1:
        raise bad(name, "有多次运行以此开头 / several runs begin so")
    kept = (exact or listed)[-1]
    run, beside = store.run(kept.id)
    return kept, run, beside


def _day(at: float) -> str:
    return datetime.fromtimestamp(at, SHANGHAI).strftime("%Y-%m-%d %H:%M")


def run_runs(options: argparse.Namespace) -> int:
    """List the runs, oldest first."""
    with opened(options) as store:
        listed = store.runs(options.assessment, options.system)
    told = [asdict(one) for one in listed]
    lines = [
        f"{one.id:40} {_day(one.taken)} "
        f"符合 {one.summary['passed']} 不符合 {one.summary['failed']} "
        f"未知 {one.summary['unknown']}{'' if one.whole else ' 已删除 deleted'}"
        for one in listed
    ]
    out(options, told, lines or ["没有运行 / no runs"])
    return 0


def run_show(options: argparse.Namespace) -> int:
    """A run as `audit run` printed it, or its whole record."""
    from audit.run_cli import table

    with opened(options) as store:
        kept, run, beside = chosen(store, options.run_id)
        document = store.document(kept.id) if options.record else None
    if document is not None:
        sys.stdout.write(json.dumps(document, ensure_ascii=False) + "\n")
        return 0
    told = {"run": kept.id, "digest": kept.digest, **described(run, beside.checks)}
    out(options, told, [f"{kept.id} {_day(kept.taken)} {kept.digest}", table(run, 0.0)])
    return 0


def run_score(options: argparse.Namespace) -> int:
    """Score a stored run again, by either template, with the counts before rectification."""
    template = options.template.removeprefix("template-")
    yardsticks = load_yardsticks(template=f"template-{template}")
    now = time.time()
    with opened(options) as store:
        kept, run, _ = chosen(store, options.run_id)
        before = chosen(store, options.before)[1] if options.before else run
        said = written(store.entries())
    found = score(
        run.items,
        run.controls,
        scoring=yardsticks.scoring,
        hazards=for_score(run.high, before.hazards, run.hazards),
    )
    high = rectified(before.high, run.high)
    hazards = rectified(before.hazards, run.hazards)
    held = said.waivers_at(now)
    left = unwaived(run.single, held)
    failing = len(unwaived(run.single, ()))
    told = {
        "run": kept.id,
        "score": asdict(found),
        "high_risks": {**asdict(high), "text": asdict(high.text)},
        "hazards": {**asdict(hazards), "text": asdict(hazards.text)},
        "waived": failing - len(left),
        "not_waived": len(left),
    }
    rate = "—" if found.rate is None else f"{found.rate:.1%}"
    lines = [
        f"{kept.id}: {found.conclusion.zh} / {found.conclusion.en}",
        f"符合率 rate {rate} ({found.floor:.1%} – {found.ceiling:.1%}); "
        f"符合 {found.passed} 部分符合 {found.partial} 不符合 {found.failed} "
        f"不适用 {found.not_applicable} 未知 {found.unknown}",
        f"高风险 high risks {high.text.zh}; 重大风险隐患 major hazards {hazards.text.zh}; "
        f"已豁免 waived {failing - len(left)}",
        *(one.zh for one in found.reasons),
    ]
    out(options, told, lines)
    return 1 if found.code == "fails" else 0


def run_diff(options: argparse.Namespace) -> int:
    """Compare two runs. 1: something passed before and does not any more."""
    with opened(options) as store:
        first, old, _ = chosen(store, options.before)
        second, new, _ = chosen(store, options.after)
    found = compare(old, new)
    shown = [one for one in found.changes if options.all or one.kind is not Kind.UNCHANGED]
    told = {
        "before": first.id,
        "after": second.id,
        "items": found.counts("item"),
        "findings": found.counts("finding"),
        "drift": len(found.drift),
        "changes": [asdict(one) for one in shown],
    }
    lines = [
        f"{WORDS[one.kind]} {one.kind:14} {one.target or '*':20} {one.name} "
        f"{one.before or '-'} → {one.after or '-'}"
        for one in shown
    ]
    lines.append("; ".join(f"{WORDS[Kind(k)]} {n}" for k, n in found.counts("item").items() if n))
    out(options, told, lines)
    return 1 if found.drift else 0


def run_trend(options: argparse.Namespace) -> int:
    """The counts of each run; comparable only within one catalog, which is named."""
    with opened(options) as store:
        listed = store.runs(system=options.system)
    told = [{"run": one.id, "taken": one.taken, **one.summary} for one in listed]
    lines = [
        f"{_day(one.taken)} {one.id:40} {one.summary['floor']:.1%}–{one.summary['ceiling']:.1%} "
        f"不符合 {one.summary['failed']} 未知 {one.summary['unknown']} "
        f"高风险 {one.summary['high_risks']} 目录 {one.summary['catalog'][:8]}"
        for one in listed
    ]
    out(options, told, lines or ["没有运行 / no runs"])
    return 0


def run_verify(options: argparse.Namespace) -> int:
    """Hold every row against the signed chain. 1: it does not hold."""
    with opened(options) as store:
        found = store.verify()
    faults = [f"{one.seq}: {one.fault} {one.detail}" for one in found.chain.faults]
    last = found.chain.checkpoints[-1] if found.chain.checkpoints else None
    told = {
        "holds": found.holds,
        "checkpoints": len(found.chain.checkpoints),
        "faults": faults,
        "wrong": list(found.wrong),
        "deleted": found.deleted,
        "last": last.hash if last else "",
    }
    word = "成立 holds" if found.holds else "不成立 does not hold"
    lines = [*faults, *found.wrong]
    lines.append(f"{word}: {told['checkpoints']} 个检查点 checkpoints, 已删除 deleted "
                 f"{found.deleted}, {told['last'][:16]}")  # fmt: skip
    out(options, told, lines)
    return 0 if found.holds else 1


def run_forget(options: argparse.Namespace) -> int:
    """Destroy the key and the bodies of an assessment; digests stay."""
    if not (options.by.strip() and options.reason.strip()):
        raise bad("--reason", "须写明经办人和理由 / who and why are needed")
    with opened(options) as store:
        store.forget(options.assessment, now=time.time(), by=options.by, reason=options.reason)
    out(options, {"forgotten": options.assessment}, [f"{options.assessment}: 已销毁 / destroyed"])
    return 0
