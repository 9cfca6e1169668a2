"""The care process: from stored Events to a school's file and webhook, over restarts."""

from __future__ import annotations

import http.server
import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.authority import private_folder
from gateway.carer import GIVE_UP, Carer, State, post, secret
from gateway.node import Node
from gateway.store import Store
from policies.entrust import Care
from tests.gateway.event_samples import NOON, batch, event
from tests.policies.samples import district, policy, snapshot

HOOK = "https://care.example/hook"


@pytest.fixture
def node(tmp_path: Path) -> Node:
    made = Node(name="n1", data=tmp_path)
    care = Care(to=("心理老师",), categories=("porn",), webhook=HOOK)
    shot = snapshot(district(), policy("s1", "school", care=care))
    private_folder(made.snapshot)
    (made.snapshot / "one.json").write_text(shot.to_json(), encoding="utf-8")
    (made.snapshot / "current").symlink_to("one.json")
    private_folder(made.events)
    return made


class Hook:
    """Stands where the webhook stands; may be away."""

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, object], dict[str, str]]] = []
        self.away = False

    def __call__(self, url: str, body: bytes, headers: dict[str, str]) -> None:
        if self.away:
            raise OSError("away")
        self.got.append((url, json.loads(body), headers))


def store(node: Node, seq: int, **fields: object) -> None:
    made = event(seq=seq, categories=("porn",), **fields)
    door = Store(node.name, node.events)
    door.write([replace(batch(seq, events=0, counts=0), events=(made,))])
    door.close()


def lines(node: Node) -> list[dict[str, object]]:
    path = node.data / "care" / "s1.jsonl"
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def test_from_an_event_to_the_people(node: Node) -> None:
    hook = Hook()
    store(node, 1)
    carer = Carer(node, send=hook)
    carer.look()
    assert lines(node) == []  # what was stored before the first start is history
    store(node, 2, token="t2", code="CODE-2")
    carer.look()
    (line,) = lines(node)
    assert (line["code"], line["to"]) == ("CODE-2", ["心理老师"])
    ((url, body, headers),) = hook.got
    assert (url, body) == (HOOK, line)
    assert headers["X-Qinglang-Signature"].startswith("t=")
    assert stat.S_IMODE((node.data / "care" / "s1.jsonl").stat().st_mode) == 0o600


def test_a_restart_neither_forgets_nor_repeats(node: Node) -> None:
    hook = Hook()
    Carer(node, send=hook).look()
    store(node, 1)
    Carer(node, send=hook).look()
    Carer(node, send=hook).look()
    store(node, 2)  # the same subject, within ten minutes
    Carer(node, send=hook).look()
    assert len(lines(node)) == len(hook.got) == 1


def test_a_webhook_that_is_away_is_tried_again_and_given_up(node: Node) -> None:
    hook, now = Hook(), [float(NOON)]
    carer = Carer(node, send=hook, clock=lambda: now[0])
    carer.look()
    store(node, 1)
    hook.away = True
    carer.look()
    assert len(lines(node)) == 1
    hook.away = False
    carer.look()
    assert hook.got == []  # not yet
    now[0] += 11
    Carer(node, send=hook, clock=lambda: now[0]).look()
    assert len(hook.got) == 1
    store(node, 2, token="t2")
    hook.away = True
    carer = Carer(node, send=hook, clock=lambda: now[0])
    carer.look()
    now[0] += GIVE_UP
    carer.look()
    assert carer.state.waiting == []


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"marks": 1}', '{"marks": {}, "spells": {"a": {"x": 1}}}']
)
def test_a_damaged_state_is_a_new_beginning(tmp_path: Path, text: str) -> None:
    path = tmp_path / "state.json"
    path.write_text(text)
    assert State.read(path).marks is None


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.binary(max_size=200))
def test_any_state_file_is_read_or_left(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "state.json").write_bytes(data)
    State.read(tmp_path / "state.json")


def test_a_full_disk_delays_and_loses_nothing(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    carer = Carer(node, send=Hook())
    carer.look()
    store(node, 1)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", lambda _file: (_ for _ in ()).throw(OSError(28, "full")))
        with pytest.raises(OSError, match="full"):
            carer.look()
    (node.data / "care" / "s1.jsonl").unlink(missing_ok=True)
    carer.look()
    assert len(lines(node)) == 1


def test_without_a_snapshot_nobody_is_told(tmp_path: Path) -> None:
    made = Node(name="n1", data=tmp_path)
    private_folder(made.events)
    carer = Carer(made, send=Hook())
    carer.look()
    store(made, 1)
    carer.look()
    assert lines(made) == []


def test_the_secret_is_made_once(node: Node) -> None:
    assert secret(node) == secret(node)
    assert len(secret(node)) == 32
    assert stat.S_IMODE((node.data / "keys" / "care.key").stat().st_mode) == 0o600


def test_only_web_addresses() -> None:
    with pytest.raises(OSError, match="no web address"):
        post("file:///etc/passwd", b"", {})


class Handler(http.server.BaseHTTPRequestHandler):
    got: list[tuple[bytes, str]] = []  # noqa: RUF012 - a list per test run

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.got.append((body, self.headers["X-Qinglang-Signature"]))
        self.send_response({"/ok": 204, "/moved": 302}.get(self.path, 500))
        self.send_header("Location", "/ok")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def receiver() -> Iterator[str]:
    Handler.got.clear()
    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.wire
def test_a_real_delivery(receiver: str) -> None:
    headers = {"X-Qinglang-Signature": "t=1,v1=x"}
    post(f"{receiver}/ok", b"{}", headers)
    assert Handler.got == [(b"{}", "t=1,v1=x")]
    for path in ("/moved", "/broken"):
        with pytest.raises(OSError):  # noqa: PT011 - the library's own
            post(f"{receiver}{path}", b"{}", headers)
    with pytest.raises(OSError):  # noqa: PT011
        post("http://127.0.0.1:1/", b"{}", headers)


@pytest.mark.wire
def test_the_process_serves_and_ends(node: Node) -> None:
    node.run.mkdir(exist_ok=True)
    node.write(node.run / "node.json")
    command = [sys.executable, "-O", "-m", "gateway.carer", "--node", str(node.run / "node.json")]
    child = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": os.getcwd()})
    ready = node.run / "care.ready"
    try:
        end = time.monotonic() + 30
        while not ready.exists() and time.monotonic() < end:
            time.sleep(0.05)
        assert ready.exists()
        child.send_signal(signal.SIGTERM)
        assert child.wait(20) == 0
        assert not ready.exists()
    finally:
        child.kill()
        child.wait()
