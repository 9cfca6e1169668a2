"""What the bundle server answers, as values."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.bundle_server import Offer, answer, choose, server
from gateway.node import Address
from gateway.rollouts import keep, rollout_of
from policies.rollout import Progress
from tests.gateway.bundle_samples import bundle
from tests.gateway.test_rollouts import FILE


@pytest.fixture
def offer(tmp_path: Path) -> Offer:
    (tmp_path / "new").write_bytes(bundle(2))
    (tmp_path / "old").write_bytes(bundle(1))
    return Offer(bundle=tmp_path / "new", data=tmp_path)


def staged(offer: Offer, stage: int, stopped: str = "") -> Offer:
    path = offer.data / "autumn.yaml"
    path.write_text(FILE, encoding="utf-8")
    keep(offer.data, Progress(rollout="autumn", stage=stage, since=1.0, stopped=stopped))
    return replace(offer, rollout=rollout_of(path), former=offer.data / "old")


def test_etag(offer: Offer) -> None:
    status, mark, body = answer(offer, "/bundle", "")
    assert (status, body) == (200, bundle(2))
    assert answer(offer, "/bundle?school=x", mark) == (304, mark, b"")


@pytest.mark.parametrize(
    ("target", "status"),
    [
        ("/", 404),
        ("/../etc/passwd", 404),
        ("/bundle?" + "a" * 5000, 414),
        ("//[", 400),
        ("/bundle?" + "a=1&" * 300, 400),
    ],
)
def test_odd_requests(offer: Offer, target: str, status: int) -> None:
    assert answer(offer, target, "")[0] == status


@pytest.mark.parametrize(
    ("stage", "stopped", "schools", "name"),
    [
        (-1, "", ["s1"], "old"),
        (0, "", ["s1"], "new"),
        (0, "", ["s1", "s2"], "old"),
        (0, "", [], "old"),
        (1, "", ["s2"], "new"),
        (0, "jumped", ["s1"], "old"),
    ],
)
def test_stages(offer: Offer, stage: int, stopped: str, schools: list[str], name: str) -> None:
    made = staged(offer, stage, stopped)
    assert choose(made, schools) == offer.data / name
    nothing = replace(made, former=None)
    expected = 200 if name == "new" else 204
    query = "&".join(f"school={school}" for school in schools)
    assert answer(nothing, f"/bundle?{query}", "")[0] == expected


@pytest.mark.wire
def test_over_the_wire(offer: Offer) -> None:
    import threading
    import urllib.error
    import urllib.request

    said: list[str] = []
    with server(offer, Address(host="127.0.0.1", port=0), said.append) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        try:
            at = f"http://127.0.0.1:{running.server_port}/bundle"
            with urllib.request.urlopen(at, timeout=10) as answered:
                assert answered.read() == bundle(2)
            offer.bundle.unlink()
            with pytest.raises(urllib.error.HTTPError, match="500") as caught:
                urllib.request.urlopen(at, timeout=10)
            caught.value.close()
        finally:
            running.shutdown()
            thread.join()
    assert any("GET /bundle" in line for line in said)
