"""The Recorder: Events + Σ counts = exchanges, at every detail and in every trouble."""

from __future__ import annotations

import random
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.batch import EventLayer, Kind, decode
from gateway.delivery import Fate
from gateway.events import Recorder
from gateway.node import Node
from policies.model import Action
from rules.model import Stage
from tests.gateway.event_samples import FACTS, NOON, PUPIL, Sink, outcome, recorder

BLOCK, ALLOW = outcome(Action.BLOCK), outcome(Action.ALLOW)


def told(sink: Sink) -> tuple[int, int, int]:
    """(Events, exchanges let through, exchanges of which only the count is left)."""
    batches = [decode(payload) for payload in sink.payloads]
    sums = dict.fromkeys(Kind, 0)
    for batch in batches:
        for aggregate in batch.aggregates:
            sums[aggregate.kind] += aggregate.count
    return sum(len(batch.events) for batch in batches), sums[Kind.PASSED], sums[Kind.LOST]


@pytest.mark.parametrize(
    ("name", "action", "enforced", "problem", "listed"),
    [
        ("allowed", Action.ALLOW, Action.ALLOW, "", False),
        ("rewritten to safe search", Action.REWRITE, Action.REWRITE, "", False),
        ("within its quota", Action.LIMIT, Action.LIMIT, "", False),
        ("blocked", Action.BLOCK, Action.BLOCK, "", True),
        ("warned", Action.WARN, Action.WARN, "", True),
        ("observed", Action.OBSERVE, Action.OBSERVE, "", True),
        ("monitor mode", Action.BLOCK, Action.OBSERVE, "", True),
        ("allowed with a problem", Action.ALLOW, Action.ALLOW, "upstream reset", True),
    ],
)
def test_what_is_an_event_at_the_default_detail(
    tmp_path: Path, name: str, action: Action, enforced: Action, problem: str, listed: bool
) -> None:
    sink = Sink()
    events = recorder(tmp_path, sink)
    code = events.record(FACTS, PUPIL, outcome(action, enforced=enforced), problem=problem)
    events.flush()
    assert told(sink) == ((1, 0, 0) if listed else (0, 1, 0))
    assert bool(code) is listed


def test_equal_exchanges_are_one_count_with_sums(tmp_path: Path) -> None:
    sink = Sink()
    events = recorder(tmp_path, sink)
    for _ in range(5):
        events.record(FACTS, PUPIL, ALLOW, bytes_up=1, bytes_down=10, duration_ms=2)
    events.record(replace(FACTS, host="other.example"), PUPIL, ALLOW)
    events.flush()
    batch = decode(sink.payloads[0])
    sums = {item.host: (item.count, item.bytes_up, item.bytes_down) for item in batch.aggregates}
    assert sums == {"bet.example": (5, 5, 50), "other.example": (1, 0, 0)}
    assert [trace.id for trace in batch.traces] == ["trace-allow"]


def test_detail_requests_lists_everything(tmp_path: Path) -> None:
    sink = Sink()
    events = recorder(tmp_path, sink, detail="requests")
    for _ in range(3):
        assert events.record(FACTS, PUPIL, ALLOW)
    events.flush()
    assert told(sink) == (3, 0, 0)


def test_detail_connections_lists_the_first_of_each_connection_and_host(tmp_path: Path) -> None:
    sink = Sink()
    events = recorder(tmp_path, sink, detail="connections")
    for connection, host in [("c1", "a"), ("c1", "a"), ("c1", "b"), ("c2", "a"), ("", "a")]:
        events.record(replace(FACTS, host=host), PUPIL, ALLOW, connection=connection)
    events.record(replace(FACTS, host="a"), PUPIL, ALLOW)
    events.flush()
    assert told(sink) == (4, 2, 0)


def test_a_full_queue_counts_and_goes_on(tmp_path: Path) -> None:
    sink = Sink()
    events = recorder(tmp_path, sink, capacity=4)
    for _ in range(10):
        events.record(FACTS, PUPIL, BLOCK)
    events.flush()
    assert told(sink) == (4, 0, 6)


def test_too_many_different_counts_keep_the_sum(tmp_path: Path) -> None:
    sink = Sink()
    events = recorder(tmp_path, sink, max_keys=4)
    for number in range(10):
        events.record(replace(FACTS, host=f"h{number}"), PUPIL, ALLOW)
    events.flush()
    assert told(sink) == (0, 4, 6)


def test_a_full_disk_gives_the_counts_back_until_it_has_room(tmp_path: Path) -> None:
    sink = Sink(Fate.LOST)
    events = recorder(tmp_path, sink)
    for _ in range(3):
        events.record(FACTS, PUPIL, BLOCK, bytes_down=5)
        events.record(FACTS, PUPIL, ALLOW)
        events.flush()
    sink.fate = Fate.STORED
    events.record(FACTS, PUPIL, BLOCK)
    events.flush()
    assert told(sink) == (1, 0, 6)
    (batch,) = [decode(payload) for payload in sink.payloads]
    assert {item.action: (item.count, item.bytes_down) for item in batch.aggregates} == {
        Action.BLOCK: (3, 15),
        Action.ALLOW: (3, 0),
    }
    assert "trace-block" in {trace.id for trace in batch.traces}  # told again


def test_a_fault_in_packing_costs_details_not_counts(tmp_path: Path) -> None:
    sink = Sink()
    events = recorder(tmp_path, sink)
    broken = replace(FACTS, names=None)  # type: ignore[arg-type]
    events.record(broken, PUPIL, BLOCK)
    events.flush()
    events.flush()
    assert told(sink) == (0, 0, 1)


def test_many_events_make_many_batches(tmp_path: Path) -> None:
    sink = Sink()
    events = recorder(tmp_path, sink)
    for number in range(2500):
        events.record(replace(FACTS, host=f"h{number}"), PUPIL, BLOCK if number % 2 else ALLOW)
    events.flush()
    assert told(sink) == (1250, 1250, 0)
    assert [decode(payload).seq for payload in sink.payloads] == [1, 2]


def test_nothing_is_sent_when_nothing_happened(tmp_path: Path) -> None:
    sink = Sink()
    recorder(tmp_path, sink).flush()
    assert sink.payloads == []


def test_buckets_of_five_minutes_and_traces_told_in_each(tmp_path: Path) -> None:
    sink = Sink()
    now = [float(NOON)]
    events = recorder(tmp_path, sink, clock=lambda: now[0])
    for now[0] in (NOON, NOON + 299.9, NOON + 300.0):
        events.record(FACTS, PUPIL, ALLOW)
    events.flush()
    batch = decode(sink.payloads[0])
    assert {item.bucket: item.count for item in batch.aggregates} == {NOON: 2, NOON + 300: 1}
    assert [trace.seen for trace in batch.traces] == [NOON, NOON + 300]


def test_codes_layers_and_rulebase(tmp_path: Path) -> None:
    sink = Sink()
    events = recorder(tmp_path, sink, rulebase="r1")
    reserved = events.reserve()
    assert events.record(FACTS, PUPIL, BLOCK, code=reserved) == reserved
    events.rulebase = "r2"
    second = events.record(FACTS, PUPIL, BLOCK, layer=EventLayer.WEBSOCKET)
    third = events.record(replace(FACTS, stage=Stage.DNS), PUPIL, BLOCK)
    events.flush()
    assert [
        (event.code, event.layer, event.rulebase) for event in decode(sink.payloads[0]).events
    ] == [
        (reserved, "request", "r1"),
        (second, "websocket", "r2"),
        (third, "dns", "r2"),
    ]
    assert len({reserved, second, third}) == 3


def test_the_sum_holds_under_threads_and_a_moody_disk(tmp_path: Path) -> None:
    """Four threads record while the flush thread delivers, spills and loses at random."""
    sink = Sink()
    moods = random.Random(7)

    def moody(name: str, payload: bytes) -> Fate:
        sink.fate = moods.choice(list(Fate))
        return sink(name, payload)

    events = recorder(tmp_path, moody, start=True, capacity=300, max_keys=50)

    def work(seed: int) -> None:
        chance = random.Random(seed)
        for number in range(2000):
            facts = replace(FACTS, host=f"h{chance.randrange(80)}")
            events.record(facts, PUPIL, BLOCK if number % 3 == 0 else ALLOW)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    events.close()
    moods.choice = lambda _: Fate.STORED  # type: ignore[method-assign,assignment]
    events.flush()
    assert sum(told(sink)) == 8000


def test_without_a_writer_batches_are_spilled(tmp_path: Path) -> None:
    events = Recorder(Node(name="n1", data=tmp_path), role="dns", index=2, boot="b1", start=False)
    events.record(FACTS, PUPIL, BLOCK)
    events.close()
    file, last = sorted((tmp_path / "spill").iterdir())
    assert file.name == "b1-dns-2-000000001.batch"
    assert decode(last.read_bytes()).farewell
    assert decode(file.read_bytes()).worker == "dns-2"
    assert file.stat().st_mode & 0o077 == 0
