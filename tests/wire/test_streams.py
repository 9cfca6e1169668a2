"""Large bodies pass in bounded memory, both ways, whatever the protocol and a slow reader."""

from __future__ import annotations

import hashlib
import subprocess
import time
from pathlib import Path

import pytest

from tests.conftest import World
from tests.pages import digest, stream
from tests.running import Gateway, environment, resident

pytestmark = pytest.mark.wire

DOWN = 200_000_000
UP = 100_000_000
ROOM = 40_000_000  # bytes a worker may grow by


def place(world: World, kind: str) -> str:
    scheme = "http" if kind == "http" else "https"
    return f"{scheme}://{kind}.allowed.example:{getattr(world, kind).port}"


def argv(gateway: Gateway, *more: str) -> list[str]:
    ways = ["--cacert", str(gateway.ca), "-x", f"http://{gateway.proxy}"]
    return ["curl", "-q", "-sS", "--noproxy", "", *ways, *more]


@pytest.mark.timeout(180)
@pytest.mark.parametrize("kind", ["http", "h1", "h2"])
def test_download(gateway: Gateway, world: World, kind: str) -> None:
    """200 MB to a reader that stops now and then, which is when a proxy without
    back-pressure fills its memory."""
    pid = gateway.children()["worker-0"]
    before = most = resident(pid)
    seen, size, mark = hashlib.sha256(), 0, 0
    command = argv(gateway, f"{place(world, kind)}/bytes/{DOWN}")
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment()) as process:
        assert process.stdout is not None
        while data := process.stdout.read(1 << 20):
            seen.update(data)
            size += len(data)
            if size - mark > 20_000_000:
                mark = size
                time.sleep(0.25)
                most = max(most, resident(pid))
    assert process.returncode == 0
    assert (size, seen.hexdigest()) == (DOWN, digest(DOWN))
    assert most - before < ROOM, f"{(most - before) / 1e6:.1f} MB"


@pytest.fixture(scope="module")
def upload(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("upload") / "file"
    with path.open("wb") as file:
        file.writelines(stream(UP))
    return path


@pytest.mark.timeout(180)
@pytest.mark.parametrize("framing", ["length", "chunked"])
@pytest.mark.parametrize("kind", ["http", "h1", "h2"])
def test_upload(gateway: Gateway, world: World, upload: Path, kind: str, framing: str) -> None:
    pid = gateway.children()["worker-0"]
    before = most = resident(pid)
    url = f"{place(world, kind)}/upload?{kind}-{framing}"
    more = ["-H", "Transfer-Encoding: chunked"] if framing == "chunked" else []
    command = argv(gateway, *more, "-H", "Expect:", "-T", str(upload), url)
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment()) as process:
        while process.poll() is None:
            most = max(most, resident(pid))
            time.sleep(0.05)
    assert process.returncode == 0
    got = [one for one in world.origins.seen if one.target == f"/upload?{kind}-{framing}"]
    assert [(one.length, one.sha256) for one in got] == [(UP, digest(UP))]
    assert most - before < ROOM, f"{(most - before) / 1e6:.1f} MB"


def test_an_upload_to_a_blocked_place_is_cut(gateway: Gateway, world: World, upload: Path) -> None:
    """The answer comes at once and the rest of the body is neither kept nor sent on."""
    pid = gateway.children()["worker-0"]
    before, seen = resident(pid), len(world.origins.seen)
    for kind in ("http", "h1", "h2"):
        scheme = "http" if kind == "http" else "https"
        url = f"{scheme}://www.blocked.example:{getattr(world, kind).port}/upload"
        got = gateway.curl(url, "-T", str(upload))
        assert got.status == 403
    assert len(world.origins.seen) == seen
    assert resident(pid) - before < ROOM
