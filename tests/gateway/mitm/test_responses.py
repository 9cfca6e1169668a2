"""Responses: what is streamed, what is held, what never leaves."""

import asyncio
import gzip

import pytest

from gateway.mitm.layers import WINDOW_SECONDS
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


@pytest.mark.parametrize("size", [5, 100_000])
def test_a_rating_header_lets_nothing_of_the_body_leave(lab: Lab, size: int) -> None:
    lab.answer = reply(b"\x89PNG origin" * size, "Content-Type: image/png", "Rating: adult")
    answer = lab.get(lab.url("www.allowed.example"))
    assert status(answer) == 403
    assert b"PNG origin" not in answer
    assert len(lab.settled(1)) == 1


@pytest.mark.parametrize(
    "lines",
    [
        ["Content-Type: image/png", "Content-Type: text/html"],
        ["Content-Type: image/png, text/html"],
        ["Content-Type: text/html foo"],
        ["Content-Type: */*"],
        ["Content-Type: unknown/unknown"],
        ["Content-Type: html"],
        [],
    ],
    ids=["two", "a list", "no semicolon", "any", "unknown", "no type", "none"],
)
def test_what_a_browser_may_take_for_a_page_is_held(lab: Lab, lines: list[str]) -> None:
    lab.answer = reply(RTA, *lines)
    assert status(lab.get(lab.url("www.allowed.example"))) == 403


def test_transfer_codings_are_undone_to_look(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: gzip\r\n\r\n"
        )
        writer.write(gzip.compress(RTA))
        writer.close()

    monkeypatch.setattr(lab, "_origin_answer", script)
    assert status(lab.get(lab.url("www.allowed.example"))) == 403


@pytest.mark.parametrize(
    ("content_range", "media", "expected"),
    [
        ("bytes 70000-70004/80000", "text/html", 403),
        ("", "text/html", 403),
        ("bytes 0-4/80000", "text/html", 206),
        ("bytes 70000-70004/80000", "video/mp4", 206),
        ("bytes 70000-70004/80000", "text/plain", 206),
    ],
)
def test_the_rest_of_a_page_without_its_beginning(
    lab: Lab, content_range: str, media: str, expected: int
) -> None:
    answer = reply(b"hello", f"Content-Type: {media}", f"Content-Range: {content_range}")
    lab.answer = answer.replace(b"200 OK", b"206 Partial Content")
    assert status(lab.get(lab.url("www.allowed.example"), "Range: bytes=70000-")) == expected


def test_a_page_that_begins_late_is_not_held_forever(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def script(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        await asyncio.sleep(2 * WINDOW_SECONDS)
        writer.write(b"5\r\nhello\r\n")
        await reader.read()  # the rest never comes
        writer.close()

    monkeypatch.setattr(lab, "_origin_answer", script)
    with lab.connect() as sock:
        url = lab.url("www.allowed.example")
        sock.sendall(f"GET {url} HTTP/1.1\r\nHost: www.allowed.example\r\n\r\n".encode())
        found = b""
        while b"hello" not in found and (more := sock.recv(65536)):
            found += more
    assert b"hello" in found
