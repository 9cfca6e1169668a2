"""The writer: nothing twice, nothing lost, whoever dies when."""

from __future__ import annotations

import os
import queue
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gateway.batch import Batch, encode
from gateway.delivery import REFUSED, STORED
from gateway.events import Recorder
from gateway.export import Archive
from gateway.intake import Arrival
from gateway.node import Node
from gateway.store import Store
from gateway.writer import Writer, alone, main
from policies.model import Action
from rules.load import WorldError
from tests.gateway.event_samples import (
    FACTS,
    PUPIL,
    batch,
    eventually,
    outcome,
    running_writer,
)

BLOCK, ALLOW = outcome(Action.BLOCK), outcome(Action.ALLOW)


class Handed:
    """An intake without a socket: batches are handed in, answers are kept."""

    def __init__(self, *payloads: bytes) -> None:
        self.waiting: queue.Queue[Arrival] = queue.Queue()
        self.answers: list[bytes] = []
        for payload in payloads:
            self.waiting.put(Arrival(payload, self.answers.append))

    def open(self) -> None: ...

    def close(self) -> None: ...

    def take(self, most: int, wait: float) -> list[Arrival]:
        return [self.waiting.get() for _ in range(min(most, self.waiting.qsize()))]


class Moody:
    """A store that raises what `moods` says, then keeps batches in memory."""

    def __init__(self, *moods: Exception | None) -> None:
        self.moods = list(moods)
        self.kept: list[Batch] = []
        self.closed = False

    def write(self, batches: list[Batch]) -> int:
        mood = self.moods.pop(0) if self.moods else None
        if mood:
            raise mood
        self.kept += batches
        return len(batches)

    def close(self) -> None:
        self.closed = True


def writer(tmp_path: Path, store: Any, intake: Any, now: list[float] | None = None) -> Writer:
    times = now if now is not None else [0.0]
    return Writer(store, intake, tmp_path / "spill", clock=lambda: times[0])


def spill(tmp_path: Path, name: str, payload: bytes) -> Path:
    path = tmp_path / "spill" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(payload)
    return path


def exchanges(data: Path) -> int:
    return int(Archive(data=data).count()["exchanges"])


def test_good_batches_are_answered_and_bad_ones_refused(tmp_path: Path) -> None:
    store, intake = Moody(), Handed(encode(batch(1)), b"nonsense", encode(batch(2)))
    assert writer(tmp_path, store, intake).turn(0.0) == 3
    assert intake.answers == [STORED, REFUSED, STORED]
    assert [kept.seq for kept in store.kept] == [1, 2]


def test_trouble_refuses_at_once_and_is_tried_again_later(tmp_path: Path) -> None:
    now = [0.0]
    store = Moody(WorldError("disk full"), WorldError("still full"))
    intake = Handed()
    work = writer(tmp_path, store, intake, now)
    script = [(0.0, REFUSED), (0.9, REFUSED), (1.1, REFUSED), (2.9, REFUSED), (3.2, STORED)]
    for now[0], answer in script:
        intake.waiting.put(Arrival(encode(batch(int(now[0] * 10))), intake.answers.append))
        work.turn(0.0)
        assert intake.answers[-1] == answer, now
    assert store.moods == []


def test_one_batch_that_cannot_be_stored_does_not_hold_the_others(tmp_path: Path) -> None:
    bad = ValueError("ours")
    store = Moody(bad, None, bad, None)
    intake = Handed(*(encode(batch(seq)) for seq in (1, 2, 3)))
    writer(tmp_path, store, intake).turn(0.0)
    assert intake.answers == [STORED, REFUSED, STORED]


def test_spilled_batches_are_taken_in_and_unreadable_ones_put_aside(tmp_path: Path) -> None:
    spill(tmp_path, "a.batch", encode(batch(1)))
    spill(tmp_path, "b.batch", b"half a bat")
    orphan = spill(tmp_path, "c.part", encode(batch(2)))
    os.utime(orphan, (1, 1))
    spill(tmp_path, "d.part", encode(batch(3)))  # being written now
    store = Moody()
    writer(tmp_path, store, Handed()).turn(0.0)
    assert sorted(kept.seq for kept in store.kept) == [1, 2]
    assert sorted(os.listdir(tmp_path / "spill")) == ["b.rejected", "d.part"]


def test_spilled_batches_wait_while_there_is_trouble(tmp_path: Path) -> None:
    now = [0.0]
    spill(tmp_path, "a.batch", encode(batch(1)))
    store = Moody(WorldError("disk full"))
    work = writer(tmp_path, store, Handed(), now)
    work.turn(0.0)
    assert os.listdir(tmp_path / "spill") == ["a.batch"]
    now[0] = 2.0
    work.turn(0.0)
    assert os.listdir(tmp_path / "spill") == []
    assert len(store.kept) == 1


def test_spilled_batches_are_taken_in_beside_constant_load(tmp_path: Path) -> None:
    spill(tmp_path, "a.batch", encode(batch(1)))
    store, intake = Moody(), Handed(encode(batch(2)))
    writer(tmp_path, store, intake).turn(0.0)
    assert sorted(kept.seq for kept in store.kept) == [1, 2]


def test_stopping_stores_what_has_arrived(tmp_path: Path) -> None:
    store, intake = Moody(), Handed(*(encode(batch(seq)) for seq in range(200)))
    work = writer(tmp_path, store, intake)
    work.stop()
    work.run()
    assert intake.answers == [STORED] * 200
    assert store.closed


def test_two_writers_of_one_node_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "w.lock"
    with alone(path), pytest.raises(WorldError, match="another writer"), alone(path):
        raise AssertionError("two at once")
    with alone(path):
        pass


@pytest.mark.parametrize(("text", "code"), [("{", 2), ('{"name": "n"}', 2)])
def test_a_bad_node_file_is_exit_code_2(tmp_path: Path, text: str, code: int) -> None:
    (tmp_path / "node.json").write_text(text)
    assert main(["--node", str(tmp_path / "node.json")]) == code


@pytest.mark.wire
def test_recorders_spill_and_writer_together_keep_the_sum(tmp_path: Path) -> None:
    """Three workers, one without a writer at first; a batch arrives both ways; all counted once."""
    node = Node(name="n1", data=tmp_path)
    early = Recorder(node, role="proxy", index=9)
    for _ in range(50):
        early.record(FACTS, PUPIL, BLOCK)
    early.close()  # no writer yet: spilled
    spilled = next((tmp_path / "spill").iterdir())
    both_ways = spilled.read_bytes()
    with running_writer(node):
        recorders = [Recorder(node, role="proxy", index=index) for index in range(3)]

        def work(recorder: Recorder) -> None:
            chance = random.Random(1)
            for number in range(1500):
                facts = replace(FACTS, host=f"h{chance.randrange(30)}")
                recorder.record(facts, PUPIL, BLOCK if number % 5 == 0 else ALLOW)

        threads = [threading.Thread(target=work, args=(recorder,)) for recorder in recorders]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for recorder in recorders:
            recorder.close()
        assert eventually(lambda: not list((tmp_path / "spill").iterdir()))
        spill(tmp_path, "again.batch", both_ways)
        assert eventually(lambda: not list((tmp_path / "spill").iterdir()))
    found = Archive(data=tmp_path).count()
    assert found["events"] == {"block": 50 + 3 * 300}
    assert found["exchanges"] == 50 + 3 * 1500
    assert (found["lost"], found["spilled_batches"]) == (0, 0)


@contextmanager
def process(node: Node) -> Iterator[subprocess.Popen[bytes]]:
    """A writer process, ready."""
    node.run.mkdir(parents=True, exist_ok=True)
    node.write(node.run / "node.json")
    (node.run / "writer.ready").unlink(missing_ok=True)
    command = [sys.executable, "-O", "-m", "gateway.writer", "--node", node.run / "node.json"]
    child = subprocess.Popen(command, stderr=subprocess.PIPE)
    try:
        assert eventually((node.run / "writer.ready").exists)
        yield child
    finally:
        if child.poll() is None:
            child.kill()
        child.communicate()


@pytest.mark.wire
def test_a_writer_killed_in_the_middle_loses_and_doubles_nothing(tmp_path: Path) -> None:
    node = Node(name="n1", data=tmp_path)
    recorder = Recorder(node, role="proxy", index=0)
    recorded = 0
    for _ in range(2):
        with process(node) as child:
            stored = exchanges(tmp_path)
            while exchanges(tmp_path) < stored + 200:
                for _ in range(100):
                    recorder.record(FACTS, PUPIL, BLOCK)
                    recorder.record(FACTS, PUPIL, ALLOW)
                recorded += 200
                time.sleep(0.05)
            child.send_signal(signal.SIGKILL)
            child.wait()
        for _ in range(100):  # while nobody listens
            recorder.record(FACTS, PUPIL, BLOCK)
        recorded += 100
    recorder.close()
    with process(node) as child:
        assert eventually(lambda: not list((tmp_path / "spill").iterdir()))
        child.terminate()
        child.wait(20)
        assert child.returncode == 0
    assert not list((tmp_path / "events").glob("*-wal"))  # folded in
    found = Archive(data=tmp_path).count()
    assert (found["exchanges"], found["lost"]) == (recorded, 0)
    assert not (node.run / "writer.sock").exists()
    assert not (node.run / "writer.ready").exists()


@pytest.mark.wire
def test_the_store_closes_files_on_term_and_a_second_writer_says_why(tmp_path: Path) -> None:
    node = Node(name="n1", data=tmp_path)
    with process(node):
        command = [sys.executable, "-m", "gateway.writer", "--node", node.run / "node.json"]
        second = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert second.returncode == 3
        assert "another writer" in second.stderr
    Store("n1", tmp_path / "events").close()
