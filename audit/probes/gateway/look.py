"""Looks at one node of the gateway: its state folder, settings, event store and ledger. A door.

Reads only, and never asks a running process. What cannot be read is a gap of the document, and
a folder that is no node's is Evidence with a problem. Of the event store the newest days are
verified against the ledger (kept.py); `qinglang events verify` does all of it.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from audit.model import Evidence, Target
from audit.probes.gateway import facts, kept
from audit.probes.host import canonical, redact
from gateway import authority, bundles
from gateway.appeals import Appeals
from gateway.identity.directory import Directory
from gateway.identity.oidc import Provider
from gateway.node import Node
from gateway.orders import Orders
from gateway.reveal import book
from rules.load import DataError, WorldError, load

PROBE = "gateway"
METHOD = "只读节点的数据目录、设置、事件库与账本 / a node's folder, settings, store, ledger: read"
MOST_FILES = 200_000
BACKUP = "backup.done"
"""Touched by the operator's backup job after each good backup (docs/operations.md)."""


@dataclass(slots=True, kw_only=True)
class _Looking:
    """What was found so far, and what could not be read."""

    found: dict[str, Any] = field(default_factory=dict)
    gaps: list[dict[str, str]] = field(default_factory=list)

    def put(self, name: str, make: Callable[[], Any]) -> None:
        """One room of the document; trouble with it is a gap, never the end."""
        try:
            self.found[name] = make()
        except PermissionError as error:
            self.gaps.append({"path": name, "why": "denied", "detail": str(error)[:200]})
        except (
            OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError,
            DataError, WorldError,
        ) as error:  # fmt: skip
            self.gaps.append({"path": name, "why": "failed", "detail": str(error)[:200]})


def look(target: Target, *, now: float, timeout: float = 60.0) -> Evidence:
    """Evidence of the node whose data folder is `access: {file: DIR}`. Never raises for it.

    `timeout` bounds the row by row verification, which is left out once it has passed.
    """
    data = Path(target.access.get("file", "var"))
    try:
        node = replace(Node.read(data / "run" / "node.json"), data=data.absolute())
    except (DataError, OSError) as error:
        said = f"不是网关的数据目录（或未启动过） / no data folder of a started gateway: {error}"
        return _evidence(target.id, now, None, said)
    seen = _Looking()
    seen.found["platform"] = facts.PLATFORM
    for name, make in _rooms(node, data, now, time.monotonic() + timeout).items():
        seen.put(name, make)
    return _evidence(target.id, now, {**seen.found, "gaps": seen.gaps}, "")


def _rooms(node: Node, data: Path, now: float, deadline: float) -> dict[str, Callable[[], Any]]:
    chain, anchors = kept.chain(node, data)
    return {
        "node": lambda: _node(node, data),
        "listeners": lambda: facts.listeners(node),
        "services": lambda: facts.services(node),
        "transport": lambda: _transport(node),
        "retention": lambda: kept.retention(data),
        "events": lambda: kept.events(data, now),
        "ledger": lambda: kept.ledger(node, data, chain(), anchors(), now, deadline),
        "duties": lambda: facts.duties(
            Orders(data / "orders.jsonl").book(now=0.0),
            book(chain().checkpoints),
            Appeals(data / "appeals.jsonl").book(),
            now,
        ),
        "policy": lambda: facts.policy((data / "snapshot" / "current").read_text(encoding="utf-8")),
        "publication": lambda: _publication(data),
        "bundle": lambda: _bundle(node),
        "lists": lambda: _lists(data),
        "ca": lambda: _ca(data, now),
        "pseudonyms": lambda: _pseudonyms(data),
        "files": lambda: facts.files(_modes(data), data.stat().st_uid),
        "backup": lambda: {"ever": (data / BACKUP).exists(), "newest": _when(data / BACKUP)},
        "care": lambda: {"alerts": sum(map(kept.lines, (data / "care").glob("*.jsonl")))},
    }


def _evidence(target: str, now: float, document: Any, problem: str) -> Evidence:
    found = None if document is None else redact(document)
    digest = sha256(canonical([target, problem, now] if found is None else found)).hexdigest()
    return Evidence(
        id=f"{target}:{PROBE}:{digest[:16]}",
        target=target,
        probe=PROBE,
        method=METHOD,
        taken=now,
        dated=now,
        collector="qinglang-gateway-probe",
        version=_version(),
        document=found,
        problem=problem[:500],
        digest=digest,
    )


def _version() -> str:
    try:
        return version("qinglang")
    except PackageNotFoundError:
        return ""


def _node(node: Node, data: Path) -> dict[str, Any]:
    """What the node says of itself, as last written."""
    try:
        status = json.loads((data / "run" / "status.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        status = {}
    children = status.get("children", [])
    return {
        "name": node.name,
        "version": _version(),
        "state": status.get("state"),
        "started": status.get("started"),
        "children": [{"name": c["name"], "restarts": c["restarts"]} for c in children],
        "workers": node.workers,
        "detail": node.detail,
        "open_destinations": len(node.open_destinations),
        "appeal": "form" if not node.appeal else "link",
    }


def _transport(node: Node) -> dict[str, Any]:
    plain = None
    if node.directory is not None:
        plain = load(Directory, node.directory).plain
    https = None
    if node.oidc is not None:
        https = load(Provider, node.oidc).issuer.startswith("https://")
    return facts.transport(node, ldap_plain=plain, oidc_https=https)


def _publication(data: Path) -> dict[str, Any]:
    said = json.loads((data / "run" / "publication.json").read_text(encoding="utf-8"))
    return {
        "result": said["result"],
        "at": said["at"],
        "snapshot": said["snapshot"],
        "rulebase": said["rulebase"],
        "problems": len(said["problems"]),
    }


def _bundle(node: Node) -> dict[str, Any] | None:
    """Signed policy distribution; null where the node has policies of its own."""
    if not node.bundle:
        return None
    state = bundles.state(node)
    return {
        "revision": state.revision,
        "signed_by": len(state.signed_by),
        "enough": len(state.signed_by) >= bundles.needed(node),
        "applied": state.applied_at or None,
        "refused": state.refused != "",
        "withdrawn": len(state.withdrawn),
    }


def _lists(data: Path) -> dict[str, Any]:
    current = data / "rulebase" / "current"
    report = json.loads((current / "report.json").read_text(encoding="utf-8"))
    folders = (data / "good", data / "lists")
    ages = [one.stat().st_mtime for top in folders for one in top.glob("*/*") if one.is_file()]
    return facts.lists(report, ages)


def _ca(data: Path, now: float) -> dict[str, Any]:
    found = authority.load(data / "ca")
    return {
        "days_left": found.current.days_left(datetime.fromtimestamp(now, UTC)),
        "made": found.current.not_before.timestamp(),
        "generations": len(found.published),
        "mode": f"{(data / 'ca' / authority.Generation.CURRENT).stat().st_mode & 0o777:04o}",
    }


def _pseudonyms(data: Path) -> dict[str, Any]:
    folder = data / "keys" / "pseudonyms"
    times = [one.stat().st_mtime for one in folder.glob("*.json")] if folder.is_dir() else []
    return {
        "keyed": (data / "keys" / "pseudonym.key").exists(),
        "rotated_schools": len(times),
        "newest_rotation": max(times, default=None),
    }


def _modes(data: Path) -> Iterator[facts.Mode]:
    """Every file of the data folder, not the rule base's (public lists)."""
    yield _mode(data, data)
    seen = 0
    for folder, below, names in os.walk(data, followlinks=False):
        below[:] = [one for one in below if one not in ("rulebase", "good", "lists", "rules")]
        for name in (*below, *names):
            path = Path(folder) / name
            if not path.is_symlink() and not path.is_socket() and path.exists():
                yield _mode(data, path)
            seen += 1
            if seen > MOST_FILES:
                raise WorldError("文件太多 / too many files")


def _mode(data: Path, path: Path) -> facts.Mode:
    one = path.lstat()
    return facts.Mode(
        path=str(path.relative_to(data)),
        mode=one.st_mode & 0o777,
        owner=one.st_uid,
        folder=path.is_dir(),
    )


def _when(path: Path) -> float | None:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        return None
