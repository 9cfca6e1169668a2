"""Values the event tests share: exchanges as the engine sees them, and records made of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from gateway.batch import Aggregate, Batch, Event, EventLayer, Kind, Trace
from gateway.delivery import Fate
from gateway.events import Recorder
from gateway.intake import Intake
from gateway.node import Node
from gateway.pipeline import Deed, Outcome
from gateway.store import Store
from gateway.writer import Writer
from policies.model import Action, Depth, Reason, Role, Subject, Verdict
from rules.model import Facts, Signal, Signals, Stage, Text

NOON = 1_772_337_600  # 2026-03-01 12:00 in Asia/Shanghai
ZH = Text(zh="赌博", en="Gambling")

FACTS = Facts(
    stage=Stage.REQUEST,
    host="bet.example",
    names=("bet.example",),
    port=443,
    scheme="https",
    method="GET",
    path="/wheel?name=li",
    media_type="text/html",
    status=403,
)
PUPIL = Subject(
    school="s1",
    stage="junior",
    tier="12-16",
    role=Role.PUPIL,
    group="g7",
    segment="wifi",
    token="tok-7f3k",
    source="radius",
    confidence=0.9,
)
HIT = Signal(category="gambling", recogniser="hosts", matched="bet.example", list="own")


def verdict(action: Action, **changes: object) -> Verdict:
    plain = Verdict(
        action=action,
        enforced=action,
        clause=f"district/{action}",
        reason=Reason(clause=f"district/{action}", title=ZH, text=ZH),
        trace=f"trace-{action}",
        snapshot="5" * 64,
        profile="junior",
        depth=Depth.CONTENT,
        inspect=True,
        settled=True,
        mask=1 << 130,
        deciding=("gambling",) if action is Action.BLOCK else (),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def outcome(action: Action = Action.BLOCK, **changes: object) -> Outcome:
    found = Signals(mask=1 << 130, items=(HIT,)) if action is Action.BLOCK else Signals()
    deed = Deed.PAGE if action is Action.BLOCK else Deed.PASS
    return Outcome(deed, verdict(action, **changes), found)


def event(**changes: object) -> Event:
    plain = Event(
        node="n1",
        worker="proxy-0",
        boot="b1",
        seq=1,
        code="1RZJ-WMJF-6XSW",
        ts=NOON * 1_000_000,
        layer=EventLayer.REQUEST,
        token="tok-7f3k",
        school="s1",
        stage="junior",
        tier="12-16",
        role="pupil",
        group="g7",
        segment="wifi",
        source="radius",
        confidence=0.9,
        profile="junior",
        host="bet.example",
        names=("bet.example", "赌.例"),
        port=443,
        scheme="https",
        method="GET",
        path="/wheel",
        media_type="text/html",
        status=403,
        categories=("gambling",),
        signals=(("gambling", "hosts", "bet.example", "own", ""),),
        gap="",
        action=Action.BLOCK,
        enforced=Action.BLOCK,
        deed="page",
        clause="district/block",
        trace="trace-block",
        snapshot="5" * 64,
        rulebase="b" * 64,
        bytes_up=300,
        bytes_down=4000,
        duration_ms=7,
        problem="",
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def aggregate(**changes: object) -> Aggregate:
    plain = Aggregate(
        bucket=NOON,
        kind=Kind.PASSED,
        layer=EventLayer.DNS,
        host="edu.example",
        school="s1",
        stage="junior",
        tier="12-16",
        role="pupil",
        group="g7",
        segment="wifi",
        source="radius",
        profile="junior",
        action=Action.ALLOW,
        enforced=Action.ALLOW,
        clause="district/allow",
        trace="trace-allow",
        snapshot="5" * 64,
        gap="",
        category="",
        signals=(("education", "hosts", "own", ""),),
        count=3,
        bytes_up=30,
        bytes_down=600,
        duration_ms=9,
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


TRACE = Trace(id="trace-block", seen=NOON, snapshot="5" * 64, document='{"mask": "4"}')


def batch(seq: int = 1, *, events: int = 1, counts: int = 1, **changes: object) -> Batch:
    """A batch with `events` Events and `counts` Aggregates of three exchanges."""
    plain = Batch(
        node="n1",
        worker="proxy-0",
        boot="b1",
        seq=seq,
        events=tuple(event(seq=seq * 1000 + i, ts=event().ts + i) for i in range(events)),
        aggregates=tuple(aggregate(host=f"h{i}.example") for i in range(counts)),
        traces=(TRACE,),
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


class Sink:
    """Where a Recorder's batches go in memory; `fate` is what it answers."""

    def __init__(self, fate: Fate = Fate.STORED) -> None:
        self.fate = fate
        self.payloads: list[bytes] = []

    def __call__(self, name: str, payload: bytes) -> Fate:
        if self.fate is not Fate.LOST:
            self.payloads.append(payload)
        return self.fate


def recorder(
    tmp_path: Path,
    sink: Callable[[str, bytes], Fate] | None = None,
    *,
    detail: str = "blocks",
    **options: object,
) -> Recorder:
    """A Recorder without a thread, at noon, unless `options` say otherwise."""
    settings: dict[str, object] = {"start": False, "boot": "b1", "clock": lambda: float(NOON)}
    settings |= options
    node = Node(name="n1", data=tmp_path, detail=detail)
    return Recorder(node, role="proxy", index=0, send=sink, **settings)  # type: ignore[arg-type]


@contextmanager
def running_writer(node: Node) -> Iterator[Writer]:
    """A Writer in a thread of this process, stopped at the end."""
    node.run.mkdir(parents=True, exist_ok=True)
    writer = Writer(
        Store(node.name, node.events), Intake(node.run / "writer.sock"), node.data / "spill"
    )
    ready = threading.Event()
    thread = threading.Thread(target=writer.run, args=(ready.set,))
    thread.start()
    try:
        if not ready.wait(20):
            raise TimeoutError("the writer did not begin to listen")
        yield writer
    finally:
        writer.stop()
        thread.join()


def eventually(holds: Callable[[], bool], seconds: float = 30.0) -> bool:
    """Wait until it holds; False after so many seconds."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True
