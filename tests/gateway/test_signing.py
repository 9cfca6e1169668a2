"""The line to the signer: answers, lies and silence; the copy of the chain mends itself."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.ledger import read
from gateway.signer import Signer, listen, serve
from gateway.signing import LENGTH, Signing
from rules.load import WorldError


@contextmanager
def serving(tmp_path: Path) -> Iterator[Signing]:
    """A signer in a thread."""
    signer = Signer(tmp_path / "signer", node="n1")
    opened = listen(tmp_path / "s.sock")
    stop = threading.Event()
    thread = threading.Thread(target=serve, args=(signer, opened, stop.is_set))
    thread.start()
    try:
        yield Signing(socket=tmp_path / "s.sock", folder=tmp_path / "ledger")
    finally:
        stop.set()
        thread.join()
        opened.close()


@pytest.mark.wire
def test_what_is_signed_is_in_the_copy(tmp_path: Path) -> None:
    with serving(tmp_path) as line:
        assert line.sign("test", {"n": "清"}).body == {"n": "清"}
        assert line.sign("test", {}).seq == 2
        assert line.hello()["seq"] == 2
        whole = line.chain.read_text()
        assert whole == (tmp_path / "signer" / "chain.jsonl").read_text()
        assert line.public.read_text() == line.hello()["public"]
        for damaged in (whole[:-30], whole.splitlines()[0] + "\n", ""):
            line.chain.write_text(damaged)
            line.mirror()
            assert line.chain.read_text() == whole
        line.chain.write_text(whole + "noise\n")  # everything is appended again
        line.mirror()
        assert [json.loads(x)["seq"] for x in line.chain.read_text().splitlines()[3:]] == [1, 2]
        with pytest.raises(WorldError, match="too large"):
            line.sign("test", {"x": "y" * 600_000})


@pytest.mark.wire
def test_a_long_chain_comes_in_pages(tmp_path: Path) -> None:
    with serving(tmp_path) as line:
        for _ in range(3):
            line.sign("test", {})
        line.chain.unlink()
        assert line.mirror() == 3
        assert read(line.chain.read_text().splitlines()[-1]).seq == 3


def test_no_signer_is_trouble_of_the_world(tmp_path: Path) -> None:
    line = Signing(socket=tmp_path / "none.sock", folder=tmp_path / "ledger")
    with pytest.raises(WorldError, match="签名进程"):
        line.sign("test", {})


LIES = {
    "nothing": b"",
    "half a length": b"\0\0",
    "too long": LENGTH.pack(2**31),
    "no JSON": LENGTH.pack(3) + b"{{{",
    "deep": LENGTH.pack(100_000) + b"[" * 100_000,
    "a list": LENGTH.pack(2) + b"[]",
    "an error": LENGTH.pack(13) + b'{"error":"x"}',
    "no line": LENGTH.pack(2) + b"{}",
    "a line that is none": LENGTH.pack(13) + b'{"line":"{}"}',
}


@pytest.mark.wire
@pytest.mark.parametrize("lie", LIES.values(), ids=LIES)
def test_a_signer_that_lies(tmp_path: Path, lie: bytes) -> None:
    opened = listen(tmp_path / "s.sock")

    def answer() -> None:
        peer, _ = opened.accept()
        with peer:
            peer.recv(65536)
            peer.sendall(lie)

    thread = threading.Thread(target=answer)
    thread.start()
    try:
        with pytest.raises(WorldError):
            Signing(socket=tmp_path / "s.sock", folder=tmp_path).sign("test", {})
    finally:
        thread.join()
        opened.close()
