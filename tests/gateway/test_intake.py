"""The writer's ear, over a real socket: frames in, answers out, nonsense hung up on."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.delivery import LARGEST_FRAME, short_path
from gateway.intake import Intake

pytestmark = pytest.mark.wire


@pytest.fixture
def intake(tmp_path: Path) -> Iterator[Intake]:
    ear = Intake(tmp_path / "w.sock")
    ear.open()
    yield ear
    ear.close()


def call(tmp_path: Path) -> socket.socket:
    line = socket.socket(socket.AF_UNIX)
    line.settimeout(20)
    line.connect(short_path(tmp_path / "w.sock"))
    return line


def test_frames_are_taken_and_answered_in_order(tmp_path: Path, intake: Intake) -> None:
    with call(tmp_path) as line:
        for payload in (b"a", b"b" * 3_000_000):
            line.sendall(struct.pack(">I", len(payload)) + payload)
            (arrival,) = intake.take(10, 20.0)
            assert arrival.payload == payload
            arrival.answer(b"+")
            assert line.recv(1) == b"+"


def test_one_worker_has_one_batch_in_the_queue(tmp_path: Path, intake: Intake) -> None:
    with call(tmp_path) as line, call(tmp_path) as other:
        line.sendall(struct.pack(">I", 1) + b"a" + struct.pack(">I", 1) + b"b")
        (first,) = intake.take(10, 20.0)
        other.sendall(struct.pack(">I", 1) + b"c")
        (second,) = intake.take(10, 20.0)
        assert (first.payload, second.payload) == (b"a", b"c")
        first.answer(b"-")
        assert line.recv(1) == b"-"
        assert [arrival.payload for arrival in intake.take(10, 20.0)] == [b"b"]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("empty frame", struct.pack(">I", 0)),
        ("a length beyond all measure", struct.pack(">I", LARGEST_FRAME + 1)),
        ("HTTP", b"GET / HTTP/1.1\r\n\r\n"),
    ],
)
def test_nonsense_is_hung_up_on(tmp_path: Path, intake: Intake, name: str, data: bytes) -> None:
    with call(tmp_path) as line:
        line.sendall(data)
        try:
            answer = line.recv(1)
        except ConnectionResetError:  # unread bytes turn the end into a reset
            answer = b""
        assert answer == b""
    assert intake.take(1, 0.0) == []


def test_a_worker_that_dies_in_a_frame_leaves_nothing(tmp_path: Path, intake: Intake) -> None:
    with call(tmp_path) as line:
        line.sendall(struct.pack(">I", 100) + b"half")
    with call(tmp_path) as line:
        line.sendall(struct.pack(">I", 1) + b"x")
        assert [arrival.payload for arrival in intake.take(10, 20.0)] == [b"x"]


def test_an_answer_to_one_who_left_is_no_error(tmp_path: Path, intake: Intake) -> None:
    with call(tmp_path) as line:
        line.sendall(struct.pack(">I", 1) + b"x")
        (arrival,) = intake.take(10, 20.0)
    arrival.answer(b"+")


def test_the_socket_is_private_and_replaces_a_dead_one(tmp_path: Path, intake: Intake) -> None:
    path = tmp_path / "w.sock"
    assert path.stat().st_mode & 0o777 == 0o600
    again = Intake(path)
    again.open()
    with call(tmp_path) as line:
        line.sendall(struct.pack(">I", 1) + b"x")
        assert len(again.take(1, 20.0)) == 1
    again.close()
    assert not path.exists()
