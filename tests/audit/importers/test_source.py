"""Foreign bytes: bombs, endless lines, wrong encodings are refused with a sentence."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.importers import source
from audit.importers.model import RefusedError
from audit.importers.source import document, lines, mapping, moment, records, walk, word


class Nobody:
    def __init__(self) -> None:
        self.seen: list[tuple[tuple[str, ...], str]] = []

    def start(self, path: tuple[str, ...], attributes: Mapping[str, str]) -> None: ...

    def end(self, path: tuple[str, ...], text: str) -> None:
        self.seen.append((path, text))


def walked(data: bytes) -> Nobody:
    taker = Nobody()
    walk(io.BytesIO(data), taker)
    return taker


def test_paths_and_texts() -> None:
    data = '<a xmlns="u"><b>一</b><c/></a>'.encode()
    assert walked(data).seen == [(("a", "b"), "一"), (("a", "c"), ""), (("a",), "")]
    assert walked("<a>一</a>".encode("utf-16")).seen == [(("a",), "一")]


LAUGHS = b'<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "&x;&x;">]><a>&y;</a>'
OUTSIDE = b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>'


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (LAUGHS, "entities"), (OUTSIDE, "entities"), (b"", "no whole XML"),
        (b"<a>", "no whole XML"), (b"<a" + b" " * (5 << 20), "too large"),
        (b"<a>" * 300, "too deeply"), (b'<?xml version="1.0" encoding="none"?><a/>', "XML"),
        (b"<a>\xff</a>", "no whole XML"), (b'<a b="' + b"x" * (5 << 20) + b'"/>', "too large"),
    ],
    ids=["laughs", "outside", "empty", "cut", "tag", "deep", "encoding", "bytes", "attribute"],
)  # fmt: skip
def test_xml_that_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(RefusedError, match=said):
        walked(data)


def test_a_long_text_is_cut_not_kept() -> None:
    ((_, text),) = walked(b"<a>" + b"x" * 100_000 + b"</a>").seen
    assert len(text) <= source.MAX_TEXT


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no JSON"), (b"{", "no JSON"), (b"\xff", "not UTF-8"),
        (b"[" * 100_000, "nests"), (b"{}\n{", "no JSON"),
    ],
)  # fmt: skip
def test_json_that_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(RefusedError, match=said):
        document(io.BytesIO(data))


def test_json(monkeypatch: pytest.MonkeyPatch) -> None:
    assert document(io.BytesIO(b"\xef\xbb\xbf[1]")) == [1]
    assert document(io.BytesIO('["一"]'.encode("utf-16"))) == ["一"]
    assert document(io.BytesIO(b'{"a": 1}\n{"a": 2}\n')) == [{"a": 1}, {"a": 2}]
    monkeypatch.setattr(source, "MAX_JSON", 4)
    with pytest.raises(RefusedError, match="too large"):
        document(io.BytesIO(b"[1,2,3]"))


def test_lines() -> None:
    assert list(lines(io.BytesIO("a\r\n一\n".encode()))) == ["a", "一"]
    with pytest.raises(RefusedError, match="line 2 is too long"):
        list(lines(io.BytesIO(b"a\n" + b"x" * (source.MAX_LINE + 9))))
    with pytest.raises(RefusedError, match="no text"):
        list(lines(io.BytesIO(b"\0")))


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        (1795467048, 1795467048.0), ("2026-11-23T20:50:48Z", 1795467048.0),
        ("2026-11-23 20:50:48", 1795467048.0),
        ("2026-11-24T04:50:48.123456789+08:00", 1795467048.123456),
        ("soon", 0.0), (None, 0.0), (True, 0.0), (-1, 0.0), (1e300, 0.0),
    ],
)  # fmt: skip
def test_moments(said: object, seconds: float) -> None:
    assert moment(said) == seconds


def test_values_of_another_kind() -> None:
    assert mapping([1]) == {}
    assert list(records({"a": 1})) == []
    assert [word(one) for one in ("a", 1, None, True, [])] == ["a", "1", "", "", ""]


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes(data: bytes) -> None:
    readers: list[Any] = [document, lambda stream: walk(stream, Nobody())]
    for read in readers:
        with contextlib.suppress(RefusedError):
            read(io.BytesIO(data))
