"""The supervisor as a process: signals, reloads, hopeless starts, hard and soft ends."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.node import Node
from gateway.status import read_status

pytestmark = pytest.mark.wire
ROOT = Path(__file__).resolve().parents[2]

CHILD = """
import os, signal, sys, time
from pathlib import Path
ready, log, kind = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
if kind == "crash":
    sys.exit(3)
def hup(*_):
    with log.open("a") as file:
        file.write("hup\\n")
signal.signal(signal.SIGHUP, hup)
if kind == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
ready.with_suffix(".tmp").write_text(str(os.getpid()))
ready.with_suffix(".tmp").replace(ready)
while True:
    signal.pause()
"""

PUBLISH = """
import sys, time
from pathlib import Path
from gateway.reload import Publication, Result, publication_json, write_text
run, request = Path(sys.argv[1]), sys.argv[3]
script = (run / "script").read_text()
if script == "crash":
    sys.exit(1)
result = Result(script)
problems = ("a.yaml:1:1: wrong",) if script == "refused" else ()
outcome = Publication(result=result, snapshot="s", rulebase="r", at=time.time(), seconds=0.0,
                      request=request, problems=problems)
write_text(run / "publication.json", publication_json(outcome))
sys.exit(0 if outcome.good else 2)
"""

SUPERVISE = """
import os, sys, time
from pathlib import Path
from gateway.node import Node
from gateway.supervisor import Supervisor
from gateway.workers import Pool, Spec
data, kind = Path(sys.argv[1]), sys.argv[2]
run = data / "run"
spec = Spec(name="worker-0", argv=(sys.executable, "-S", str(data / "child.py"),
            str(run / "worker-0.ready"), str(data / "log"), kind),
            ready=run / "worker-0.ready", follows=True, recycle=True)
pool = Pool([spec], environment=dict(os.environ), clock=time.monotonic, say=print)
publish = (sys.executable, str(data / "publish.py"), str(run))
code = Supervisor(Node(name="n", data=data), pool, publish=publish, say=print,
                  ready=lambda: print("READY")).run()
pool.close()
sys.exit(code)
"""


class Play:
    """A supervisor under test."""

    def __init__(self, data: Path, kind: str) -> None:
        self.data = data
        self.run = data / "run"
        self.run.mkdir()
        (data / "child.py").write_text(CHILD)
        (data / "publish.py").write_text(PUBLISH)
        self.script("published")
        with (data / "out").open("w") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-u", "-c", SUPERVISE, str(data), kind],
                env={**os.environ, "PYTHONPATH": str(ROOT)},
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    def script(self, what: str) -> None:
        (self.run / "script").write_text(what)

    def status(self) -> dict[str, Any]:
        return read_status(self.run / "status.json")

    def out(self) -> str:
        return (self.data / "out").read_text()

    def until(self, true: Callable[[], object]) -> None:
        deadline = time.monotonic() + 40
        while not true():
            assert time.monotonic() < deadline, (self.out(), self.status())
            time.sleep(0.02)

    def serving(self) -> None:
        self.until(lambda: self.status().get("state") == "serving")

    def reload(self, request: str) -> dict[str, Any]:
        (self.run / "reload.request").write_text(request)
        self.process.send_signal(signal.SIGHUP)
        self.until(lambda: (self.status().get("publication") or {}).get("request") == request)
        found: dict[str, Any] = self.status()["publication"]
        return found

    def hups(self) -> int:
        log = self.data / "log"
        return log.read_text().count("hup") if log.exists() else 0


@pytest.fixture
def play(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Play]:
    made = Play(tmp_path, getattr(request, "param", "good"))
    yield made
    for _ in range(2):  # the second one is the hard end: no child outlives its test
        if made.process.poll() is None:
            made.process.send_signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                made.process.wait(timeout=10)
    made.process.kill()
    made.process.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_clean_end(play: Play, number: signal.Signals) -> None:
    play.serving()
    child = play.status()["children"][0]["pid"]
    play.process.send_signal(number)
    assert play.process.wait(timeout=30) == 0
    assert play.status()["state"] == "stopped"
    assert not Path(f"/proc/{child}").exists()
    assert play.out().startswith("READY\n")


@pytest.mark.parametrize("play", ["stubborn"], indirect=True)
def test_a_second_signal_is_the_hard_end(play: Play) -> None:
    play.serving()
    play.process.send_signal(signal.SIGTERM)
    play.until(lambda: play.status()["state"] == "stopping")
    assert play.process.poll() is None
    play.process.send_signal(signal.SIGTERM)
    assert play.process.wait(timeout=30) == 0


@pytest.mark.parametrize("play", ["crash"], indirect=True)
def test_a_hopeless_start_is_given_up(play: Play) -> None:
    assert play.process.wait(timeout=60) == 3
    assert "keeps failing" in play.out()
    assert "READY" not in play.out()


def test_a_reload_that_is_asked_for_reaches_the_children(play: Play) -> None:
    play.serving()
    assert play.reload("r1")["result"] == "published"
    play.until(lambda: play.hups() == 1)
    play.script("unchanged")
    assert play.reload("r2")["result"] == "unchanged"
    play.until(lambda: play.hups() == 2)  # asked: they look, e.g. for another CA


@pytest.mark.parametrize(
    ("script", "result", "problem"),
    [("refused", "refused", "a.yaml:1:1: wrong"), ("crash", "failed", "ended with code 1")],
)
def test_a_bad_reload_is_said_and_reaches_nobody(
    play: Play, script: str, result: str, problem: str
) -> None:
    play.serving()
    play.reload("r1")
    play.until(lambda: play.hups() == 1)
    play.script(script)
    found = play.reload("r2")
    assert (found["result"], found["snapshot"]) == (result, "s")
    assert problem in "".join(found["problems"])
    assert play.status()["reloads"][result] == 1
    assert play.hups() == 1
    assert problem in play.out()
    play.script("published")
    assert play.reload("r3")["result"] == "published"


def test_a_changed_data_file_is_noticed_by_itself(play: Play) -> None:
    play.serving()
    (play.data / "orders.jsonl").write_text(json.dumps({}))
    play.until(lambda: play.status()["publication"])
    play.until(lambda: play.hups() == 1)


def test_another_signing_ca_renews_the_workers(play: Play) -> None:
    play.serving()
    old = play.status()["children"][0]["pid"]
    ca = Node(name="n", data=play.data).ca
    ca.mkdir()
    (ca / "mitmproxy-ca.pem").write_text("another")
    play.until(lambda: play.status()["children"][0]["pid"] not in (0, old))
    assert play.status()["children"][0]["restarts"] == 0
