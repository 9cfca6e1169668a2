"""Real TLS servers of differing settings, and servers that hang, babble or never end."""

import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from audit.checks import load_checks
from audit.judge import judge
from audit.model import Evidence, ObjectClass, Target
from audit.probes import tls
from tests.audit.probes.handshake.made import certificate, key, written

pytestmark = pytest.mark.wire


@contextmanager
def serving(answer: Callable[[socket.socket], None]) -> Iterator[int]:
    """A server on loopback that hands each connection to `answer`."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(0.2)
    ends = threading.Event()

    def run() -> None:
        while not ends.is_set():
            try:
                opened, _ = listening.accept()
            except OSError:
                continue
            opened.settimeout(3)
            with suppress(OSError, ValueError), opened:
                answer(opened)

    worker = threading.Thread(target=run)
    worker.start()
    try:
        yield listening.getsockname()[1]
    finally:
        ends.set()
        worker.join()
        listening.close()


def target(port: int, **access: str) -> Target:
    return Target(
        id="portal", name="portal", system="", kind=ObjectClass.APPLICATION, platform="tls",
        address="127.0.0.1", access={"port": str(port), "name": "portal.school.test", **access},
    )  # fmt: skip


def server(folder: Path, one: Any, private: Any, old: bool) -> Callable[[socket.socket], None]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if old:
        with pytest.warns(DeprecationWarning, match="TLSv1"):
            context.minimum_version = ssl.TLSVersion.TLSv1
        context.set_ciphers("ALL:aNULL:@SECLEVEL=0")
    else:
        context.set_ciphers("ECDHE+AESGCM")
    context.load_cert_chain(*written(folder, one, private))

    def answer(opened: socket.socket) -> None:
        with context.wrap_socket(opened, server_side=True) as wrapped:
            wrapped.recv(1)

    return answer


def failing(found: Evidence) -> set[str]:
    return {
        name
        for name, check in load_checks(Path("audit/checks/tls")).items()
        if judge(check, found, target="portal", now=found.taken).state == "fail"
    }


def test_a_good_server(tmp_path: Path) -> None:
    private = key()
    one = certificate("portal.school.test", private)
    with serving(server(tmp_path, one, private, False)) as port:
        found = tls.look(target(port, **{"tls-ca": str(tmp_path / "c.pem")}), now=time.time())
    assert found.problem == ""
    assert found.document["gaps"] == []
    assert failing(found) <= {"tls-stapling", "tls-national-suites"}
    assert found.document["chain"]["trusted"] is True


def test_a_bad_server(tmp_path: Path) -> None:
    private = key(1024)
    begins = datetime.now(UTC) - timedelta(days=900)
    one = certificate("other.test", private, begins=begins, days=800)
    with serving(server(tmp_path, one, private, True)) as port:
        found = tls.look(target(port), now=time.time())
    assert failing(found) >= {
        "tls-no-tls1-0", "tls-no-tls1-1", "tls-no-anonymous", "tls-forward-secrecy",
        "tls-certificate-valid", "tls-certificate-name", "tls-certificate-trusted",
        "tls-certificate-key", "tls-certificate-lifetime", "tls-old-block-suites",
    }  # fmt: skip


def test_starttls(tmp_path: Path) -> None:
    private = key()
    inner = server(tmp_path, certificate("portal.school.test", private), private, False)

    def smtp(opened: socket.socket) -> None:
        opened.sendall(b"220 mail\r\n")
        opened.recv(200)
        opened.sendall(b"250-mail\r\n250 STARTTLS\r\n")
        opened.recv(200)
        opened.sendall(b"220 go\r\n")
        inner(opened)

    def postgresql(opened: socket.socket) -> None:
        opened.recv(8)
        opened.sendall(b"S")
        inner(opened)

    def ldap(opened: socket.socket) -> None:
        opened.recv(100)
        opened.sendall(bytes.fromhex("300c02010178070a010004000400"))
        inner(opened)

    def imap(opened: socket.socket) -> None:
        opened.sendall(b"* OK ready\r\n")
        opened.recv(100)
        opened.sendall(b"a OK go\r\n")
        inner(opened)

    doors = {"smtp": smtp, "postgresql": postgresql, "ldap": ldap, "imap": imap}
    for name, door in doors.items():
        with serving(door) as port:
            found = tls.look(target(port, starttls=name), now=1.0, timeout=15)
        assert found.problem == "", name
        assert found.document["protocols"]["tls1_2"] is True

    def refuses(opened: socket.socket) -> None:
        opened.sendall(b"500 no\r\n" * 4)
        while opened.recv(200):
            pass

    with serving(refuses) as port:
        refused = tls.look(target(port, starttls="smtp"), now=1.0, timeout=6)
    assert "STARTTLS" in refused.problem


def test_hostile_servers() -> None:
    def hangs(opened: socket.socket) -> None:
        with suppress(OSError):
            while opened.recv(4096):
                pass

    def babbles(opened: socket.socket) -> None:
        opened.recv(10)
        opened.sendall(b"\x00\xff" * 3000)

    def endless(opened: socket.socket) -> None:
        opened.recv(10)
        while True:
            opened.sendall(b"\x16\x03\x03\x40\x00" + b"\0" * 16384)

    for door in (hangs, babbles, endless):
        with serving(door) as port:
            found = tls.look(target(port), now=1.0, timeout=2.0)
        assert found.document is None
        assert found.problem
    closed = socket.create_server(("127.0.0.1", 0))
    port = closed.getsockname()[1]
    closed.close()
    assert "refused" in tls.look(target(port), now=1.0, timeout=2.0).problem
