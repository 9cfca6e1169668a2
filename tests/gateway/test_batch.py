"""Events as bytes: what is written is read, and what is foreign is refused."""

from __future__ import annotations

from dataclasses import fields, replace

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.batch import Batch, BatchError, Event, EventLayer, clean, decode, encode, event_code
from policies.model import Action
from tests.gateway.event_samples import NOON, TRACE, aggregate, batch, event

HOSTILE = st.text(
    st.one_of(
        st.characters(), st.sampled_from("\0\x1b\x7f\x85\u2028\ud800\udfff\uffff😀ａ清\u202e")
    )
)
NUMBER = st.integers(0, 2**62)


def events() -> st.SearchStrategy[Event]:
    """Any Event the Recorder could make: text cleaned, times of this age."""
    texts = HOSTILE.map(clean)
    kinds = {
        "str": texts,
        "int": NUMBER,
        "float": st.floats(0, 1),
        "tuple[str, ...]": st.lists(texts, max_size=3).map(tuple),
        "tuple[tuple[str, str, str, str, str], ...]": st.lists(
            st.tuples(texts, texts, texts, texts, texts), max_size=2
        ).map(tuple),
        "EventLayer": st.sampled_from(EventLayer),
        "Action": st.sampled_from(Action),
    }
    named = {item.name: kinds[str(item.type)] for item in fields(Event)}
    named |= {"ts": st.integers(0, 4_000_000_000_000_000)}
    named |= {name: st.just("n1") for name in ("node", "worker", "boot")}
    return st.builds(Event, **named)


@settings(max_examples=60, deadline=None)
@given(st.lists(events(), max_size=3))
def test_what_is_encoded_is_decoded(found: list[Event]) -> None:
    sent = Batch(
        node="n1",
        worker="n1",
        boot="n1",
        seq=7,
        events=tuple(found),
        aggregates=(aggregate(),),
        traces=(TRACE,),
    )
    assert decode(encode(sent)) == sent


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=300))
def test_foreign_bytes_are_a_batch_error(data: bytes) -> None:
    with pytest.raises(BatchError):
        decode(data)


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2000), st.integers(0, 255))
def test_a_changed_byte_is_a_batch_or_a_batch_error(place: int, value: int) -> None:
    data = bytearray(encode(batch()))
    data[place % len(data)] = value
    try:
        found = decode(bytes(data))
    except BatchError:
        return
    assert isinstance(found, Batch)


def _parts(**changes: object) -> bytes:
    """An encoded batch whose one event has these raw values."""
    parts = msgpack.unpackb(encode(batch()))
    names = [item.name for item in fields(Event) if item.name not in ("node", "worker", "boot")]
    for name, value in changes.items():
        parts[5][0][names.index(name)] = value
    return bytes(msgpack.packb(parts))


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("empty", b""),
        ("a number", msgpack.packb(1)),
        ("truncated", encode(batch())[:-1]),
        ("something after the end", encode(batch()) + b"\0"),
        ("another version", msgpack.packb([99, *msgpack.unpackb(encode(batch()))[1:]])),
        ("nested without end", b"\x91" * 5000),
        ("NUL in a text", _parts(host="a\0b")),
        ("a text for a number", _parts(port="443")),
        ("a number for a text", _parts(host=1)),
        ("true for a number", _parts(port=True)),
        ("a number beyond 64 bits", _parts(seq=2**64 - 1)),
        ("not a number", _parts(confidence=float("nan"))),
        ("infinite", _parts(confidence=float("inf"))),
        ("before 1970", _parts(ts=-1)),
        ("after 2242", _parts(ts=2**62)),
        ("an unknown action", _parts(action="forgive")),
        ("an unknown layer", _parts(layer="moon")),
        ("a narrow signal", _parts(signals=[["a", "b"]])),
        ("a number among names", _parts(names=[1])),
        ("a text for the signals", _parts(signals=["abcd"])),
    ],
)
def test_refused(name: str, data: bytes) -> None:
    with pytest.raises(BatchError):
        decode(data)


def test_an_unchanged_copy_of_the_parts_is_accepted() -> None:
    assert decode(_parts(host="b.example")).events == (
        replace(batch().events[0], host="b.example"),
    )


@pytest.mark.parametrize(
    ("name", "text", "cleaned"),
    [
        ("empty", "", ""),
        ("plain", "/a b?c", "/a b?c"),
        ("Chinese and emoji", "清朗😀", "清朗😀"),
        ("full width", "ＡＢ", "ＡＢ"),
        ("NUL", "a\0b", "a\\u0000b"),
        ("terminal escape", "\x1b[31m", "\\u001b[31m"),
        ("C1 control", "\x9b2J", "\\u009b2J"),
        ("line ends", "a\r\nb\u2028c", "a\\u000d\\u000ab\\u2028c"),
        ("lone surrogate", "\ud800", "\\ud800"),
        ("10 MB", "x" * 10_000_000, "x" * 512),
    ],
)
def test_clean(name: str, text: str, cleaned: str) -> None:
    assert clean(text) == cleaned


@given(HOSTILE)
def test_clean_text_survives_everything(text: str) -> None:
    cleaned = clean(text, 20)
    assert len(cleaned) <= 20
    assert "\0" not in cleaned
    assert cleaned.encode("utf-8").decode("utf-8") == cleaned
    assert clean(cleaned, 20) == cleaned


def test_codes_are_short_sorted_by_time_and_unlike() -> None:
    codes = [event_code(NOON + second, 5, count) for second in (0, 1) for count in range(3)]
    assert codes == sorted(set(codes))
    assert all(len(code) == 14 and code[4] == code[9] == "-" for code in codes)
    assert not set("".join(codes)) & set("ILOU")


def test_exchanges_of_a_batch() -> None:
    assert batch(events=2, counts=2).exchanges == 2 + 2 * 3
    assert replace(batch(), events=(), aggregates=()).exchanges == 0
    assert event().code == batch().events[0].code


def test_pages_travel_and_what_an_earlier_version_spilled_is_read() -> None:
    sent = batch(pages=((20_513, "fine.example", 3),))
    assert decode(encode(sent)) == sent
    parts = msgpack.unpackb(encode(sent))
    old = msgpack.packb([2, *parts[1:-1]])
    assert decode(old) == replace(sent, pages=())


@pytest.mark.parametrize(
    "row",
    [
        "x",
        [1, "h"],
        [1, "h", "3"],
        [-1, "h", 3],
        [10**9, "h", 3],
        [1, "h", 0],
        [1, "h\0", 3],
        [True, "h", 3],
    ],
)
def test_pages_of_the_wrong_shape_are_refused(row: object) -> None:
    parts = msgpack.unpackb(encode(batch()))
    with pytest.raises(BatchError):
        decode(msgpack.packb([*parts[:-1], [row]]))
