"""Small bodies as fields: forms, multipart, JSON in JSON, envelopes, hostile ones."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.recognise.fields import MOST_FIELDS, document, fields

FORM = "application/x-www-form-urlencoded"
MULTI = "multipart/form-data; boundary=b"


@pytest.mark.parametrize(
    ("body", "media", "wanted"),
    [
        (b"q=%E7%8C%AB&x=", FORM, (("q", "猫"),)),
        (b'v={"a":["b"]}', FORM, (("v.a.*", "b"),)),
        (
            b'{"a":{"b":["x",{"c":"y"}],"n":1}}',
            "application/json",
            (("a.b.*", "x"), ("a.b.*.c", "y")),
        ),
        (b'{"a":"{\\"t\\":\\"x\\"}"}', "", (("a.t", "x"),)),
        (b'[{"a":"b"}]', "text/plain", (("*.a", "b"),)),
        (b'{"a":"b"}\n{"a":"c"}\n', "application/x-ndjson", (("a", "b"), ("a", "c"))),
        (b'\0\0\0\0\x09{"a":"b"}', "application/connect+json", (("a", "b"),)),
        (b"hello", "text/plain", (("", "hello"),)),
        (b"q=cat", "", (("q", "cat"),)),
        (b"\x0a\x05hello", "application/protobuf", ()),
        (b"", "application/json", ()),
        (b"--b", "multipart/form-data", ()),
        (
            b'--b\r\nContent-Disposition: form-data; name="t"\r\n\r\nx\r\n'
            b'--b\r\nContent-Disposition: form-data; name="f"; filename="a"\r\n\r\ny\r\n'
            b'--b\r\nContent-Disposition: form-data; name="j"\r\n\r\n{"a":"z"}\r\n--b--',
            MULTI,
            (("t", "x"), ("j.a", "z")),
        ),
    ],
)
def test_fields(body: bytes, media: str, wanted: tuple[tuple[str, str], ...]) -> None:
    assert fields(body, media) == wanted


def test_deep_and_wide_documents_end() -> None:
    assert fields(b"[" * 60_000, "application/json") == ()
    assert fields(b'{"a":' * 200 + b'"x"' + b"}" * 200, "application/json") == ()
    assert len(fields(b'["x"' + b',"x"' * 10_000 + b"]", "application/json")) == MOST_FIELDS
    assert document("nonsense") is None


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400), st.sampled_from([FORM, MULTI, "", "application/json", "x/y"]))
def test_any_bytes(body: bytes, media: str) -> None:
    for name, value in fields(body, media):
        assert isinstance(name, str)
        assert isinstance(value, str)
