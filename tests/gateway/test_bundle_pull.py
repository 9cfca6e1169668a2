"""Pulling bundles from a real server on loopback: ETag, refusals remembered, odd answers."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway import bundles
from gateway.bundle_pull import Pull, pull
from gateway.bundle_server import Offer, server
from gateway.node import Address, Node
from rules.load import WorldError
from tests.gateway.bundle_samples import LI, bundle, ready

pytestmark = pytest.mark.wire


@pytest.fixture
def node(tmp_path: Path) -> Node:
    return ready(tmp_path)


@contextmanager
def serving(path: Path, said: list[str]) -> Iterator[str]:
    with server(Offer(bundle=path), Address(host="127.0.0.1", port=0), said.append) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{running.server_port}/bundle"
        finally:
            running.shutdown()
            thread.join()


def test_pull(node: Node, tmp_path: Path) -> None:
    offered, said = tmp_path / "offered", list[str]()
    offered.write_bytes(bundle(1))
    with serving(offered, said) as url:
        assert pull(node, url, ["s1"], 1.0).outcome is Pull.APPLIED
        assert pull(node, url, [], 2.0).outcome is Pull.UNCHANGED
        assert " 304 " in said[-1]
        offered.write_bytes(bundle(2, keys=(LI,)))
        refused = pull(node, url, [], 3.0)
        assert (refused.outcome, refused.revision) == (Pull.REFUSED, 1)
        again = pull(node, url, [], 4.0)
        assert (again.outcome, again.said) == (Pull.UNCHANGED, refused.said)
        assert "2 signatures" in bundles.state(node).refused
        offered.write_bytes(bundle(2))
        assert pull(node, url, [], 5.0).outcome is Pull.APPLIED
        assert bundles.state(node).refused == ""
        offered.write_bytes(b"half")
        assert pull(node, url, [], 6.0).outcome is Pull.REFUSED
        with pytest.raises(WorldError, match="HTTP 404"):
            pull(node, url + "s", [], 7.0)
    with pytest.raises(WorldError, match="ConnectError"):
        pull(node, url, [], 8.0)
    assert bundles.in_force(node).startswith("000002-")


@pytest.mark.parametrize("url", ["ftp://127.0.0.1/x", "nonsense", "http://[", "http://a\0b/"])
def test_urls_that_cannot_be(node: Node, url: str) -> None:
    with pytest.raises(WorldError):
        pull(node, url, [], 1.0)


def test_too_large(node: Node, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import gateway.bundle_pull as room

    monkeypatch.setattr(room, "MAX_BYTES", 100)
    offered = tmp_path / "offered"
    offered.write_bytes(bundle(1))
    with serving(offered, []) as url, pytest.raises(WorldError, match="too large"):
        pull(node, url, [], 1.0)
