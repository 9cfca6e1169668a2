"""Change under load: new rules, bad rules, a killed worker, a stop. Nothing open is dropped."""

from __future__ import annotations

import hashlib
import os
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from tests.conftest import LIST, World
from tests.pages import digest
from tests.running import Gateway, environment
from tests.wire.test_tls import answer

pytestmark = [pytest.mark.wire, pytest.mark.timeout(180)]

SIZE = 4_000_000  # bytes, some six seconds at the origin's pace
NEW = "plain.allowed.example"


def until(true: Callable[[], bool], seconds: float = 30.0) -> bool:
    """Wait for something to become true."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


class Download:
    """A slow download through the gateway in a curl of its own."""

    def __init__(self, gateway: Gateway, url: str) -> None:
        ways = ["--cacert", str(gateway.ca), "-x", f"http://{gateway.proxy}"]
        argv = ["curl", "-q", "-sS", "--noproxy", "", *ways, url]
        self.process = subprocess.Popen(argv, stdout=subprocess.PIPE, env=environment())
        self.digest = hashlib.sha256()
        self.size = 0
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        stream = self.process.stdout
        while stream is not None and (data := stream.read(65536)):
            self.size += len(data)
            self.digest.update(data)

    def __del__(self) -> None:
        """A test that fails earlier must not leave a curl behind."""
        self.end()

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        self._thread.join(10)
        if self.process.stdout is not None:
            self.process.stdout.close()

    def whole(self) -> bool:
        """Did it come to its end, with the right content?"""
        code = self.process.wait(60)
        self.end()
        return (code, self.size, self.digest.hexdigest()) == (0, SIZE, digest(SIZE))


@contextmanager
def kept_alive(gateway: Gateway, world: World) -> Iterator[Callable[[str], bytes]]:
    """One client connection, used again and again."""
    at = gateway.proxy
    with socket.create_connection((at.host, at.port), 20) as sock:

        def ask(host: str) -> bytes:
            url = f"http://{host}:{world.http.port}/small"
            sock.sendall(f"GET {url} HTTP/1.1\r\nHost: {host}:{world.http.port}\r\n\r\n".encode())
            return answer(sock).split(b" ")[1]

        yield ask


def downloads(gateway: Gateway, world: World) -> list[Download]:
    urls = [
        f"http://www.allowed.example:{world.http.port}/hold/{SIZE}",
        f"https://www.allowed.example:{world.h2.port}/hold/{SIZE}",
    ]
    made = [Download(gateway, url) for url in urls]
    assert until(lambda: all(one.size for one in made))
    return made


def test_reload_under_load(own_gateway: Gateway, world: World) -> None:
    """A newly blocked name is blocked at once, a bad policy changes nothing, and neither
    a download nor a kept-alive connection is dropped."""
    gateway = own_gateway
    before = gateway.status()["publication"]
    pids = gateway.children()
    with kept_alive(gateway, world) as ask:
        assert ask(NEW) == b"200"
        running = downloads(gateway, world)
        hosts = gateway.folder / "lists" / "wire" / "hosts.txt"
        hosts.write_text(f"{LIST}{NEW} gambling\n")
        done = gateway.command("gateway", "reload")
        assert done.returncode == 0, done.stderr
        assert until(lambda: ask(NEW) == b"403")
        in_force = gateway.status()["publication"]
        assert in_force["snapshot"] != before["snapshot"]

        policy = gateway.folder / "policies" / "schools" / "wire.yaml"
        good = policy.read_text()
        policy.write_text(good + "clauses: [{id: x, action: explode}]\n")
        done = gateway.command("gateway", "reload")
        assert done.returncode == 2
        assert f"{policy}:8:" in done.stderr
        status = gateway.status()["publication"]
        assert status["result"] == "refused"
        assert status["snapshot"] == in_force["snapshot"]
        assert any("explode" in problem for problem in status["problems"])
        assert ask(NEW) == b"403"
        assert ask("www.allowed.example") == b"200"

        policy.write_text(good)
        hosts.write_text(LIST)  # nobody is asked this time: the supervisor looks by itself
        assert until(lambda: ask(NEW) == b"200")
        assert [one.whole() for one in running] == [True, True]
    assert gateway.children() == pids


def test_a_killed_worker(own_gateway: Gateway, world: World) -> None:
    """The listening socket outlives its workers: no connection is refused."""
    gateway = own_gateway
    before = gateway.children()
    victim = before["worker-0"]
    failures: list[str] = []

    def asks(count: int) -> int:
        good = 0
        for _ in range(count):
            try:
                with kept_alive(gateway, world) as ask:
                    good += ask("www.allowed.example") == b"200"
            except ConnectionRefusedError as error:
                failures.append(str(error))
            except (OSError, IndexError):
                continue  # it was with the worker that was killed
        return good

    assert asks(10) == 10
    os.kill(victim, signal.SIGKILL)
    asks(10)
    assert until(lambda: gateway.children().get("worker-0", victim) != victim)
    assert until(lambda: gateway.status()["state"] == "serving")
    assert asks(60) == 60
    assert failures == []
    after = gateway.children()
    assert after["worker-1"] == before["worker-1"]
    os.kill(after["worker-1"], signal.SIGKILL)  # and the other one: no worker is special
    assert until(lambda: gateway.children().get("worker-1", 0) not in (0, after["worker-1"]))
    assert asks(10) == 10
    assert failures == []


def test_the_writer_is_killed(own_gateway: Gateway, world: World) -> None:
    """What is recorded while the writer is away is spilled and stored when it is back."""
    gateway = own_gateway
    url = f"http://www.allowed.example:{world.http.port}/small"
    before = gateway.settled(0)["exchanges"]
    for number in range(12):
        if number == 4:
            os.kill(gateway.children("writer")["writer"], signal.SIGKILL)
        assert gateway.curl(url).status == 200
    assert gateway.settled(before + 12, patience=40)["exchanges"] == before + 12


def test_a_graceful_stop(own_gateway: Gateway, world: World) -> None:
    """SIGTERM: no new connection is taken, what is under way is finished."""
    gateway = own_gateway
    running = downloads(gateway, world)
    gateway.process.send_signal(signal.SIGTERM)
    assert [one.whole() for one in running] == [True, True]
    gateway.stop()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((gateway.proxy.host, gateway.proxy.port), 5)
