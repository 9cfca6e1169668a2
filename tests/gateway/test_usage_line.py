"""A worker's line by itself; with a service at its other end: test_usage_service.py."""

import socket
from pathlib import Path

import pytest

from gateway.usage import Tally
from gateway.usage_line import UsageLine, ask
from gateway.usage_words import WordError, pack
from policies.moment import at
from rules.load import WorldError

START = at("2026-09-01T19:00")


def listening(door: Path) -> socket.socket:
    found = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    found.bind(str(door))
    found.listen()
    found.settimeout(10)
    return found


def test_a_batch_without_an_answer_is_said_again_under_its_number(tmp_path: Path) -> None:
    door = tmp_path / "u.sock"
    tally = Tally()
    line = UsageLine(tally, door)
    with listening(door) as server:
        tally.mark("t", ["p/c"], START)
        line.turn(0.0)
        first, _ = server.accept()
        said = first.recv(65536)
        first.close()
        with pytest.raises(ConnectionError):
            line.turn(1.0)
        line._hang_up()
        tally.mark("t", ["p/c"], START)
        line.turn(0.0)
        second, _ = server.accept()
        assert second.recv(65536) == said
        second.sendall(pack({"say": "ack", "seq": 1}))
        line.turn(0.2)
        line.turn(0.0)
        assert b"marks" in second.recv(65536)
        second.sendall(pack({"say": "refused", "seq": 2}))
        with pytest.raises(ConnectionRefusedError):
            line.turn(1.0)
        second.close()
    line._hang_up()


def test_nonsense_from_the_service(tmp_path: Path) -> None:
    door = tmp_path / "u.sock"
    line = UsageLine(Tally(), door)
    with listening(door) as server:
        line.turn(0.0)
        other, _ = server.accept()
        other.sendall(b"\xff\xff\xff\xffGET /")
        with pytest.raises(WordError):
            line.turn(1.0)
        other.close()
    line._hang_up()


def test_nobody_there(tmp_path: Path) -> None:
    with pytest.raises(OSError):  # noqa: PT011
        UsageLine(Tally(), tmp_path / "none.sock").turn(0.0)
    with pytest.raises(WorldError, match="does not answer"):
        ask(tmp_path / "none.sock", {"say": "reset"})
