"""The service and the lines of two workers over a real unix socket, in this process."""

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.node import Node
from gateway.usage import Tally
from gateway.usage_line import UsageLine, ask
from gateway.usage_service import UsageService, main
from gateway.usage_store import UsageStore
from gateway.usage_words import LENGTH, pack
from policies.moment import at

START = at("2026-09-01T19:00")
LATER = at("2026-09-01T19:01")


class Running:
    """A service in a thread of its own."""

    def __init__(self, folder: Path) -> None:
        self.store = UsageStore(folder / "usage" / "usage.sqlite")
        self.door = folder / "u.sock"
        self._ready = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self._thread.start()
        assert self._ready.wait(10)

    async def _serve(self) -> None:
        self.service = UsageService(self.store, self.door, clock=lambda: START.timestamp)
        self.loop = asyncio.get_running_loop()
        await self.service.serve(self._ready.set)

    def stop(self) -> None:
        self.loop.call_soon_threadsafe(self.service.stop)
        self._thread.join(10)
        self.store.close()


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Running]:
    service = Running(tmp_path)
    yield service
    if service._thread.is_alive():
        service.stop()


def then() -> float:
    """The time of these tests: rows of days long past are let go of."""
    return START.timestamp


def until(done: Callable[[], bool]) -> bool:
    end = time.monotonic() + 20
    while not done() and time.monotonic() < end:
        time.sleep(0.01)
    return done()


def used(tally: Tally, key: str = "p/c@day") -> int:
    return tally.usage("t", LATER).minutes.get(key, 0)


def test_workers_know_what_all_of_them_counted(running: Running) -> None:
    first, second, late = Tally(), Tally(), Tally()
    lines = [UsageLine(tally, running.door, clock=then, every=0.05) for tally in (first, second)]
    for line in lines:
        line.start()
    first.mark("t", ["p/c"], at("2026-09-01T18:00"), size=5)
    second.mark("t", ["p/c"], at("2026-09-01T18:30"), size=6)
    assert until(lambda: used(first) == used(second) == 2)
    lines.append(UsageLine(late, running.door, clock=then, every=0.05))
    lines[-1].start()
    assert until(lambda: used(late) == 2)
    assert late.usage("t", LATER).bytes["p/c@day"] == 11
    for line in lines:
        line.close()


def test_marks_wait_for_a_service_that_is_away(tmp_path: Path) -> None:
    tally = Tally()
    line = UsageLine(tally, tmp_path / "u.sock", clock=then, every=0.05)
    line.start()
    tally.mark("t", ["p/c"], START, size=7)
    assert used(tally) == 1  # known here at once
    running = Running(tmp_path)
    assert until(lambda: len(running.store.rows()) == 1)
    running.stop()
    tally.mark("t", ["p/c"], LATER, size=1)
    again = Running(tmp_path)
    assert until(lambda: again.store.rows()[0][1].bytes == 8)
    assert again.store.rows()[0][1].minutes == 2
    line.close()
    again.stop()


def test_what_is_left_is_told_at_the_end(running: Running) -> None:
    tally = Tally()
    line = UsageLine(tally, running.door, clock=then, every=0.05)
    line.start()
    for number in range(50):
        tally.mark(f"t{number}", ["p/c"], START)
    line.close()
    assert until(lambda: len(running.store.rows()) == 50)


def test_reset_and_rename_reach_every_worker(running: Running) -> None:
    tally = Tally()
    line = UsageLine(tally, running.door, clock=then, every=0.05)
    line.start()
    tally.mark("t", ["p/c"], START)
    assert until(lambda: len(running.store.rows()) == 1)
    assert ask(running.door, {"say": "rename", "pairs": [["t", "u"]]}) == 1
    assert until(lambda: used(tally) == 0)
    assert tally.usage("u", LATER).minutes["p/c@day"] == 1
    assert ask(running.door, {"say": "reset", "token": "u", "counter": ""}) == 1
    assert until(lambda: not tally.usage("u", LATER).minutes)
    line.close()


@pytest.mark.parametrize(
    "said",
    [
        b"\xff\xff\xff\xff",
        LENGTH.pack(3) + b"\xc1\xc1\xc1",
        pack({"say": "dance"}),
        pack({"say": "marks", "boot": "b", "seq": 1, "marks": [1]}),
        b"GET / HTTP/1.1\r\n\r\n",
        b"\x00\x00",
    ],
)
def test_nonsense_is_hung_up_on_and_the_others_go_on(running: Running, said: bytes) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as sock:
        sock.settimeout(10)
        sock.connect(str(running.door))
        sock.sendall(said)
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(65536):
            pass
    assert ask(running.door, {"say": "reset", "token": "", "counter": ""}) == 0


def test_a_bad_node_file(tmp_path: Path) -> None:
    (tmp_path / "node.json").write_text("{")
    assert main(["--node", str(tmp_path / "node.json")]) == 2


def test_a_second_service_is_refused(tmp_path: Path) -> None:
    from gateway.writer import alone

    node = Node(name="n", data=tmp_path)
    node.run.mkdir()
    node.write(node.run / "node.json")
    with alone(node.run / "usage.lock"):
        assert main(["--node", str(node.run / "node.json")]) == 3
