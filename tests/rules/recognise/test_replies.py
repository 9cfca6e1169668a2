"""Streamed answers: every service by its examples at every cut, bounds, hostile ones."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.asking import HERE
from rules.load import load_folder
from rules.recognise.prompts import Answer, Exchange, Frame, Service, Telling
from rules.recognise.replies import LONGEST, AnswerReader

SERVICES = load_folder(Service, HERE / "ai")
STREAMS = [
    (service.answer, hit)
    for service in SERVICES.values()
    for hit in service.examples.hit
    if hit.stream
]


def read(answer: Answer | None, stream: bytes, size: int) -> str:
    reader = AnswerReader(answer)
    found = "".join(reader.feed(stream[at : at + size]) for at in range(0, len(stream), size))
    return found + reader.end()


@pytest.mark.parametrize("size", [1, 2, 3, 7, 10_000])
@pytest.mark.parametrize(("answer", "hit"), STREAMS, ids=[hit.url for _, hit in STREAMS])
def test_examples(answer: Answer, hit: Exchange, size: int) -> None:
    assert read(answer, hit.stream.encode(), size) == hit.answer


@pytest.mark.parametrize(
    ("stream", "text"),
    [
        (b'data: {"choices":[{"delta":{"content":"a"}}]}\n\ndata: [DONE]\n\n', "a"),
        (b'data:{"choices":[{"delta":{"content":"a"}}]}\r\n\r\n: ping\r\n\r\n', "a"),
        (b'data: {"choices":[{"delta":\ndata: {"content":"a"}}]}\n\n', "a"),
        (b'{"message":{"content":"a"},"done":false}\n{"message":{"content":"b"}}\n', "ab"),
        (b'data: {"type":"content_block_delta","delta":{"text":"a"}}', "a"),
        (b"data: nonsense\n\ndata: {\n\n", ""),
        (b"", ""),
        (b"\xff\xfe", ""),
    ],
)
def test_generic(stream: bytes, text: str) -> None:
    assert read(None, stream, 5) == text


def test_connect_envelopes() -> None:
    answer = Answer(frame=Frame.CONNECT, text=("t",))
    stream = b'\0\0\0\0\x09{"t":"a"}\x02\0\0\0\x02{}\0\0\0\0\x09{"t":"b"}'
    assert read(answer, stream, 4) == "ab"
    assert read(answer, b"\0\xff\xff\xff\xff" + stream, 100) == ""


def test_one_document_and_unreadable_ones() -> None:
    assert read(Answer(frame=Frame.JSON, text=("a.b",)), b'{"a":{"b":"x"}}', 3) == "x"
    assert read(Answer(frame=Frame.NONE), b'data: {"content":"x"}\n\n', 3) == ""


def test_a_whole_text_that_changes_is_told_again() -> None:
    answer = Answer(frame=Frame.NDJSON, telling=Telling.WHOLE, text=("t",))
    assert read(answer, b'{"t":"ab"}\n{"t":"abc"}\n{"t":"x"}\n{}\n', 99) == "abcx"


def test_memory_is_bounded() -> None:
    reader = AnswerReader()
    for _ in range(20):
        reader.feed(b"data: " + b"x" * 100_000)
        assert len(reader._buffer) <= LONGEST + 110_000
    reader.feed(b"\n")
    assert reader.feed(b'data: {"choices":[{"delta":{"content":"a"}}]}\n\n') == "a"
    many = AnswerReader()
    for _ in range(50):
        many.feed(b"data: " + b"y" * 10_000 + b"\n")
    assert sum(map(len, many._data)) <= LONGEST


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=400), st.sampled_from([one.answer for one in SERVICES.values()]))
def test_any_stream(stream: bytes, answer: Answer) -> None:
    assert isinstance(read(answer, stream, 17), str)
