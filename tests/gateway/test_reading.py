"""A body as it streams by: what is read when, what may leave when, and what is remembered."""

from __future__ import annotations

import gzip
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.reading import (
    MOST,
    REMEMBERED,
    STEP,
    STREAM,
    Judged,
    Remembered,
    Watch,
    is_read,
    united,
)
from rules.model import Gap, Signal
from rules.recognise.page import Page

BAD = "不该看到的话"
SIGNAL = Signal(category="porn", recogniser="words", matched=BAD, confidence=0.95)


class Reader:
    """Knows one phrase; keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def page(self, page: Page) -> tuple[Signal, ...]:
        self.asked.append(page.text)
        return (SIGNAL,) if BAD in page.text + page.strings else ()


def watch(encoding: str = "", *, judged: bool = False, kind: str = "text/html") -> Watch:
    reader: Any = Reader()
    return Watch(reader, kind, "utf-8", encoding, judged=judged)


def through(made: Watch, *chunks: bytes) -> tuple[bytes, list[Judged]]:
    """What left until something was found, and all that was found."""
    left, found = b"", []
    for chunk in (*chunks, b""):
        judged = made.feed(chunk) if chunk else made.end()
        if judged:
            found.append(judged)
            if judged.signals:
                break
        left += made.release()
    return left, found


@pytest.mark.parametrize(
    ("media", "read"),
    [
        ("application/json", True),
        ("application/vnd.api+json", True),
        (STREAM, True),
        ("text/html", False),  # a page: held anyhow
        ("image/png", False),
        ("application/octet-stream", False),
    ],
)
def test_what_is_worth_reading(media: str, read: bool) -> None:
    assert is_read(media) is read


@settings(max_examples=40, deadline=None)
@given(st.lists(st.binary(max_size=3000), max_size=6), st.sampled_from(["", "gzip"]))
def test_what_is_harmless_leaves_whole_and_in_order(pieces: list[bytes], encoding: str) -> None:
    body = b"".join(pieces)
    sent = gzip.compress(body) if encoding else body
    chunks = [sent[at : at + 700] for at in range(0, len(sent), 700)]
    left, found = through(watch(encoding), *chunks)
    assert left == sent
    assert found == []


@pytest.mark.parametrize("size", [1, 5, 100, 1023, 1024, 5000])
def test_a_phrase_is_found_wherever_it_is_cut_and_has_not_left(size: int) -> None:
    body = ("<p>平常的话。</p>" * 200 + f"<p>{BAD}</p>").encode()
    chunks = [body[at : at + size] for at in range(0, len(body), size)]
    left, found = through(watch(), *chunks)
    assert found[-1].signals == (SIGNAL,)
    assert BAD.encode() not in left


def test_a_judged_window_is_not_read_again() -> None:
    made = watch(judged=True)
    left, found = through(made, BAD.encode() + b"<p>other words</p>" * 200, b"<p>x</p>" * 200)
    assert found == []
    assert left


def test_small_pieces_of_a_page_wait_those_of_a_stream_do_not() -> None:
    made = watch()
    made.feed(b"<p>a</p>")
    assert made.release() == b""
    made.feed(b"x" * STEP)
    assert made.release() == b"<p>a</p>" + b"x" * STEP
    stream = watch(kind=STREAM)
    stream.feed(b"data: a\n\n")
    assert stream.release() == b"data: a\n\n"


def test_beyond_the_budget_nothing_is_read_and_that_is_said() -> None:
    made = watch()
    piece = b"<p>plain words</p>" * 4000
    left, found = through(made, *[piece] * 40)
    assert [one.gap for one in found] == [Gap.OVER_BUDGET]
    assert len(left) == len(piece) * 40 > MOST


def test_what_cannot_be_unpacked_is_said() -> None:
    made = watch("gzip")
    assert made.feed(b"no gzip at all" * 100).gap is Gap.UNDECODABLE
    assert made.release() == b"no gzip at all" * 100  # policy has said that it may


def test_the_last_pages_are_remembered() -> None:
    kept = Remembered(most=2)
    for path in ("/1", "/2", "/1", "/3"):
        kept.put("h", path, (SIGNAL,), 1000.0)
    assert kept.get("h", "/1", 1001.0) == (SIGNAL,)
    assert kept.get("h", "/2", 1001.0) == ()
    assert kept.get("h", "/3", 1000.0 + REMEMBERED - 1) == (SIGNAL,)
    assert kept.get("h", "/3", 1000.0 + REMEMBERED) == ()


def test_of_equal_recognitions_the_surest_stays() -> None:
    less, other = replace(SIGNAL, confidence=0.6), replace(SIGNAL, category="gambling")
    assert united((), (less,)) == (less,)
    assert united((less,), (SIGNAL, other)) == (SIGNAL, other)
    assert united((SIGNAL,), (less,)) == (SIGNAL,)


def test_what_waits_is_looked_at_when_nothing_more_comes() -> None:
    made = watch()
    assert made.feed(BAD.encode()) == Judged()
    assert made.release() == b""
    made.feed(b"<p>calm</p>" * 120)
    assert made.release()
    made.feed(BAD.encode())
    assert made.hurry().signals == (SIGNAL,)
    assert made.hurry() == Judged()
