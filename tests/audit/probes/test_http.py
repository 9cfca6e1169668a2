"""A real nginx, well and badly set up, and servers that hang or babble."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from audit.checks import load_checks
from audit.judge import judge
from audit.model import Evidence, ObjectClass, Target
from audit.probes import http
from audit.probes.http import _own, _whole, questions
from tests.audit.probes.handshake.made import certificate, key, written
from tests.audit.probes.test_tls import serving

TOP = """{user} daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1;
events {{ worker_connections 64; }}
http {{ access_log off; root {folder}/www; default_type text/html;
client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
{inner} }}"""
USER = "user root;" if os.getuid() == 0 else ""  # or its workers cannot enter our folder
GOOD = """server_tokens off;
server {{ listen 127.0.0.1:{plain}; return 301 https://portal.school.test:{secure}$request_uri; }}
server {{ listen 127.0.0.1:{secure} ssl; ssl_certificate {folder}/c.pem;
ssl_certificate_key {folder}/k.pem;
add_header Strict-Transport-Security "max-age=31536000" always;
add_header X-Content-Type-Options nosniff always; add_header X-Frame-Options DENY always;
add_header Content-Security-Policy "default-src 'self'" always;
add_header Set-Cookie "sid=1; Secure; HttpOnly; SameSite=Lax"; }}"""
BAD = """server {{ listen 127.0.0.1:{plain}; autoindex on; add_header Set-Cookie "sid=1";
location /.git {{ return 200 "ref: refs/heads/main"; }} }}"""
PAGE = (
    "<form method=post action=/in><input type=password></form>验证码 隐私政策 "
    "渝ICP备12345678号 渝公网安备50010802000000号"
)


def free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as one:
        return int(one.getsockname()[1])


@contextmanager
def nginx(folder: Path, inner: str) -> Iterator[dict[str, str]]:
    plain, secure = free(), free()
    (folder / "www" / "images").mkdir(parents=True)
    (folder / "www" / "index.html").write_text(PAGE, encoding="utf-8")
    said = inner.format(plain=plain, secure=secure, folder=folder)
    (folder / "n.conf").write_text(TOP.format(user=USER, folder=folder, inner=said))
    program = shutil.which("nginx", path="/usr/sbin:/usr/bin") or "nginx"
    running = subprocess.Popen([program, "-p", str(folder), "-c", str(folder / "n.conf")],
                               stderr=subprocess.DEVNULL)  # fmt: skip
    for _ in range(100):
        with suppress(OSError), socket.create_connection(("127.0.0.1", plain), timeout=1):
            break
        time.sleep(0.05)
    try:
        yield {"port": str(secure), "plain-port": str(plain), "name": "portal.school.test"}
    finally:
        running.terminate()
        running.wait()


def target(access: dict[str, str]) -> Target:
    return Target(id="portal", name="portal", system="", kind=ObjectClass.APPLICATION,
                  platform="http", address="127.0.0.1", access=access)  # fmt: skip


def failing(found: Evidence) -> set[str]:
    return {
        name
        for name, check in load_checks(Path("audit/checks/http")).items()
        if judge(check, found, target="portal", now=found.taken).state == "fail"
    }


@pytest.mark.wire
def test_a_good_nginx(tmp_path: Path) -> None:
    private = key()
    written(tmp_path, certificate("portal.school.test", private), private)
    with nginx(tmp_path, GOOD) as access:
        found = http.look(target({**access, "tls-ca": str(tmp_path / "c.pem")}), now=1.0)
    assert (found.problem, found.document["gaps"]) == ("", [])
    assert failing(found) == set()
    assert found.document["https"] == {"open": True, "trusted": True}


@pytest.mark.wire
def test_a_bad_nginx(tmp_path: Path) -> None:
    with nginx(tmp_path, BAD) as access:
        found = http.look(target(access), now=1.0)
    assert failing(found) >= {
        "http-redirects-to-tls", "http-tls-offered", "http-login-over-tls", "http-nosniff",
        "http-framing", "http-content-policy", "http-banner", "http-cookies-secure",
        "http-cookies-http-only", "http-cookies-same-site", "http-no-listing",
        "http-no-exposed-places",
    }  # fmt: skip


@pytest.mark.wire
def test_hostile_servers() -> None:
    def hangs(opened: socket.socket) -> None:
        with suppress(OSError):
            while opened.recv(4096):
                pass

    def endless(opened: socket.socket) -> None:
        opened.recv(10)
        while True:
            opened.sendall(b"x" * 65536)

    for door in (hangs, endless):
        with serving(door) as port:
            found = http.look(target({"port": "0", "plain-port": str(port)}), now=1.0, timeout=2.0)
        assert found.document is None
        assert found.problem
    access = {"port": "0", "plain-port": str(free())}
    assert http.look(target(access), now=1.0, timeout=2.0).document is None


def test_only_reading_questions_from_the_list() -> None:
    asked = list(questions())
    assert {method for method, _, _ in asked} == {"GET", "TRACE", "OPTIONS"}
    assert len(asked) <= 25


@pytest.mark.parametrize(
    ("where", "path"),
    [
        ("/login?a=1", "/login?a=1"),
        ("https://a.test/x", "/x"),
        ("https://other.test/x", ""),
        ("http://a.test/x", ""),
        ("//a.test/x", ""),
        ("login", "/login"),
        ("https://[", ""),
    ],
)
def test_redirects_that_are_followed(where: str, path: str) -> None:
    assert _own(where, "a.test", "https") == path


def test_when_a_reply_is_whole() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
    assert _whole(head + b"hi")
    assert not _whole(head + b"h")
    assert not _whole(b"HTTP/1.1 200 OK\r\n")
    assert not _whole(head.replace(b"2", b"x", 1))
