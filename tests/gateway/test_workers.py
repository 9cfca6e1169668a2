"""The pool against children that crash, hang, start slowly, ignore SIGTERM and fall silent."""

from __future__ import annotations

import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.workers import Limits, Pool, Spec, State, backoff, rss_of

PRELUDE = """
import os, signal, sys, time
ready = sys.argv[1]
def serve():
    with open(ready + ".tmp", "w") as file:
        file.write(str(os.getpid()))
    os.replace(ready + ".tmp", ready)
def log(text):
    with open(ready + ".log", "a") as file:
        file.write(text + "\\n")
"""
GOOD = "serve()\nsignal.pause()"
CRASH = "sys.exit(3)"
SERVE_THEN_CRASH = "serve()\ntime.sleep(0.05)\nos.kill(os.getpid(), signal.SIGSEGV)"
NEVER_READY = "signal.pause()"
STUBBORN = "signal.signal(signal.SIGTERM, signal.SIG_IGN)\nserve()\nwhile True: signal.pause()"
HANGS_UP = """
signal.signal(signal.SIGHUP, lambda *_: log("hup"))
time.sleep(0.2)
serve()
while True: signal.pause()
"""
BEATS = "serve()\nwhile True:\n    os.utime(ready)\n    time.sleep(0.02)"
ORDERLY = """
def end(*_):
    log(f"{time.monotonic()}")
    sys.exit()
signal.signal(signal.SIGTERM, end)
serve()
while True: signal.pause()
"""


class Clock:
    """The real clock, which a test may put forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.monotonic() + self.ahead


class Scene:
    """A pool, its clock and what it said."""

    def __init__(self, folder: Path, limits: Limits, children: dict[str, str]) -> None:
        self.clock = Clock()
        self.said: list[str] = []
        self.buried: list[int] = []
        self.folder = folder
        self.pool = Pool(
            [self.spec(name, code) for name, code in children.items()],
            environment=dict(os.environ),
            clock=self.clock,
            say=self.said.append,
            buried=self.buried.append,
            limits=limits,
        )

    def spec(self, name: str, code: str, fds: tuple[int, ...] = ()) -> Spec:
        ready = self.folder / f"{name}.ready"
        argv = (sys.executable, "-I", "-S", "-c", PRELUDE + code, str(ready))
        return Spec(
            name=name,
            argv=(*argv, *map(str, fds)),
            fds=fds,
            ready=ready,
            recycle=name.startswith("worker"),
            follows=name.startswith("worker"),
            rank=int(name == "writer"),
        )

    def until(self, true: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 30
        while not true():
            assert time.monotonic() < deadline, (self.said, self.pool.status())
            self.pool.step()
            time.sleep(0.01)

    def log(self, name: str) -> str:
        path = self.folder / f"{name}.ready.log"
        return path.read_text() if path.exists() else ""

    def pid(self, place: int = 0) -> int:
        return self.pool.status()[place].pid


@contextmanager
def scene(folder: Path, limits: Limits | None = None, **children: str) -> Iterator[Scene]:
    made = Scene(folder, limits or Limits(), {n.replace("_", "-"): c for n, c in children.items()})
    try:
        yield made
    finally:
        made.pool.kill()
        made.until(lambda: not made.pool.alive)
        made.pool.close()


@pytest.mark.parametrize(
    ("failures", "wait"), [(1, 0.2), (2, 0.4), (3, 0.8), (6, 6.4), (7, 10.0), (10_000, 10.0)]
)
def test_backoff_doubles_up_to_its_limit(failures: int, wait: float) -> None:
    assert backoff(failures, 10.0) == pytest.approx(wait)


def test_memory_of_a_process_that_is_gone_is_zero() -> None:
    assert rss_of(2**22 + 1) == 0
    assert rss_of(os.getpid()) > 1024 * 1024


@pytest.mark.wire
def test_children_serve_and_end(tmp_path: Path) -> None:
    with scene(tmp_path, writer=GOOD, worker_0=GOOD) as at:
        assert not at.pool.serving
        at.until(lambda: at.pool.serving)
        assert [c.state for c in at.pool.status()] == [State.SERVING] * 2
        assert all(c.rss > 0 and c.restarts == 0 for c in at.pool.status())
        pids = {c.pid for c in at.pool.status()}
        at.pool.stop()
        at.until(lambda: not at.pool.alive)
        assert {c.state for c in at.pool.status()} == {State.STOPPED}
        assert set(at.buried) == pids


@pytest.mark.wire
def test_a_child_that_dies_is_started_again(tmp_path: Path) -> None:
    with scene(tmp_path, worker_0=GOOD) as at:
        at.until(lambda: at.pool.serving)
        first = at.pid()
        os.kill(first, signal.SIGKILL)
        at.until(lambda: at.pool.serving and at.pid() != first)
        assert at.pool.status()[0].restarts == 1
        assert "SIGKILL" in at.said[0]


@pytest.mark.wire
@pytest.mark.parametrize("code", [CRASH, SERVE_THEN_CRASH], ids=["at-once", "after-serving"])
def test_crashing_again_and_again_waits_longer_each_time(tmp_path: Path, code: str) -> None:
    with scene(tmp_path, worker_0=code) as at:
        at.until(lambda: at.pool.status()[0].restarts >= 3)
        waits = ("0.2 s", "0.4 s", "0.8 s")
        assert all(wait in said for wait, said in zip(waits, at.said, strict=True))
        assert at.pool.status()[0].state is State.WAITING


@pytest.mark.wire
def test_failures_are_forgotten_after_a_settled_time(tmp_path: Path) -> None:
    with scene(tmp_path, worker_0=GOOD) as at:
        for _ in range(2):
            at.until(lambda: at.pool.serving)
            os.kill(at.pid(), signal.SIGKILL)
            at.until(lambda: not at.pool.serving)
        assert "0.4 s" in at.said[-1]
        at.until(lambda: at.pool.serving)
        at.clock.ahead += 61
        os.kill(at.pid(), signal.SIGKILL)
        at.until(lambda: not at.pool.serving)
        assert "0.2 s" in at.said[-1]


@pytest.mark.wire
def test_a_program_that_is_not_there_is_retried_and_said(tmp_path: Path) -> None:
    spec = Spec(name="ghost", argv=(str(tmp_path / "nothing"),))
    said: list[str] = []
    pool = Pool([spec], environment={}, clock=time.monotonic, say=said.append)
    pool.step()
    assert "cannot be started" in said[0]
    assert not pool.alive
    pool.close()


@pytest.mark.wire
def test_one_that_never_serves_is_killed_and_tried_again(tmp_path: Path) -> None:
    with scene(tmp_path, Limits(start=5.0), worker_0=NEVER_READY) as at:
        at.pool.step()
        first = at.pid()
        at.clock.ahead += 6
        at.until(lambda: at.pool.status()[0].restarts == 1)
        assert first in at.buried
        assert "did not become ready" in at.said[0]


@pytest.mark.wire
def test_a_stale_ready_file_of_another_run_is_not_believed(tmp_path: Path) -> None:
    with scene(tmp_path, worker_0=NEVER_READY) as at:
        at.pool.step()
        for content in (b"1", b"", b"\x00" * 100, f"{at.pid()}0".encode()):
            (tmp_path / "worker-0.ready").write_bytes(content)
            at.pool.step()
            assert not at.pool.serving


@pytest.mark.wire
def test_one_that_ignores_sigterm_is_killed_after_its_grace(tmp_path: Path) -> None:
    with scene(tmp_path, worker_0=STUBBORN) as at:
        at.until(lambda: at.pool.serving)
        at.pool.stop()
        for _ in range(20):
            at.pool.step()
            time.sleep(0.01)
        assert at.pool.alive
        at.clock.ahead += 36
        at.until(lambda: not at.pool.alive)


@pytest.mark.wire
def test_the_writer_ends_after_the_workers(tmp_path: Path) -> None:
    with scene(tmp_path, writer=ORDERLY, worker_0=ORDERLY, worker_1=ORDERLY) as at:
        at.until(lambda: at.pool.serving)
        at.pool.stop()
        at.until(lambda: not at.pool.alive)
        writer, *workers = (float(at.log(n)) for n in ("writer", "worker-0", "worker-1"))
        assert writer > max(workers)


@pytest.mark.wire
def test_a_hang_up_reaches_those_that_serve_and_those_that_will(tmp_path: Path) -> None:
    with scene(tmp_path, worker_0=HANGS_UP, writer=GOOD) as at:
        at.pool.step()
        at.pool.hang_up()  # still starting: it could not take the signal yet
        at.until(lambda: at.log("worker-0") == "hup\n")
        at.pool.hang_up()
        at.until(lambda: at.log("worker-0") == "hup\nhup\n")
        at.until(lambda: at.pool.serving)
        assert at.buried == []  # the writer has no use for SIGHUP, which would end it


@pytest.mark.wire
def test_a_heartbeat_that_stops_is_noticed(tmp_path: Path) -> None:
    with scene(tmp_path, worker_0=BEATS, worker_1=GOOD) as at:
        at.until(lambda: at.pool.serving)
        for _ in range(20):
            at.pool.step()
            time.sleep(0.02)
        hung = at.pid()
        os.kill(hung, signal.SIGSTOP)
        time.sleep(0.05)
        at.pool.step()
        at.clock.ahead += 31
        at.until(lambda: at.pid() not in (0, hung) and at.pool.serving)
        assert "heartbeat" in at.said[0]
        assert at.pool.status()[1].restarts == 0  # it never promised a heartbeat


@pytest.mark.wire
@pytest.mark.parametrize("reason", ["age", "size", "renew"])
def test_a_worn_worker_is_replaced_only_when_its_successor_serves(
    tmp_path: Path, reason: str
) -> None:
    limits = Limits(rss=1024) if reason == "size" else Limits()
    with scene(tmp_path, limits, writer=GOOD, worker_0=GOOD) as at:
        at.until(lambda: at.pool.status()[1].state is State.SERVING)
        writer, old = at.pid(0), at.pid(1)
        if reason == "age":
            at.clock.ahead += 24 * 3600 + 1
        if reason == "renew":
            at.pool.renew()
        while at.pid(1) == old:
            assert old not in at.buried
            at.pool.step()
            time.sleep(0.01)
        at.until(lambda: old in at.buried)
        assert at.pid(0) == writer
        assert at.pool.status()[1].restarts == 0


@pytest.mark.wire
def test_renewing_goes_one_after_the_other(tmp_path: Path) -> None:
    with scene(tmp_path, worker_0=GOOD, worker_1=GOOD, worker_2=GOOD) as at:
        at.until(lambda: at.pool.serving)
        old = {c.pid for c in at.pool.status()}
        at.pool.renew()
        most = 0

        def renewed() -> bool:
            nonlocal most
            most = max(most, sum(s.successor is not None for s in at.pool.slots))
            return len(at.buried) == 3

        at.until(renewed)
        assert most == 1
        assert set(at.buried) == old
        assert at.pool.serving


ECHO = """
import socket
server = socket.socket(fileno=int(sys.argv[2]))
server.settimeout(0.1)
stopping = []
signal.signal(signal.SIGTERM, lambda *_: stopping.append(1))
serve()
while not stopping:
    try:
        got, _ = server.accept()
    except (TimeoutError, BlockingIOError):
        continue
    got.sendall(str(os.getpid()).encode())
    got.close()
"""


@pytest.mark.wire
def test_no_connection_is_lost_while_workers_are_replaced_and_killed(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening, scene(tmp_path) as at:
        fds = (listening.fileno(),)
        at.pool.close()
        specs = [at.spec(f"worker-{index}", ECHO, fds) for index in range(2)]
        at.pool = Pool(
            specs,
            environment=dict(os.environ),
            clock=at.clock,
            say=at.said.append,
            buried=at.buried.append,
        )
        at.until(lambda: at.pool.serving)
        answered = [ask(at, listening) for _ in range(10)]
        at.pool.renew()
        while len(at.buried) < 2:
            answered.append(ask(at, listening))
        os.kill(at.pid(), signal.SIGKILL)
        while len(at.buried) < 3 or not at.pool.serving:
            answered.append(ask(at, listening))
        assert len(set(answered)) >= 3


def ask(at: Scene, listening: socket.socket) -> int:
    """The pid of the worker that answered; the pool goes on being looked after."""
    with socket.create_connection(listening.getsockname(), timeout=20) as asking:
        asking.settimeout(0.05)
        for _ in range(400):
            at.pool.step()
            try:
                return int(asking.recv(100))
            except TimeoutError:
                continue
    raise AssertionError("the connection was never answered")
