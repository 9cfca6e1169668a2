"""Bodies in one body."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from rules.recognise.parts import MAX_PARTS, parameters, split_parts, type_of

MHTML = (
    b'From: x\r\nContent-Type: multipart/related; boundary="b"\r\n\r\n'
    b"--b\r\nContent-Type: text/html; charset=gbk\r\nContent-Transfer-Encoding: quoted-printable"
    b"\r\n\r\n<p>=B6=C4=B2=A9</p>\r\n--b\r\nContent-Type: text/plain\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--b--\r\n"
)


def test_mhtml() -> None:
    first, second = split_parts(MHTML)
    assert (first.media_type, first.charset) == ("text/html", "gbk")
    assert first.body.decode("gbk") == "<p>赌博</p>"
    assert (second.media_type, second.body) == ("text/plain", b"hello")


def test_server_push_without_an_end() -> None:
    body = b"--x\nContent-Type: text/html\n\n<p>one\n--x\n\n<p>two"
    one, two = split_parts(body)
    assert (one.body, two.body) == (b"<p>one", b"<p>two")
    assert two.media_type == "text/plain"


def test_form_fields() -> None:
    body = (
        b'--B\r\nContent-Disposition: form-data; name="q"\r\n\r\nwords\r\n'
        b'--B\r\nContent-Disposition: form-data; name="f"; filename="a \\"b\\".txt"\r\n'
        b"Content-Type: text/plain\r\n\r\n--Bogus\r\n--B--\r\n"
    )
    field, file = split_parts(body, b"B")
    assert (field.name, field.file, field.body) == ("q", None, b"words")
    assert (file.name, file.file) == ("f", 'a "b".txt')


def test_headers() -> None:
    assert type_of('Text/HTML ; Charset="gbk"; charset=utf-8') == ("text/html", "gbk")
    assert type_of("") == ("", "")
    assert parameters("x; a=1; a=2; b*=utf-8''c") == {"a": "1", "b*": "utf-8''c"}


def test_bad_base64_stays() -> None:
    body = b"--b\nContent-Transfer-Encoding: base64\nContent-Type: a/b\n\nx\n--b--"
    assert next(split_parts(body)).body == b"x"


def test_no_parts() -> None:
    assert list(split_parts(b"")) == []
    assert list(split_parts(b"no delimiter here")) == []
    assert list(split_parts(b"--b", b"b")) == []


def test_many_parts_are_bounded() -> None:
    assert len(list(split_parts(b"--b\n\nx\n" * 10_000))) == MAX_PARTS


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            [
                b"--b",
                b"\r\n",
                b"\n",
                b"--",
                b"Content-Type: text/html",
                b"Content-Disposition: form-data; name=",
                b'"',
                b"x",
                b": ",
            ]
        ),
        max_size=40,
    ),
    st.sampled_from([b"", b"b", b"\xff"]),
)
def test_any_bytes(pieces: list[bytes], delimiter: bytes) -> None:
    assert len(list(split_parts(b"".join(pieces), delimiter))) <= MAX_PARTS
