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
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from gateway.authority import private_folder
from gateway.node import Node
from gateway.orders import Orders
from policies.model import Order
from rules.load import DataError, Problem, WorldError

if TYPE_CHECKING:  # loaded where used: `gateway status` needs neither
    from policies.compile import Snapshot
    from rules.base import RuleBase

CURRENT = "current"
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
            compiled = self.compile(self.node, book.orders)
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
            base = RuleBase.open(self.node.rulebase / snapshot.rulebase)
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
    """Rules, policies and orders → one snapshot document. Raises DataError, WorldError."""
    from policies.compile import compile_policies
    from policies.load import load_policies
    from rules.base import RuleBase
    from rules.compile import build

    report = build(node.data, node.rules)
    base = RuleBase.open(node.rulebase)
    try:
        policies = load_policies(node.policy)
        snapshot = compile_policies(
            policies, categories=base.categories, rulebase=base.hash, orders=orders
        )
        return Compiled(
            snapshot=snapshot.hash,
            rulebase=base.hash,
            document=snapshot.to_json(),
            notes=(str(report),),
        )
    finally:
        base.close()


def put_in_force(node: Node, compiled: Compiled) -> None:
    """Write the document and swap the link; an older document is never overwritten."""
    folder = node.snapshot
    private_folder(folder)
    name = f"{compiled.snapshot}.json"
    if not (folder / name).exists():
        write_text(folder / name, compiled.document)
    before = _target(folder / CURRENT)
    if before != name:
        if before:
            _link(folder / "previous", before)
        _link(folder / CURRENT, name)
    _prune(folder, KEPT)


def in_force(node: Node) -> InForce:
    """The hashes in force, from the link alone."""
    name = _target(node.snapshot / CURRENT)
    if not name:
        return InForce()
    try:
        document = json.loads((node.snapshot / name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return InForce()
    rulebase = document.get("rulebase", "") if isinstance(document, dict) else ""
    return InForce(snapshot=name.removesuffix(".json"), rulebase=str(rulebase))


def orders_file(node: Node) -> Path:
    return node.data / "orders.jsonl"


def watched(node: Node) -> tuple[Path, ...]:
    """Every file and folder whose change calls for a new publication."""
    shipped = [ROOMS / "policies", ROOMS / "rules"]
    return (*shipped, *node.policy, *node.rules, node.data / "lists", orders_file(node))


def stamp(paths: Iterable[Path]) -> int:
    """A number that changes when any data file below `paths` does (name, size, mtime).

    Only metadata is read; a few hundred files cost about a millisecond.
    """
    return hash(frozenset(entry for path in paths for entry in _entries(path)))


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


def _entries(path: Path) -> Iterable[tuple[str, int, int]]:
    try:
        if path.is_file():
            found = path.stat()
            yield (str(path), found.st_mtime_ns, found.st_size)
            return
        for entry in os.scandir(path):
            if entry.name.startswith((".", "__")) or entry.name.endswith((".py", ".tmp", "~")):
                continue
            if entry.is_dir():
                yield from _entries(Path(entry.path))
            else:
                found = entry.stat()
                yield (entry.path, found.st_mtime_ns, found.st_size)
    except OSError:
        return  # it went away while being looked at: the next look sees the change


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
    named = {_target(folder / CURRENT), _target(folder / "previous")}
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
