"""Evidence of an inventory, directly: this machine, SSH, live probes; within the signed scope.

A door: sockets, files, threads. Interrupted and begun again with `--resume`, what is already
in the folder is not collected twice. What nobody can reach is evidence that says so.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from audit.collect_cli import believed, over_ssh
from audit.model import Evidence, ObjectClass, Target
from audit.probes import local, shelf, table
from audit.scope import Scope, refusal
from audit.targets import Inventory, load_inventory, within
from rules.load import DataError, Problem

HOSTS = (ObjectClass.SERVER, ObjectClass.TERMINAL)


def options(made: argparse.ArgumentParser) -> None:
    """The arguments of collecting directly."""
    made.add_argument("--collect", action="store_true",
                      help="按清单直接采集 / collect from the inventory now")  # fmt: skip
    made.add_argument("--system", default="", metavar="ID", help="定级对象 / the system")
    made.add_argument("--scope", type=Path, metavar="FILE", help="签名的授权范围 / signed scope")
    made.add_argument("--signers", type=Path, metavar="FILE")
    made.add_argument("--user", default="audit")
    made.add_argument("--key", type=Path, action="append", default=[], metavar="FILE")
    made.add_argument("--known-hosts", type=Path, metavar="FILE")
    made.add_argument("--sudo", action="store_true", help="sudo -n，不输口令 / never asks")
    made.add_argument("--timeout", type=float, default=120.0, metavar="SECONDS")
    made.add_argument("--resume", action="store_true", help="续采 / only what --keep lacks")


def wanted(given: argparse.Namespace) -> bool:
    """Whether these arguments ask for collecting."""
    return bool(given.collect or given.scope)


def inventory(given: argparse.Namespace) -> Inventory | None:
    """The inventory that is meant: of the chosen system only. Raises DataError."""
    if given.inventory is None:
        return None
    found = load_inventory(given.inventory, given.system)
    if given.system:
        ids = tuple(one.id for one in found.targets if one.system == given.system)
        found = within(found, ids)
    return found


def of_system(given: argparse.Namespace, evidence: Sequence[Evidence]) -> list[Evidence]:
    """The evidence without what is of another system of the inventory. Raises DataError."""
    if given.inventory is None or not given.system:
        return list(evidence)
    listed = load_inventory(given.inventory, given.system).targets
    owner = {one.id: one.system for one in listed}

    def mine(target: str) -> bool:
        host = target.rpartition("/")[0]  # what was found on a host is of the host's system
        return bool(owner.get(target, owner.get(host, given.system)) == given.system)

    return [one for one in evidence if mine(one.target)]


def scope_of(given: argparse.Namespace) -> Scope:
    """The signed scope. Raises DataError where it is missing or not believed."""
    for name in ("scope", "signers"):
        if getattr(given, name) is None:
            message = "在线采集需要 / collecting live needs it"
            raise DataError([Problem(file=f"--{name}", line=1, column=1, message=message)])
    found: Scope = believed(given.scope, given.signers)
    return found


def collected(
    found: Inventory, given: argparse.Namespace, clock: Callable[[], float] = time.time
) -> list[Evidence]:
    """Evidence of every target. Raises DataError, WorldError for what is wrong on our side."""
    seen: list[Evidence] = []
    there: set[str] = set()
    if given.resume and given.keep:
        there = shelf.taken(given.keep)
        for path in sorted(given.keep.glob("*.json")):
            one = shelf.read(path)
            if one.target in there:
                seen.append(one)

    def keep(one: Evidence) -> None:
        seen.append(one)
        if given.keep:
            shelf.keep(given.keep, one)

    todo = [one for one in found.targets if one.id not in there]
    here = [one for one in todo if one.access.get("via") == "local"]
    for target in here:
        for one in local.all_evidence(target.id):
            keep(one)
    away = [one for one in todo if one not in here]
    if away:
        scope = scope_of(given)
        remote = [one for one in away if _by_ssh(one)]
        if remote:
            _ssh(remote, scope, given, keep)
        _live([one for one in away if one not in remote], scope, given.timeout, keep, clock)
    return seen


def _by_ssh(target: Target) -> bool:
    via = target.access.get("via", "")
    return via == "ssh" or (not via and target.kind in HOSTS and target.platform != "windows")


def _ssh(
    targets: Sequence[Target],
    scope: Scope,
    given: argparse.Namespace,
    keep: Callable[[Evidence], None],
) -> None:
    if given.known_hosts is None:
        message = "SSH 采集需要 / collecting over SSH needs it"
        raise DataError([Problem(file="--known-hosts", line=1, column=1, message=message)])

    over_ssh(targets, scope, keep, given)


def _live(
    targets: Sequence[Target],
    scope: Scope,
    timeout: float,
    keep: Callable[[Evidence], None],
    clock: Callable[[], float],
) -> None:
    """Live probes, few at once; the scope is asked before each. Saved files are imported apart."""
    jobs = [(row, one) for one in targets if one.access.get("via") != "file"
            for row in table.rows(one)]  # fmt: skip

    def one(job: tuple[table.Row, Target]) -> Evidence:
        row, target = job
        now = clock()
        killed = bool(scope.kill_file) and Path(scope.kill_file).exists()
        refused = refusal(scope, target, now, killed=killed)
        if refused:
            problem = f"scope: {refused.zh} / {refused.en}"
            return table.nothing(row.probe, target.id, problem, now)
        return table.look(row, target, now=now, timeout=min(timeout, 60.0))

    gap = 60.0 / scope.per_minute
    with ThreadPoolExecutor(max_workers=min(scope.concurrency, 8)) as pool:
        waiting = []
        for job in jobs:
            waiting.append(pool.submit(one, job))
            if len(waiting) < len(jobs):
                time.sleep(min(gap, 60.0))
        for each in waiting:
            keep(each.result())
