"""The hub over a real socket: everything first, then changes; who does not read is let go."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from gateway.delivery import short_path
from gateway.identity import hub as module
from gateway.identity.hub import Hub


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Hub]:
    made = Hub(tmp_path / "s", lambda: [b"one", b"two"])
    made.open()
    yield made
    made.close()
    assert not (tmp_path / "s").exists()


def join(tmp_path: Path) -> socket.socket:
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    line.connect(short_path(tmp_path / "s"))
    return line


def until(true) -> None:
    end = time.monotonic() + 10
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_everything_then_changes_then_the_end(hub: Hub, tmp_path: Path) -> None:
    assert (tmp_path / "s").stat().st_mode & 0o077 == 0
    with closing(join(tmp_path)) as line:
        assert line.recv(6, socket.MSG_WAITALL) == b"onetwo"
        with hub.lock:
            hub.tell(b"three")
        assert line.recv(5, socket.MSG_WAITALL) == b"three"
        assert hub.followers == 1
    until(lambda: hub.followers == 0)
    with closing(join(tmp_path)) as line:
        assert line.recv(6, socket.MSG_WAITALL) == b"onetwo"
        hub.close()
        assert line.recv(1) == b""


def test_a_line_has_its_timeout_before_anybody_reads(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A timeout that comes while a read is under way makes it ask the kernel without end."""
    seen: list[float | None] = []
    real = Hub._hear

    class Started(threading.Thread):
        def start(self) -> None:
            if self._target.__func__ is real:  # type: ignore[attr-defined]
                seen.append(self._args[0].gettimeout())  # type: ignore[attr-defined]
            super().start()

    monkeypatch.setattr(module.threading, "Thread", Started)
    with closing(join(tmp_path)) as line:
        assert line.recv(6, socket.MSG_WAITALL) == b"onetwo"
    until(lambda: hub.followers == 0)
    assert seen == [module.SLOWEST]


def test_who_does_not_read_is_let_go(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "WAITING", 2)
    with closing(join(tmp_path)) as line:
        assert line.recv(6, socket.MSG_WAITALL) == b"onetwo"
        for _ in range(50):
            with hub.lock:
                hub.tell(bytes(1 << 20))
        assert hub.followers == 0
    until(lambda: not [t for t in threading.enumerate() if t.name == "line"])
