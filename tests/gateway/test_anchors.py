"""Anchors reach files, syslog and another node; a place that is none is said."""

from __future__ import annotations

import http.server
import socket
import threading
from pathlib import Path
from typing import ClassVar

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.anchors import place, places
from gateway.ledger import Checkpoint, read, read_anchors, sign
from rules.load import WorldError


def checkpoint() -> Checkpoint:
    key = Ed25519PrivateKey.generate()
    return read(sign(key, before=None, now=1.0, node="n1", kind="test", body={}, by=0))


def test_a_file_grows(tmp_path: Path) -> None:
    tell = place(f"file:{tmp_path / 'kept'}")
    one = checkpoint()
    tell(one)
    tell(one)
    path = tmp_path / "kept" / "anchors-n1.jsonl"
    assert [each.hash for each in read_anchors(path.read_text())] == [one.hash] * 2


@pytest.mark.wire
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_a_syslog_line(host: str) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as log:
        log.bind((host, 0))
        log.settimeout(20)
        port = log.getsockname()[1]
        one = checkpoint()
        place(f"syslog:[{host}]:{port}")(one)
        text = log.recv(65536).decode()
    assert text.startswith("<109>1 - n1 qinglang-ledger - anchor - {")
    assert read_anchors(text)[0].hash == one.hash


class Archive(http.server.BaseHTTPRequestHandler):
    posted: ClassVar[list[bytes]] = []

    def do_POST(self) -> None:
        self.posted.append(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(204 if self.path == "/good" else 500)
        self.end_headers()

    def log_message(self, *args: object) -> None: ...


@pytest.mark.wire
def test_another_node_is_posted_to_and_a_refusal_is_trouble() -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Archive) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            one = checkpoint()
            place(f"http://127.0.0.1:{server.server_port}/good")(one)
            assert read_anchors(Archive.posted[-1].decode())[0].hash == one.hash
            with pytest.raises(OSError, match="500"):
                place(f"http://127.0.0.1:{server.server_port}/bad")(one)
        finally:
            server.shutdown()
            thread.join()
    with pytest.raises(OSError, match="refused"):
        place(f"http://127.0.0.1:{server.server_port}/good")(one)


@pytest.mark.parametrize("text", ["", "file:", "ftp://x/y", "syslog:nowhere", "paper"])
def test_no_place(text: str) -> None:
    with pytest.raises(WorldError):
        places([text])


def test_a_folder_that_cannot_be_made_is_trouble(tmp_path: Path) -> None:
    (tmp_path / "in-the-way").touch()
    with pytest.raises(NotADirectoryError):
        place(f"file:{tmp_path / 'in-the-way' / 'x'}")(checkpoint())
