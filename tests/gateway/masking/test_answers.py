"""Whole answers: codings undone, letters certain, forms known; else a reason."""

import contextlib
import gzip
import json
import zlib

import brotli
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.masking.answers import form_of, letters, masked, plain, typed
from gateway.masking.tables import Unmasked, UnmaskedError
from tests.gateway.masking_samples import MAIL, PAGE, PHONE, lens, look

BODY = json.dumps({"phone": PHONE, "name": "测试"}, ensure_ascii=False).encode()
MASKED = '{"phone":"169****0007","name":"测*"}'.encode()
JSON = "application/json"


def answer(body: bytes, kind: str = JSON, coding: str = "", part: int = 2) -> bytes:
    return masked(body, coding=coding, kind=kind, lens=lens(part=part), look=look(), inside=False)[
        0
    ]


def why(body: bytes, kind: str = JSON, coding: str = "", part: int = 2) -> Unmasked:
    with pytest.raises(UnmaskedError) as caught:
        answer(body, kind, coding, part)
    return caught.value.why


@pytest.mark.parametrize(
    ("coding", "made"),
    [
        ("", BODY), ("identity", BODY), ("gzip", gzip.compress(BODY)),
        ("deflate", zlib.compress(BODY)), ("br", brotli.compress(BODY)),
        ("zstd", zstandard.compress(BODY)),
    ],
    ids=["none", "identity", "gzip", "deflate", "br", "zstd"],
)  # fmt: skip
def test_codings_are_undone(coding: str, made: bytes) -> None:
    assert answer(made, coding=coding) == MASKED


def test_what_cannot_be_unpacked() -> None:
    assert why(BODY, coding="x-own") is Unmasked.ENCODING
    assert why(BODY, coding="gzip") is Unmasked.ENCODING
    assert why(gzip.compress(BODY)[:-12], coding="gzip")  # cut off
    assert why(gzip.compress(b" " * 100_000 + BODY), coding="gzip") is Unmasked.BOMB
    assert why(b" " * 5000) is Unmasked.TOO_LARGE
    with pytest.raises(UnmaskedError):
        plain(BODY, "gzip, gzip, gzip, gzip", 4096)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("application/pdf", Unmasked.TYPE), ("", Unmasked.TYPE), ("image/png", Unmasked.TYPE),
        ("multipart/mixed; boundary=x", Unmasked.TYPE), ("application/xml", Unmasked.TYPE),
        ("text/event-stream", Unmasked.STREAM), ("text/html, application/json", Unmasked.AMBIGUOUS),
        ("application/octet-stream", Unmasked.TYPE), ("text/html", Unmasked.NOT_NAMED),
        ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", Unmasked.TYPE),
    ],
)  # fmt: skip
def test_forms_that_do_not_pass(kind: str, said: Unmasked) -> None:
    assert why(BODY, kind) is said


def test_types_of_masked_answers() -> None:
    assert typed("application/json; charset=utf-8") == "application/json"
    assert typed("application/problem+json") == "application/problem+json"
    assert typed("Text/CSV; charset=gbk") == "text/csv; charset=utf-8"
    assert form_of("text/plain")[0] == "text/plain"
    assert answer(b"") == b""
    assert answer(f"写给 {MAIL}".encode(), "text/plain", part=PAGE) == "写给 ***".encode()


def test_letters_can_be_only_one() -> None:
    assert letters("测".encode("gbk"), "gb2312", "text/csv") == "测"
    assert letters(b"\xef\xbb\xbf{}", "", JSON) == "{}"
    page = '<meta charset="gbk">测'.encode("gbk")
    assert letters(page, "", "text/html").endswith("测")
    for data, said, media in (
        ("{}".encode("utf-16"), "", JSON), (b"{}\x00", "", JSON), ("测".encode("gbk"), "", JSON),
        (b"{}", "gbk", JSON), (b"{}", "utf-7", "text/html"), (b"{}", "big5", "text/csv"),
        (b"{}", "utf-16le", "text/csv"), (b"\xff", "utf-8", "text/html"),
    ):  # fmt: skip
        with pytest.raises(UnmaskedError) as caught:
            letters(data, said, media)
        assert caught.value.why is Unmasked.CHARSET


def test_half_a_character_does_not_break_it() -> None:
    assert answer(b'{"id": "\\ud83d"}') == b'{"id":"?"}'


@settings(max_examples=60)
@given(st.binary(max_size=80), st.sampled_from(["", "gzip", "br", "zstd", "deflate"]))
def test_any_bytes_are_masked_or_refused(body: bytes, coding: str) -> None:
    for kind in (JSON, "text/csv", "text/html; charset=gbk"):
        with contextlib.suppress(UnmaskedError):
            assert isinstance(answer(body, kind, coding, PAGE), bytes)
