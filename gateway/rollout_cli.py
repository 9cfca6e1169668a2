"""`qinglang policy rollout status|step|stop`: how far a candidate has come, may it go on?

Exit codes: 0 well · 1 stopped, or not fit for the next stage · 2 bad input · 3 the world failed.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.commands import Commands, command
from rules.load import WorldError

if TYPE_CHECKING:
    from policies.rollout import Judgement, Progress, Rollout, Share

HEALTH = {"wait": "继续观察 wait", "good": "正常 good", "bad": "异常 bad"}


def register_rollout(subs: Any) -> None:
    """Add `rollout` and its sub-commands to `policy`."""
    room = subs.add_parser("rollout", help="分步发布 / staged rollout")
    inner: Commands = room.add_subparsers(dest="rollout_command", required=True, metavar="COMMAND")
    made = [
        command(inner, "status", _status, "进展与判断；异常时自动停止 / how it goes; stops if bad"),
        command(inner, "step", _step, "下一步 / the next stage"),
        command(inner, "stop", _stop, "停止 / stop"),
    ]
    for sub in made:
        sub.add_argument("rollout", type=Path, metavar="FILE")
        sub.add_argument("--url", default="", help="数据库 database URL (default: day files)")
    made[2].add_argument("--why", default="", metavar="TEXT")


def _status(options: argparse.Namespace) -> int:
    rollout, progress, found = _looked(options)
    return _tell(options, rollout, progress, found)


def _step(options: argparse.Namespace) -> int:
    from gateway.rollouts import keep
    from policies.rollout import RolloutError, step

    rollout, progress, found = _looked(options)
    try:
        progress = step(rollout, progress, found[0] if found else None, time.time())
    except RolloutError as error:
        sys.stderr.write(f"拒绝 refused: {error}\n")
        return 1
    keep(options.data, progress)
    return _tell(options, rollout, progress, None)


def _stop(options: argparse.Namespace) -> int:
    from gateway.rollouts import keep, progress_of, rollout_of
    from policies.rollout import stop

    rollout = rollout_of(options.rollout)
    progress = stop(progress_of(options.data, rollout), options.why)
    keep(options.data, progress)
    _tell(options, rollout, progress, None)
    return 0


type _Found = tuple[Judgement, Share, Share] | None


def _looked(options: argparse.Namespace) -> tuple[Rollout, Progress, _Found]:
    """The rollout, its progress and its health; a bad one is stopped on the spot."""
    from gateway.export import Archive
    from gateway.rollouts import judged, keep, progress_of, rollout_of
    from policies.rollout import Health, stop

    rollout = rollout_of(options.rollout)
    progress = progress_of(options.data, rollout)
    archive = Archive(data=options.data, url=options.url)
    found = judged(archive, rollout, progress, time.time())
    if archive.problems:
        raise WorldError("; ".join(archive.problems))
    if found is not None and found[0].health is Health.BAD and not progress.stopped:
        progress = stop(progress, "; ".join(found[0].reasons))
        keep(options.data, progress)
    return rollout, progress, found


def _tell(options: argparse.Namespace, rollout: Rollout, progress: Progress, found: _Found) -> int:
    from policies.rollout import watched

    inside = watched(rollout, progress)
    name = rollout.stages[progress.stage].id if progress.stage >= 0 else ""
    if options.json:
        told = {
            **asdict(progress),
            "stage_id": name,
            "schools": None if inside is None else list(inside),
            "health": found[0].health if found else "",
            "reasons": list(found[0].reasons) if found else [],
            "before": asdict(found[1]) if found else None,
            "after": asdict(found[2]) if found else None,
        }
        sys.stdout.write(json.dumps(told, ensure_ascii=False, indent=1) + "\n")
    else:
        who = "全部 all" if inside is None else ", ".join(inside) or "-"
        sys.stdout.write(f"{rollout.id}: {name or '未开始 not begun'}  学校 schools: {who}\n")
        if found:
            sys.stdout.write(f"  {HEALTH[found[0].health]} {'; '.join(found[0].reasons)}\n")
            for word, share in (("之前 before", found[1]), ("之后 after", found[2])):
                sys.stdout.write(
                    f"  {word}: {share.exchanges:,} 次 exchanges, {share.blocked:,} 阻断或提示 "
                    f"blocked or warned, {share.appeals} 申诉 appeals\n"
                )
        if progress.stopped:
            sys.stdout.write(f"  已停止 stopped: {progress.stopped}\n")
    return 1 if progress.stopped else 0
