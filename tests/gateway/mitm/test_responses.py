"""Responses: what is streamed, what is held, what never leaves."""

import gzip

import pytest

from rules.model import Gap
from tests.gateway.mitm.harness import Lab, status

RTA = b'<html><head><meta name="rating" content="RTA-5042-1996-1400-1577-RTA"></head>'


def reply(body: bytes, *headers: str, length: bool = True) -> bytes:
    lines = ["HTTP/1.1 200 OK", *headers]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    else:
        lines.append("Connection: close")
    return "\r\n".join([*lines, "", ""]).encode() + body


def test_pages_pass_untouched(lab: Lab) -> None:
    page = "<html>清朗</html>".encode() * 10_000
    lab.answer = reply(page, "Content-Type: text/html")
    assert lab.get(lab.url("www.allowed.example")).endswith(page)
    (seen,) = lab.settled(1)
    assert seen.bytes_down == len(page)


@pytest.mark.parametrize("size", [10, 100_000], ids=["smaller than the window", "larger"])
@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_labelled_pages_never_leave(lab: Lab, size: int, packed: bool) -> None:
    page = RTA + bytes(range(256)) * (size // 256) + b"</html>"
    headers = ["Content-Type: text/html"]
    if packed:
        page = gzip.compress(page)
        headers.append("Content-Encoding: gzip")
    lab.answer = reply(page, *headers)
    answer = lab.get(lab.url("www.allowed.example"))
    assert status(answer) == 403
    assert b"RTA-5042" not in answer
    (seen,) = lab.settled(1)
    assert seen.facts.labels


def test_a_rating_header_is_enough(lab: Lab) -> None:
    lab.answer = reply(b"\x89PNG", "Content-Type: image/png", "Rating: adult")
    assert status(lab.get(lab.url("www.allowed.example"))) == 403


@pytest.mark.parametrize(
    ("body", "coding", "gap"),
    [
        (b"anything", "foo", Gap.UNDECODABLE),
        (b"this is not gzip" * 100, "gzip", Gap.UNDECODABLE),
        (gzip.compress(bytes(40_000_000)), "gzip", Gap.BOMB),
    ],
    ids=["unknown coding", "a lie", "a bomb"],
)
def test_what_cannot_be_seen_is_not_forwarded(lab: Lab, body: bytes, coding: str, gap: Gap) -> None:
    lab.answer = reply(body, "Content-Type: text/html", f"Content-Encoding: {coding}")
    answer = lab.get(lab.url("www.allowed.example"))
    assert status(answer) == 403
    (seen,) = lab.settled(1)
    assert seen.facts.gap is gap


def test_other_bodies_are_streamed(lab: Lab) -> None:
    body = bytes(range(256)) * 8000
    lab.answer = reply(body, "Content-Type: application/octet-stream")
    assert lab.get(lab.url("www.allowed.example")).endswith(body)
    (seen,) = lab.settled(1)
    assert seen.bytes_down == len(body)


def test_alt_svc_is_dropped(lab: Lab) -> None:
    lab.answer = reply(b"ok", 'Alt-Svc: h3=":443"', "Content-Type: text/plain")
    assert b"alt-svc" not in lab.get(lab.url("www.allowed.example")).lower()


def test_chunks_and_trailers(lab: Lab) -> None:
    lab.answer = (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"5\r\nhello\r\n0\r\nX-Trailer: x\r\n\r\n"
    )
    answer = lab.get(lab.url("www.allowed.example"))
    assert status(answer) == 200
    assert b"5\r\nhello\r\n0\r\n\r\n" in answer or answer.endswith(b"hello")
    assert len(lab.settled(1)) == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nhello\r\n",
        b"HTTP/9 what\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    ],
    ids=["two lengths", "bad chunk", "bad version", "not http", "length and chunks"],
)
def test_broken_origins_end_in_one_event(lab: Lab, answer: bytes) -> None:
    lab.answer = answer
    found = lab.get(lab.url("www.allowed.example"))
    assert status(found) in (0, 200, 502)
    assert b"hello" not in found or status(found) == 200
    assert len(lab.settled(1)) == 1


def test_unreachable_and_unverifiable_origins_get_a_page(lab: Lab) -> None:
    assert status(lab.get("http://unknown.example:9/")) == 502
    (seen,) = lab.settled(1)
    assert seen.facts.gap is Gap.UPSTREAM
