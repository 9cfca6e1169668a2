"""Delivery: acknowledged, else on disk, else said to be lost; never an exception."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.delivery import LENGTH, Delivery, Fate, Route, short_path


def route(tmp_path: Path, **changes: object) -> Route:
    return Route(socket=tmp_path / "w.sock", spill=tmp_path / "spill", **changes)  # type: ignore[arg-type]


def writer(path: Path, answers: list[bytes | None]) -> tuple[list[bytes], Callable[[], None]]:
    """A writer that gives these answers, one a batch; None hangs up instead."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(short_path(path))
    listener.listen(4)
    heard: list[bytes] = []

    def serve() -> None:
        left = iter(answers)
        line: socket.socket | None = None
        for answer in left:
            if line is None:
                line, _ = listener.accept()
            (size,) = LENGTH.unpack(line.recv(4, socket.MSG_WAITALL))
            heard.append(line.recv(size, socket.MSG_WAITALL))
            if answer is None:
                line.close()
                line = None
            else:
                line.sendall(answer)
        if line is not None:
            line.close()

    thread = threading.Thread(target=serve)
    thread.start()

    def end() -> None:
        thread.join()
        listener.close()

    return heard, end


@pytest.mark.wire
def test_an_acknowledged_batch_is_not_written_to_disk(tmp_path: Path) -> None:
    heard, end = writer(tmp_path / "w.sock", [b"+", b"+"])
    delivery = Delivery(route(tmp_path))
    assert [delivery.send("a", b"one"), delivery.send("b", b"two" * 100_000)] == [Fate.STORED] * 2
    delivery.close()
    end()
    assert heard == [b"one", b"two" * 100_000]
    assert not (tmp_path / "spill").exists()


@pytest.mark.wire
def test_refused_hung_up_and_connected_again(tmp_path: Path) -> None:
    _, end = writer(tmp_path / "w.sock", [b"-", None, b"+"])
    delivery = Delivery(route(tmp_path))
    fates = [delivery.send(name, name.encode()) for name in "abc"]
    delivery.close()
    end()
    assert fates == [Fate.SPILLED, Fate.SPILLED, Fate.STORED]
    assert {path.name for path in (tmp_path / "spill").iterdir()} == {"a.batch", "b.batch"}


@pytest.mark.wire
def test_a_silent_writer_is_not_asked_for_every_batch(tmp_path: Path) -> None:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(short_path(tmp_path / "w.sock"))
    listener.listen(4)
    now = [0.0]
    delivery = Delivery(route(tmp_path, timeout=0.05), clock=lambda: now[0])
    assert delivery.send("a", b"1") is Fate.SPILLED
    line, _ = listener.accept()
    assert delivery.send("b", b"2") is Fate.SPILLED  # within its patience: not even tried
    listener.setblocking(False)
    with pytest.raises(BlockingIOError):
        listener.accept()
    now[0] = 6.0
    assert delivery.send("c", b"3") is Fate.SPILLED
    again, _ = listener.accept()
    for each in (line, again, listener):
        each.close()
    delivery.close()


def test_spill_files_are_whole_and_private(tmp_path: Path) -> None:
    assert Delivery(route(tmp_path)).send("a", b"payload") is Fate.SPILLED
    (path,) = (tmp_path / "spill").iterdir()
    assert (path.name, path.read_bytes()) == ("a.batch", b"payload")
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)


def test_the_spill_folder_is_bounded(tmp_path: Path) -> None:
    delivery = Delivery(route(tmp_path, budget=10))
    assert [delivery.send(name, b"12345") for name in "abc"] == [
        Fate.SPILLED,
        Fate.SPILLED,
        Fate.LOST,
    ]


def test_a_disk_that_cannot_be_written_is_a_fate(tmp_path: Path) -> None:
    (tmp_path / "spill").write_text("a file where the folder should be")
    assert Delivery(route(tmp_path)).send("a", b"1") is Fate.LOST


def test_a_socket_path_too_long_for_the_kernel_spills(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["d" * 60] * 3)
    delivery = Delivery(Route(socket=deep / "w.sock", spill=tmp_path / "spill"))
    assert delivery.send("a", b"1") is Fate.SPILLED


def test_short_path_prefers_the_relative_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert short_path(tmp_path / "w.sock") == "w.sock"
    assert short_path(Path("/w.sock")) == "/w.sock"
