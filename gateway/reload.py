"""From data files to what is in force: compile, publish, follow.

`Publisher` (the supervisor's side) compiles rules, policies and orders, writes
`<data>/snapshot/<hash>.json` and swaps the link `current` in one step; where the
data is wrong it says so and leaves the link alone, so the last good one stays in
force. `Follower` (each worker's side) notices the link and loads what it names.
The snapshot names its RuleBase by hash, so the one link is the only truth and a
worker never pairs old policies with new rules. This module is a door to files;
the clock is a parameter. Run as a module it is one publication in a process of
its own: the supervisor stays small whatever the lists weigh.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.authority import private_folder
from gateway.identity import renames
from gateway.node import Node
from gateway.orders import Orders
from policies.model import Order
from rules.load import DataError, Problem, WorldError

if TYPE_CHECKING:  # loaded where used: `gateway status` needs neither
    from policies.compile import Snapshot
    from rules.base import RuleBase
    from rules.report import BuildReport

CURRENT = "current"
PREVIOUS = "previous"
SAMPLES = 5  # bad lines told of each list
KEPT = 500  # snapshot documents; events name them by hash, so many are kept
ROOMS = Path(__file__).resolve().parent.parent


class Result(StrEnum):
    """How a publication ended."""

    PUBLISHED = "published"  # something new is in force
    UNCHANGED = "unchanged"  # the same hash as before
    REFUSED = "refused"  # the data is wrong; the last good one stays
    FAILED = "failed"  # the world failed (disk, memory); the last good one stays


@dataclass(frozen=True, slots=True, kw_only=True)
class Compiled:
    """What a compilation gives: hashes, the snapshot document, and what to tell people."""

    snapshot: str
    rulebase: str
    document: str
    notes: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()  # bad lines that were skipped


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """The outcome of one attempt, as status.json tells it. Times are Unix seconds."""

    result: Result
    snapshot: str  # in force after this attempt; empty where there is none yet
    rulebase: str
    at: float
    seconds: float
    request: str = ""  # the id of the `gateway reload` that asked, if any
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def good(self) -> bool:
        return self.result in (Result.PUBLISHED, Result.UNCHANGED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A RuleBase and the Snapshot compiled for it."""

    base: RuleBase
    snapshot: Snapshot


Compile = Callable[[Node, tuple[Order, ...]], Compiled]


class Publisher:
    """Compiles and publishes for one node. Raises nothing: the outcome is a Publication."""

    def __init__(self, node: Node, compile_node: Compile | None = None) -> None:
        self.node = node
        self.compile = compile_node or compile_all

    def publish(self, now: float, request: str = "") -> Publication:
        """Compile everything and put it in force, or say why not."""
        started = time.perf_counter()
        before = in_force(self.node)
        try:
            book = Orders(orders_file(self.node)).book(now)
            renamed = renames.load(renames.file(self.node), now)
            compiled = self.compile(self.node, renames.orders(book.orders, renamed))
            put_in_force(self.node, compiled)
        except DataError as error:
            return _refusal(
                Result.REFUSED, before, error.problems, now=now, started=started, request=request
            )
        except (WorldError, OSError, MemoryError) as error:
            said = f"{type(error).__name__}: {error}"
            return _refusal(
                Result.FAILED, before, (said,), now=now, started=started, request=request
            )
        changed = compiled.snapshot != before.snapshot
        return Publication(
            result=Result.PUBLISHED if changed else Result.UNCHANGED,
            snapshot=compiled.snapshot,
            rulebase=compiled.rulebase,
            at=now,
            seconds=time.perf_counter() - started,
            request=request,
            notes=compiled.notes,
            problems=tuple(map(str, (*compiled.problems, *book.problems))),
        )


class Follower:
    """A worker's view of what is in force. `changed` costs one system call."""

    def __init__(self, node: Node) -> None:
        self.link = node.snapshot / CURRENT
        self.node = node
        self.seen = ""

    def changed(self) -> bool:
        """Does the link name something other than what was last loaded?"""
        return _target(self.link) not in ("", self.seen)

    def load(self) -> Loaded:
        """Load what is in force now; slow, so call it in a thread and swap the value.

        Raises WorldError where nothing is in force or it cannot be read; then the
        caller keeps what it has.
        """
        from policies.compile import Snapshot
        from rules.base import RuleBase

        name = _target(self.link)
        if not name:
            raise WorldError(f"{self.link}: 还没有策略快照 / no snapshot is in force yet")
        try:
            snapshot = Snapshot.from_json((self.link.parent / name).read_text(encoding="utf-8"))
            base = RuleBase.open(held(self.node) / snapshot.rulebase)
        except (OSError, ValueError, KeyError, DataError) as error:
            raise WorldError(f"{self.link.parent / name}: cannot be loaded: {error}") from error
        self.seen = name
        return Loaded(base=base, snapshot=snapshot)


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """What the link names; both empty where nothing was ever published."""

    snapshot: str = ""
    rulebase: str = ""


def compile_all(node: Node, orders: tuple[Order, ...]) -> Compiled:
    """Rules, policies and orders → one snapshot document. Raises DataError, WorldError.

    The policies are checked against the categories before any list is read, so that
    a bad policy costs milliseconds and leaves the RuleBase in force alone. An Order that
    does not fit (any more) is left out and reported: it must not hold up all the others.
    """
    from gateway import bundles
    from policies.check import sound_orders
    from policies.compile import compile_policies
    from policies.load import load_policies
    from rules.base import RuleBase
    from rules.compile import build
    from rules.sources import load_categories

    signed, lists = bundles.folders(node)
    policies = load_policies((*node.policy, *signed))
    categories = tuple(load_categories((*node.rules, *lists)).values())
    orders, unsound = sound_orders(policies, categories, orders)
    compile_policies(policies, categories=categories, rulebase="", orders=orders)
    report = build(node.data, (*node.rules, *lists))
    base = RuleBase.open(node.rulebase)
    try:
        snapshot = compile_policies(
            policies, categories=base.categories, rulebase=base.hash, orders=orders
        )
        return Compiled(
            snapshot=snapshot.hash,
            rulebase=base.hash,
            document=snapshot.to_json(),
            notes=(
                f"{base.rows} 条名单条目 / list entries, {len(report.lists)} 份名单 / lists, "
                f"{report.bad} 行有误已跳过 / bad lines skipped",
                f"{len(base.categories)} 个类别 / categories, {len(snapshot.policies)} 份策略 / "
                f"policies, {len(orders)} 条指令 / orders",
            ),
            problems=(*unsound, *_list_problems(report)),
        )
    finally:
        base.close()


def _list_problems(report: BuildReport) -> Iterator[Problem]:
    """What the lists had that was skipped or refused; the rest of them is in force."""
    for one in report.lists:
        if one.refused:
            stay = "the last good copy is used" if one.stale else "the list is left out"
            yield Problem(file=one.id, line=0, column=0, message=one.refused, remedy=stay)
        for bad in one.samples[:SAMPLES]:
            yield Problem(
                file=bad.file, line=bad.line, column=1, message=bad.reason, remedy="skipped"
            )


def put_in_force(node: Node, compiled: Compiled) -> None:
    """Write the document and swap the link; an older document is never overwritten."""
    folder = node.snapshot
    private_folder(folder)
    _hold(node, compiled.rulebase)
    name = f"{compiled.snapshot}.json"
    if not (folder / name).exists():
        write_text(folder / name, compiled.document)
    before = _target(folder / CURRENT)
    if before != name:
        if before:
            _link(folder / PREVIOUS, before)
        _link(folder / CURRENT, name)
    _prune(folder, KEPT)
    _let_go(node)


def held(node: Node) -> Path:
    """Where the RuleBases of the current and the previous snapshot are held."""
    return node.snapshot / "rules"


def _hold(node: Node, rulebase: str) -> None:
    """Hold a RuleBase by hard links: a later build may remove its own copy while this
    one is still in force, and a worker started then must find it."""
    source, target = node.rulebase / rulebase, held(node) / rulebase
    if target.is_dir() or not source.is_dir():
        return
    fresh = target.with_name(f"{rulebase}.{os.getpid()}.tmp")
    shutil.rmtree(fresh, ignore_errors=True)
    shutil.copytree(source, fresh, copy_function=os.link)
    fresh.rename(target)


def _let_go(node: Node) -> None:
    """Remove what is held for neither the current nor the previous snapshot."""
    wanted = {_rulebase_of(node.snapshot, name) for name in (CURRENT, PREVIOUS)}
    if held(node).is_dir():
        for path in held(node).iterdir():
            if path.name not in wanted:
                shutil.rmtree(path, ignore_errors=True)


def in_force(node: Node) -> InForce:
    """The hashes in force, from the link alone."""
    name = _target(node.snapshot / CURRENT)
    rulebase = _rulebase_of(node.snapshot, CURRENT)
    return InForce(snapshot=name.removesuffix(".json"), rulebase=rulebase) if name else InForce()


def _rulebase_of(folder: Path, link: str) -> str:
    try:
        document = json.loads((folder / link).read_text(encoding="utf-8"))
        return str(document["rulebase"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def orders_file(node: Node) -> Path:
    return node.data / "orders.jsonl"


def write_text(path: Path, text: str) -> None:
    """Write atomically, readable by the owner only."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def publication_json(publication: Publication) -> str:
    return json.dumps(asdict(publication), ensure_ascii=False, indent=1)


def read_publication(path: Path) -> Publication | None:
    """The last attempt's outcome; None where there is none or it does not read."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return Publication(
            result=Result(found["result"]),
            snapshot=str(found["snapshot"]),
            rulebase=str(found["rulebase"]),
            at=float(found["at"]),
            seconds=float(found["seconds"]),
            request=str(found["request"]),
            notes=tuple(map(str, found["notes"])),
            problems=tuple(map(str, found["problems"])),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _refusal(
    result: Result,
    before: InForce,
    problems: Sequence[Problem | str],
    *,
    now: float,
    started: float,
    request: str,
) -> Publication:
    return Publication(
        result=result,
        snapshot=before.snapshot,
        rulebase=before.rulebase,
        at=now,
        seconds=time.perf_counter() - started,
        request=request,
        problems=tuple(map(str, problems)),
    )


def _target(link: Path) -> str:
    try:
        return os.readlink(link)
    except OSError:
        return ""


def _link(link: Path, target: str) -> None:
    fresh = link.with_name(f"{link.name}.{os.getpid()}.tmp")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(target)
    fresh.replace(link)


def _prune(folder: Path, kept: int) -> None:
    """Remove the oldest documents beyond `kept`, never those the links name."""
    named = {_target(folder / CURRENT), _target(folder / PREVIOUS)}
    documents = sorted(folder.glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
    for path in documents[:-kept]:
        if path.name not in named:
            path.unlink(missing_ok=True)


def main(argv: Sequence[str] | None = None) -> int:
    """One publication; its outcome goes to `<data>/run/publication.json`.

    Exit code 0 in force, 2 refused (data), 3 failed (world).
    """
    arguments = argparse.ArgumentParser(prog="python -m gateway.reload")
    arguments.add_argument("--node", type=Path, required=True)
    arguments.add_argument("--request", default="")
    options = arguments.parse_args(argv)
    node = Node.read(options.node)
    publication = Publisher(node).publish(time.time(), options.request)
    write_text(node.run / "publication.json", publication_json(publication))
    return 0 if publication.good else 2 if publication.result is Result.REFUSED else 3


if __name__ == "__main__":
    sys.exit(main())
