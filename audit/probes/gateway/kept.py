"""What a node keeps: its events, the ledger over them, how long, and alerts. A door: reads only.

The chain is checked against the pinned key and the anchors that lie in the folder; `verify` holds
the rows of the newest days against it. A folder that may not be listed is an error, never empty.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

from audit.probes.gateway import facts
from gateway.evidence import load_chain, public_key
from gateway.export import Archive, Window
from gateway.ledger import Chain, check, key_id, read_anchors
from gateway.node import Node
from gateway.retain import FILE, day_files, read_retention, too_early
from gateway.rows import day_of
from gateway.signing import CHAIN, PUBLIC
from gateway.verify import verify
from rules.load import WorldError

DAYS = 3  # of the newest event files, verified row by row
WEEK = 7 * 86400.0


def retention(data: Path) -> dict[str, Any]:
    rules = read_retention(data / FILE)
    return {
        "floor_months": rules.floor_months,
        "ceiling_days": rules.ceiling_days,
        "holds": len(rules.holds),
        "written": (data / FILE).exists(),
    }


def events(data: Path, now: float) -> dict[str, Any]:
    """Dates and sums of the event store; the sums are of the last seven days."""
    days = _days(data)
    archive = Archive(data=data)
    counted = archive.count(Window(since=now - WEEK))
    newest = archive.newest(1)
    return {
        "days": len(days),
        "oldest_day": days[0] if days else None,
        "newest_day": days[-1] if days else None,
        "kept_days": _days_between(days[0], day_of(now)) if days else 0,
        "newest": newest[-1].ts / 1e6 if newest else None,
        "complete": _complete(newest),
        "listed": sum(counted["events"].values())
        if isinstance(counted["events"], dict)
        else counted["events"],
        "by_action": counted["events"],
        "passed": counted["passed"],
        "lost": counted["lost"],
        "spilled": counted["spilled_batches"],
        "damaged": counted["damaged_files"],
        "unreadable": len(archive.problems),
    }


def _complete(newest: list[Any]) -> dict[str, bool] | None:
    """Which of the fields that an audit record needs the newest event holds."""
    if not newest:
        return None
    one = newest[-1]
    return {
        "time": bool(one.ts),
        "user": bool(one.token),
        "type": bool(one.layer and one.action),
        "object": bool(one.host),
        "outcome": bool(one.enforced),
        "reason": bool(one.clause or one.gap),
        "policy": bool(one.snapshot),
    }


def _days(data: Path) -> list[str]:
    """The days of which there are event files. Raises PermissionError."""
    os.listdir(data / "events")
    return sorted(day_files(data / "events"))


def _days_between(first: str, last: str) -> int:
    return (datetime.fromisoformat(last) - datetime.fromisoformat(first)).days


def chain(node: Node, data: Path) -> tuple[Callable[[], Chain], Callable[[], list[Any]]]:
    """The local copy of the chain against the pinned key and the anchors that lie here."""

    def anchors() -> list[Any]:
        files = sorted((data / "anchors").glob("*.jsonl"))
        text = "\n".join(one.read_text(encoding="utf-8", errors="replace") for one in files)
        return [one for one in read_anchors(text) if one.node in ("", node.name)]

    def chain() -> Chain:
        pinned = [p for p in (node.ledger / PUBLIC, data / "signer" / PUBLIC) if p.exists()][:1]
        keys = {key_id(key): key for key in map(public_key, pinned)}
        return check(load_chain(node.ledger / CHAIN), keys, anchors())

    return chain, anchors


def ledger(
    node: Node, data: Path, chain: Chain, anchors: list[Any], now: float, deadline: float
) -> dict[str, Any]:
    days = _days(data)
    if time.monotonic() > deadline:
        raise WorldError("时间已到，未核对 / out of time: not verified")
    first = days[-DAYS] if len(days) >= DAYS else ""
    report = verify(data, chain, anchors=len(anchors), days=(first, "9999"), floor=too_early)
    return facts.ledger(chain, report, now=now, node=node, anchors_found=len(anchors))


def lines(path: Path) -> int:
    with path.open("rb") as file:
        return sum(1 for _ in file)
