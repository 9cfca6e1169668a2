"""Figures of the events: cost of one record() to the caller and in all, rows stored a second.

    python -O bench/events.py [--rounds N]

The peer, in the same interleaved run: what a gateway would pay that inserts and commits
each event through SQLAlchemy, in the thread that decides, into the same kind of file.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from sqlalchemy import URL, insert

from gateway.batch import Batch, decode
from gateway.database import connect, dispose, migrate
from gateway.delivery import Fate
from gateway.events import Recorder
from gateway.metrics import Metrics
from gateway.node import Node
from gateway.pipeline import Deed, Outcome
from gateway.rows import plain
from gateway.store import Store
from gateway.tables import EventRow
from policies.model import Action, Depth, Reason, Subject, Verdict
from rules.model import Facts, Signal, Signals, Stage, Text

ALLOWED, BLOCKED, SYNCHRONOUS, HOSTS = 200_000, 10_000, 300, 2_000
SUBJECT = Subject(school="s1", stage="junior", tier="12-16", token="t" * 26, source="radius")
HIT = Signal(category="gambling", recogniser="hosts", matched="bet.example", list="own")


def main() -> None:
    """Measure and print one JSON document: medians of the rounds."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=5)
    rounds = options.parse_args().rounds
    found: dict[str, list[float]] = {}
    for number in range(rounds):
        with tempfile.TemporaryDirectory() as folder:
            for name, value in one_round(Path(folder), number).items():
                found.setdefault(name, []).append(value)
    figures = {name: round(statistics.median(values), 2) for name, values in found.items()}
    block = figures["block_caller_us"]
    figures["synchronous_to_block_caller"] = round(figures["synchronous_us"] / block, 1)
    in_all = figures["block_in_all_us"] + 1e6 / figures["stored_events_per_s"]
    figures["synchronous_to_block_with_writer"] = round(figures["synchronous_us"] / in_all, 1)
    print(json.dumps({"rounds": rounds, **figures}, indent=1))


def one_round(folder: Path, number: int) -> dict[str, float]:
    """Everything once; µs of this process's CPU, except where a disk is waited for."""
    payloads: list[bytes] = []

    def keep(name: str, payload: bytes) -> Fate:
        payloads.append(payload)
        return Fate.STORED

    node = Node(name="n1", data=folder)
    recorder = Recorder(
        node,
        role="proxy",
        index=number,
        send=keep,
        metrics=Metrics(),
        capacity=BLOCKED,
        start=False,
    )
    hosts = [facts(f"h{i}.example") for i in range(HOSTS)]
    allow, block = outcome(Action.ALLOW), outcome(Action.BLOCK)
    figures: dict[str, float] = {}

    def record(what: Outcome, count: int) -> None:
        for index in range(count):
            recorder.record(hosts[index % HOSTS], SUBJECT, what, bytes_down=1000)

    for name, what, count in (("allow", allow, ALLOWED), ("block", block, BLOCKED)):
        caller = cpu(lambda what=what, count=count: record(what, count)) / count
        flush = cpu(recorder.flush) / count
        figures |= {f"{name}_caller_us": caller, f"{name}_in_all_us": caller + flush}
    batches = [decode(payload) for payload in payloads]
    store = Store("n1", folder / "events")
    store.write([replace(batches[0], boot="warm", events=batches[0].events[:1])])
    events = sum(len(batch.events) for batch in batches)
    took = wall(lambda: by_tens(store, batches))
    store.close()
    figures["stored_events_per_s"] = events / (took / 1e6)
    figures["bytes_per_stored_event"] = size(folder / "events") / events
    figures["synchronous_us"] = synchronous(folder, batches)
    return figures


def by_tens(store: Store, batches: list[Batch]) -> None:
    """As the writer does under load: several batches in one transaction."""
    for start in range(0, len(batches), 10):
        store.write(batches[start : start + 10])


def synchronous(folder: Path, batches: list[Batch]) -> float:
    """µs of an insert and a commit for each event, same table, same pragmas."""
    connection = connect(URL.create("sqlite", database=str(folder / "peer.sqlite")))
    migrate(connection)
    events = [event for batch in batches for event in batch.events][:SYNCHRONOUS]

    def store() -> None:
        for event in events:
            with connection.begin():
                connection.execute(insert(EventRow), plain(event))

    took = wall(store) / len(events)
    dispose(connection)
    return took


def facts(host: str) -> Facts:
    return Facts(
        stage=Stage.REQUEST, host=host, port=443, scheme="https", method="GET", path="/a?b=c"
    )


def outcome(action: Action) -> Outcome:
    text = Text(zh="赌博", en="Gambling")
    signals = Signals(mask=2, items=(HIT,)) if action is Action.BLOCK else Signals()
    verdict = Verdict(
        action=action,
        enforced=action,
        clause="district/c1",
        reason=Reason(clause="district/c1", title=text, text=text),
        trace=f"trace-{action}",
        snapshot="5" * 64,
        profile="junior",
        depth=Depth.CONTENT,
        inspect=True,
        settled=True,
        mask=2,
    )
    return Outcome(Deed.PAGE if action is Action.BLOCK else Deed.PASS, verdict, signals)


def size(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


def cpu(work: Callable[[], None]) -> float:
    """µs of CPU of this process."""
    begin = time.process_time()
    work()
    return (time.process_time() - begin) * 1e6


def wall(work: Callable[[], None]) -> float:
    """µs by the clock."""
    begin = time.perf_counter()
    work()
    return (time.perf_counter() - begin) * 1e6


if __name__ == "__main__":
    main()
