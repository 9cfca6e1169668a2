"""Applications in the engine of this process: TLS in front, one raw origin behind."""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
from loguru import logger

from gateway.masking.keyring import load_words
from gateway.masking.site import sites
from gateway.masking.tokens import Verifier, readable_keys
from gateway.mitm.masked import LONG
from gateway.mitm.tls import Upstream
from gateway.node import ListenerKind, Served
from policies.applications import Application
from rules.load import loads
from tests.gateway.masking_samples import FILE, MAIL, PHONE, TRUST, jwks, tools
from tests.gateway.mitm.harness import ORIGIN, Lab, everything, status

HOST = "pupils.school.example"
BODY = json.dumps({"phone": PHONE, "class_id": "3-1"}).encode()


def said(body: bytes = BODY, kind: str = "application/json", *more: str, code: int = 200) -> bytes:
    lines = [
        f"HTTP/1.1 {code} Said",
        f"Content-Type: {kind}",
        f"Content-Length: {len(body)}",
        *more,
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


@pytest.fixture
def site(lab: Lab) -> Iterator[Lab]:
    """The lab with one application, whose policy lets bodies be long."""
    text = FILE.replace("    largest: 4096\n", "    largest: 400000\n")
    application = loads(Application, text, "pupils.yaml")
    served = Served(
        application="pupils",
        upstream=f"https://{ORIGIN}:{lab.tls_port}",
        token=TRUST,
        keys="/unused",
        name="www.allowed.example",
    )
    verifier = Verifier(TRUST)
    verifier.use(readable_keys(jwks()))
    force = lab.filter.force
    made = sites([served], [application], tools(), {"pupils": verifier}, load_words())
    lab.filter.force = replace(force, sites=made)
    lab.tunnels._backs = {"pupils": Upstream(lab.folder / "origin-ca" / "qinglang-ca.pem")}
    lab.answer = said()
    yield lab
    lab.filter.force = force
    lab.tunnels._backs = {}


def ask(lab: Lab, path: str = "/api/x", *more: str, name: str = HOST, host: str = HOST) -> bytes:
    with (
        lab.connect(ListenerKind.APPLICATIONS) as plain,
        lab.client_tls().wrap_socket(plain, server_hostname=name) as sock,
    ):
        lines = [f"GET {path} HTTP/1.1", f"Host: {host}", "Accept: application/json", *more]
        sock.sendall("\r\n".join([*lines, "Connection: close", "", ""]).encode())
        return everything(sock)


def test_an_answer_leaves_masked_with_a_head_of_its_own(site: Lab) -> None:
    site.answer = said(BODY, "application/json", 'ETag: "1"', "Cache-Control: public")
    got = ask(site)
    head, _, body = got.partition(b"\r\n\r\n")
    assert body == b'{"phone":"169****0007","class_id":"3-1"}'
    assert f"content-length: {len(body)}".encode() in head.lower()
    assert b"no-store" in head
    assert b"etag" not in head.lower()
    (asked,) = site.asked
    assert b"Host: pupils.school.example" in asked
    assert b"X-Forwarded-For: 127.0.0.1" in asked
    (event,) = site.settled(1)
    assert event.problem == "mask app=pupils role=least part=3 subjects=1 masked=phone:1"


def test_long_bodies_are_masked_in_a_thread(site: Lab) -> None:
    rows = json.dumps([{"phone": PHONE}] * (LONG // 20)).encode()
    assert len(rows) > LONG
    site.answer = said(rows)
    got = ask(site)
    assert status(got) == 200
    assert PHONE.encode() not in got
    assert len(json.loads(got.partition(b"\r\n\r\n")[2])) == LONG // 20
    site.answer = said(rows[:-1])
    broken = ask(site)
    assert (status(broken), PHONE.encode() in broken) == (403, False)


def test_long_and_short_bodies_at_the_same_time(site: Lab) -> None:
    """Texts are scanned in two threads at once, each with a scanner of its own."""
    text = f"write to {MAIL}, please. "
    site.answer = said(json.dumps([{"note": text * 8000}]).encode())
    with ThreadPoolExecutor(4) as pool:
        asked = [pool.submit(ask, site) for _ in range(4)]
        site.until(lambda: len(site.asked) >= 4)
        site.answer = said(json.dumps([{"note": text * 2000}]).encode())
        asked += [pool.submit(ask, site) for _ in range(8)]
        answers = [one.result(60) for one in asked]
    for got in answers:
        assert status(got) == 200
        assert b"parent7" not in got
    sizes = {got.count(b"write to") for got in answers}
    assert sizes == {2000, 8000}


def test_an_error_of_our_own_lets_nothing_through(
    site: Lab, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def broken(body: bytes, **_: object) -> tuple[bytes, str]:
        raise KeyError(body.decode())

    monkeypatch.setattr("gateway.mitm.masked.masked", broken)
    number = logger.add(tmp_path / "log", level="TRACE")
    try:
        assert ask(site) == b""
        site.answer = said(b" " * LONG + BODY)
        assert ask(site) == b""
    finally:
        logger.remove(number)
    text = (tmp_path / "log").read_text()
    assert "KeyError" in text
    assert PHONE not in text


def test_a_chunked_body_is_held_whole_and_its_trailers_dropped(site: Lab) -> None:
    half = len(BODY) // 2
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(one), one) for one in (BODY[:half], BODY[half:]))
    head = (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    site.answer = head + chunks + b"0\r\nX-Mail: " + MAIL.encode() + b"\r\n\r\n"
    got = ask(site)
    assert b"169****0007" in got
    assert b"parent7" not in got
    assert b"chunked" not in got


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (said(b"x" * 400_001), "too-large"),
        (said(BODY, "application/pdf"), "type"),
        (said(BODY, code=206), "range"),
        (said(BODY, "application/json", "Content-Encoding: gzip"), "encoding"),
        (said(BODY[:-1]), "broken"),
        (said(b"", "text/plain", f"Location: /?m={MAIL}", code=302), "header"),
        (
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n"
            b"\r\n61a81\r\n" + b" " * 400_001 + b"\r\n0\r\n\r\n",
            "too-large",
        ),
    ],
)
def test_what_cannot_be_masked_is_our_page(site: Lab, answer: bytes, why: str) -> None:
    site.answer = answer
    got = ask(site)
    assert PHONE.encode() not in got
    assert b"parent7" not in got
    assert b'"unmasked"' in got
    assert status(got) == 403
    assert site.settled(1)[-1].problem.endswith(f"refused={why}")


def test_a_body_is_not_expected_where_there_is_none(site: Lab) -> None:
    for answer in (said(b"", code=204), said(b"", "text/plain", "Location: /login", code=302)):
        site.answer = answer
        got = ask(site)
        assert status(got) in (204, 302)
        assert got.endswith(b"\r\n\r\n")


def test_requests_that_go_nowhere(site: Lab) -> None:
    for path, more in (
        ("/other", ()), ("/api/%2e%2e/x", ()), ("/api/x", ("Range: bytes=0-1",)),
        ("/api/x", ("Connection: Upgrade", "Upgrade: websocket")),
    ):  # fmt: skip
        assert status(ask(site, path, *more)) == 403
    assert status(ask(site, host="www.other.example")) in (400, 403, 421)
    assert site.asked == []


def test_only_names_of_applications_and_only_over_tls(site: Lab) -> None:
    with pytest.raises((ssl.SSLError, OSError)):
        ask(site, name="www.other.example")
    assert PHONE.encode() not in site.say(
        f"GET /api/x HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode(), ListenerKind.APPLICATIONS
    )
    assert site.asked == []


def test_nothing_plain_in_what_is_recorded_or_logged(site: Lab, tmp_path: Path) -> None:
    number = logger.add(tmp_path / "log", level="TRACE")
    try:
        ask(site)
        site.answer = said(BODY[:-1])
        ask(site)
    finally:
        logger.remove(number)
    assert PHONE not in (tmp_path / "log").read_text()
    assert PHONE not in repr(site.settled(2))


def test_an_upstream_that_is_down_is_our_page(site: Lab) -> None:
    site.answer = b""
    site.tunnels._backs = {"pupils": Upstream(None)}  # trusts nobody of the lab
    got = ask(site)
    assert status(got) in (502, 503)
    assert PHONE.encode() not in got
