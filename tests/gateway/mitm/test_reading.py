"""Content on the wire: pages that no list knows, judged before they leave, or broken off."""

from __future__ import annotations

import gzip
import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from rules.model import Gap, Signal
from rules.recognise.content import Reading
from rules.recognise.page import Page, read_page
from tests.gateway.mitm.harness import Lab, everything, status

BAD = "注册就送彩金"
MAYBE = "也许"


class Words:
    """A recogniser that knows two phrases; what is tested here is what the engine does with it."""

    def __init__(self) -> None:
        self.read_bodies = 0

    def read(self, body: bytes, media_type: str, charset: str = "", **_: Any) -> Reading:
        self.read_bodies += 1
        return Reading(signals=self.page(read_page(body, media_type, charset)))

    def page(self, page: Page) -> tuple[Signal, ...]:
        text = f"{page.title}\n{page.text}\n{page.strings}"
        return tuple(
            Signal(
                category="gambling",
                recogniser="words",
                matched=phrase,
                confidence=odds,
                place="text",
            )
            for phrase, odds in ((BAD, 0.97), (MAYBE, 0.7))
            if phrase in text
        )


@pytest.fixture
def words(lab: Lab) -> Iterator[Words]:
    found = Words()
    before = lab.filter.force
    lab.filter.force = replace(before, recogniser=found)  # type: ignore[arg-type]
    yield found
    lab.filter.force = before


def reply(body: bytes, kind: str = "text/html; charset=utf-8", *headers: str) -> bytes:
    lines = ["HTTP/1.1 200 OK", f"Content-Type: {kind}", *headers, f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


def page(text: str, size: int = 0) -> bytes:
    """A page with this text after so many bytes of others."""
    filler = "".join(f"<p>第{n}段是平常的话。</p>" for n in range(size // 40))
    return f"<html><title>页</title><body>{filler}<p>{text}</p></body></html>".encode()


@pytest.mark.parametrize(
    "answer",
    [
        reply(page(BAD)),
        reply(page(BAD).decode().encode("gb18030"), "text/html; charset=gbk"),
        reply(gzip.compress(page(BAD, 100_000)), "text/html", "Content-Encoding: gzip"),
        reply(json.dumps({"data": [{"t": BAD}]}).encode(), "application/json"),
        reply(BAD.encode(), "text/plain; charset=utf-8"),
    ],
    ids=["page", "gbk", "gzip", "json", "plain"],
)
def test_what_is_harmful_does_not_leave(lab: Lab, words: Words, answer: bytes) -> None:
    lab.answer = answer
    got = lab.get(lab.url("www.unlisted.example"))
    assert status(got) == 403
    assert BAD.encode() not in got
    (seen,) = lab.settled(1)
    assert seen.outcome.verdict.deciding == ("gambling",)
    assert [one.matched for one in seen.facts.seen] == [BAD]


def test_what_is_only_possible_passes_and_is_known(lab: Lab, words: Words) -> None:
    lab.answer = reply(page(MAYBE))
    assert lab.get(lab.url("www.unlisted.example")).endswith(page(MAYBE))
    (seen,) = lab.settled(1)
    assert seen.outcome.signals.doubts[0][1] == 0.7
    assert "gambling" not in seen.outcome.verdict.deciding


def test_what_is_harmless_passes_byte_for_byte(lab: Lab, words: Words) -> None:
    body = page("你好", 400_000)
    lab.answer = reply(body)
    assert lab.get(lab.url("www.unlisted.example")).endswith(body)
    assert not lab.settled(1)[0].facts.seen


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "gzip"])
def test_harm_further_down_breaks_the_page_off_and_is_told_the_next_time(
    lab: Lab, words: Words, packed: bool
) -> None:
    body = page(BAD, 600_000)
    sent = gzip.compress(body, 0) if packed else body
    lab.answer = reply(sent, "text/html", *(["Content-Encoding: gzip"] if packed else []))
    url = lab.url("www.unlisted.example", f"/long/{packed}")
    got = lab.get(url)
    assert status(got) == 200
    assert BAD.encode() not in got
    assert len(got) < len(sent)
    (first,) = lab.settled(1)
    assert (first.problem, first.facts.gap) == ("harm-further-down", None)
    assert first.outcome.verdict.deciding == ("gambling",)
    again = lab.get(url)
    assert status(again) == 403
    assert len(lab.settled(2)) == 2


@pytest.mark.parametrize("size", [60_000, 66_000, 70_000, 90_000, 150_000])
def test_harm_in_the_last_bytes(lab: Lab, words: Words, size: int) -> None:
    """Wherever the looks fall, the last one is before the page is complete."""
    lab.answer = reply(page(BAD, size))
    got = lab.get(lab.url("www.unlisted.example", f"/last/{size}"))
    assert lab.settled(1)[0].outcome.verdict.deciding == ("gambling",)
    assert BAD.encode() not in got
    assert b"</html>" not in got or status(got) == 403


def test_more_than_is_read_of_a_page_is_said(lab: Lab, words: Words) -> None:
    body = page("你好", 1_500_000)
    lab.answer = reply(body)
    assert lab.get(lab.url("www.unlisted.example", "/huge")).endswith(body)
    (seen,) = lab.settled(1)
    assert seen.facts.gap is Gap.OVER_BUDGET


def test_a_window_that_unpacks_to_more_than_is_read_is_said(lab: Lab, words: Words) -> None:
    body = gzip.compress(page("你好", 3_000_000))
    lab.answer = reply(body, "text/html", "Content-Encoding: gzip")
    assert lab.get(lab.url("www.unlisted.example", "/packed")).endswith(body)
    assert lab.settled(1)[0].facts.gap is Gap.OVER_BUDGET


def test_an_answer_that_is_being_written_is_not_held(lab: Lab, words: Words) -> None:
    events = [f"data: {json.dumps({'delta': f'第{n}句'})}\n\n".encode() for n in range(4000)]
    bad = f"data: {json.dumps({'delta': BAD}, ensure_ascii=False)}\n\n".encode()
    lab.answer = reply(b"".join(events) + bad + b"".join(events), "text/event-stream")
    got = lab.get(lab.url("www.unlisted.example", "/stream"))
    assert events[0] in got
    assert BAD.encode() not in got
    assert lab.settled(1)[0].problem == "harm-further-down"


@pytest.mark.parametrize("host", ["www.bank.example", "www.school.example"])
def test_what_is_not_to_be_read_is_not(lab: Lab, words: Words, host: str) -> None:
    lab.answer = reply(page(BAD))
    got = lab.get(lab.url(host))
    assert words.read_bodies == 0
    assert status(got) == 200


def test_pictures_are_not_read(lab: Lab, words: Words) -> None:
    lab.answer = reply(BAD.encode(), "image/png")
    assert status(lab.get(lab.url("www.unlisted.example"))) == 200
    assert words.read_bodies == 0


def test_over_https(lab: Lab, words: Words) -> None:
    lab.answer = reply(page(BAD))
    sock = lab.tunnel(f"www.allowed.example:{lab.tls_port}")
    with lab.client_tls().wrap_socket(sock, server_hostname="www.allowed.example") as secure:
        secure.sendall(b"GET / HTTP/1.1\r\nHost: www.allowed.example\r\nConnection: close\r\n\r\n")
        got = everything(secure)
    assert status(got) == 403
    assert isinstance(sock, socket.socket)


def test_a_warning_that_was_read_lets_the_page_through(lab: Lab, words: Words) -> None:
    """What is only possible makes the page be judged again: the ticket still counts."""
    lab.answer = reply(page(MAYBE))
    url = lab.url("www.warned.example", "/read")
    first = lab.get(url)
    assert status(first) == 403
    link = first.decode().partition('href="/.well-known/qinglang/continue?')[2].partition('"')[0]
    way = "/.well-known/qinglang/continue?" + link.replace("&amp;", "&")
    raw = lab.get(lab.url("www.warned.example", way)).decode("latin-1")
    cookie = raw[raw.lower().index("set-cookie: ") + 12 :].partition(";")[0]
    assert lab.get(url, f"Cookie: {cookie}").endswith(page(MAYBE))
