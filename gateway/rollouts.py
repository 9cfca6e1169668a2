"""How a rollout goes: reads its file, its progress and the record, and says what to do.

The thinking stands in `policies.rollout`. The same judgement is made twice: by the
district before each stage, and by every node on itself while a bundle is on probation
(its thresholds are part of what was signed), so that a node takes a bad revision back
without anybody's order. This module is a door to files; the clock is a parameter.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import asdict
from pathlib import Path

from gateway import bundles
from gateway.authority import private_folder, write_private
from gateway.export import Archive, Window
from gateway.node import Node
from policies.model import Action
from policies.rollout import (
    Health,
    Judgement,
    Progress,
    Rollout,
    Share,
    Thresholds,
    judge,
    watched,
)
from rules.load import WorldError, load

STRICT = frozenset({Action.BLOCK.value, Action.WARN.value})
HOUR, DAY = 3600.0, 86_400.0


def rollout_of(path: Path) -> Rollout:
    """A rollout file. Raises DataError."""
    return load(Rollout, path)


def progress_of(data: Path, rollout: Rollout) -> Progress:
    """How far it has come; not begun where nothing is written. Raises WorldError."""
    path = _path(data, rollout.id)
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return Progress(
            rollout=rollout.id,
            stage=int(found["stage"]),
            since=float(found["since"]),
            first=float(found["first"]),
            stopped=str(found["stopped"]),
        )
    except FileNotFoundError:
        return Progress(rollout=rollout.id)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WorldError(f"{path}: 无法读取 / cannot be read: {error}") from error


def keep(data: Path, progress: Progress) -> None:
    """Write how far it has come."""
    path = _path(data, progress.rollout)
    private_folder(path.parent)
    write_private(path, json.dumps(asdict(progress), ensure_ascii=False).encode())


def judged(
    archive: Archive, rollout: Rollout, progress: Progress, now: float
) -> tuple[Judgement, Share, Share] | None:
    """How the stages that are in are doing: (judgement, before, after); None: not begun."""
    if progress.stage < 0:
        return None
    schools = watched(rollout, progress)
    limits = rollout.thresholds
    since = progress.since or now
    begun = progress.first or since
    before = share(archive, begun - limits.baseline_days * DAY, begun, schools)
    after = share(archive, since, now, schools)
    return judge(before, after, limits, (now - since) / HOUR), before, after


def on_probation(node: Node, archive: Archive, now: float) -> Judgement | None:
    """How this node does with its bundle; None where none is on probation (any more)."""
    bundle = bundles.current_bundle(node)
    since = bundles.state(node).applied_at
    if bundle is None or bundle.manifest.probation is None or not since:
        return None
    limits: Thresholds = bundle.manifest.probation
    if now - since > limits.hours * HOUR:
        return None
    before = share(archive, since - limits.baseline_days * DAY, since, None)
    return judge(before, share(archive, since, now, None), limits, (now - since) / HOUR)


def watch_over(node: Node, archive: Archive, now: float) -> str:
    """Take the bundle in force back where it did badly. Returns why; empty where it stays."""
    found = on_probation(node, archive, now)
    if found is None or found.health is not Health.BAD:
        return ""
    why = "; ".join(found.reasons)
    bundles.rollback(node, why)
    return why


def share(archive: Archive, since: float, until: float, schools: Collection[str] | None) -> Share:
    """What these schools (None: all) met in a span."""
    sums = archive.by_school(Window(since=max(0.0, since), until=until))
    inside = {key: n for key, n in sums.items() if schools is None or key[0] in schools}
    return Share(
        exchanges=sum(inside.values()),
        blocked=sum(n for (_, enforced), n in inside.items() if enforced in STRICT),
        appeals=_appeals(archive.data / "appeals.jsonl", since, until, schools),
    )


def _appeals(path: Path, since: float, until: float, schools: Collection[str] | None) -> int:
    """Appeals received in a span; lines that do not read are not counted."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return 0
    return sum(_is_appeal(line, since, until, schools) for line in lines)


def _is_appeal(line: str, since: float, until: float, schools: Collection[str] | None) -> bool:
    try:
        told = json.loads(line)["appeal"]
        return since <= float(told["at"]) < until and (
            schools is None or told.get("school", "") in schools
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False


def _path(data: Path, name: str) -> Path:
    return data / "rollouts" / f"{name}.json"
