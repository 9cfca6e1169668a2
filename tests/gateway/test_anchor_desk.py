"""Receiving anchors: one file a node, only forward; whatever is posted, nothing breaks."""

from __future__ import annotations

import json
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.anchor_desk import MOST_NODES, Fate, Kept, Shelf, server, told
from gateway.anchors import place
from gateway.ledger import Checkpoint, anchor_line, read, read_anchors, sign
from gateway.node import Address
from rules.load import WorldError

KEY = Ed25519PrivateKey.generate()


def chain(length: int, node: str = "n1", note: str = "") -> list[Checkpoint]:
    found: list[Checkpoint] = []
    for _ in range(length):
        before = found[-1] if found else None
        body = {"note": note}
        line = sign(KEY, before=before, now=1.0, node=node, kind="t", body=body, by=0)
        found.append(read(line))
    return found


def posted(*checkpoints: Checkpoint) -> bytes:
    return "".join(anchor_line(one) + "\n" for one in checkpoints).encode()


def fates(kept: list[Kept]) -> list[Fate]:
    return [one.fate for one in kept]


def test_anchors_go_forward_into_a_file_of_their_node(tmp_path: Path) -> None:
    shelf, good, other = Shelf(tmp_path / "kept"), chain(3), chain(1, "n2")
    assert fates(shelf.take(posted(good[0], *other), "10.0.0.1", 5.0)) == [Fate.KEPT] * 2
    assert fates(shelf.take(posted(good[2]), "10.0.0.1", 6.0)) == [Fate.KEPT]
    assert fates(shelf.take(posted(good[2]), "10.0.0.1", 7.0)) == [Fate.KNOWN]
    kept = (tmp_path / "kept" / "anchors-n1.jsonl").read_text()
    assert [(one.seq, one.hash) for one in read_anchors(kept)] == [
        (1, good[0].hash), (3, good[2].hash)]  # fmt: skip
    assert json.loads(kept.splitlines()[0])["from"] == "10.0.0.1"


def test_going_backwards_is_refused_and_put_down_also_after_a_restart(tmp_path: Path) -> None:
    good, forged = chain(3), chain(3, note="another history")
    Shelf(tmp_path).take(posted(good[2]), "a", 1.0)
    shelf = Shelf(tmp_path)
    assert fates(shelf.take(posted(good[0]), "b", 2.0)) == [Fate.BACKWARDS]
    assert fates(shelf.take(posted(forged[2]), "b", 2.0)) == [Fate.BACKWARDS]
    assert len(read_anchors((tmp_path / "anchors-n1.jsonl").read_text())) == 1
    assert len(read_anchors((tmp_path / "refused.jsonl").read_text())) == 2


@pytest.mark.parametrize("node", ["", "../x", "a/b", "a" * 65, ".hidden", "a\nb"])
def test_names_that_are_no_files(tmp_path: Path, node: str) -> None:
    line = json.dumps({"ledger": 1, "node": node, "seq": 1, "time": 1, "hash": "0" * 64})
    assert fates(Shelf(tmp_path).take(line.encode(), "a", 1.0)) == [Fate.UNREADABLE]
    assert list(tmp_path.iterdir()) == []


def test_a_bound_on_nodes(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf._last = {f"x{n}": read_anchors(posted(*chain(1)).decode())[0] for n in range(MOST_NODES)}
    assert fates(shelf.take(posted(*chain(1)), "a", 1.0)) == [Fate.FULL]


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    shelf = Shelf(tmp_path_factory.getbasetemp() / "anchors-any")
    assert all(isinstance(told(one, "a"), str) for one in shelf.take(data, "a", 1.0))


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "way").touch()
    with pytest.raises(WorldError):
        Shelf(tmp_path / "way" / "x")


@pytest.mark.wire
def test_a_node_posts_to_it(tmp_path: Path) -> None:
    said: list[str] = []
    good = chain(2)
    desk = server(Shelf(tmp_path), Address.parse("127.0.0.1:0"), say=said.append, clock=lambda: 5.0)
    with desk:
        thread = threading.Thread(target=desk.serve_forever, args=(0.01,))
        thread.start()
        try:
            url = f"http://127.0.0.1:{desk.server_port}/"
            tell = place(url)
            tell(good[1])
            tell(good[1])
            with pytest.raises(OSError, match="409"):
                tell(good[0])
            for body in (b"", b"hello", b"x" * 70_000):
                with pytest.raises((urllib.error.HTTPError, urllib.error.URLError)):
                    urllib.request.build_opener(urllib.request.ProxyHandler({})).open(
                        urllib.request.Request(url, data=body), timeout=10
                    )
        finally:
            desk.shutdown()
            thread.join()
    assert said[0].startswith(f"✓ n1 2 {good[1].hash[:4]}-")
    assert "backwards" in said[2]


@pytest.mark.wire
def test_strangers_are_turned_away(tmp_path: Path) -> None:
    desk = server(
        Shelf(tmp_path),
        Address.parse("127.0.0.1:0"),
        senders=["10.0.0.0/8"],
        say=lambda _: None,
        clock=lambda: 5.0,
    )
    with desk:
        thread = threading.Thread(target=desk.serve_forever, args=(0.01,))
        thread.start()
        try:
            with pytest.raises(OSError, match="403"):
                place(f"http://127.0.0.1:{desk.server_port}/")(chain(1)[0])
        finally:
            desk.shutdown()
            thread.join()
    assert list(tmp_path.iterdir()) == []
