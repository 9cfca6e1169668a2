"""Heads: what goes to the application, and what is left of its answer's."""

import pytest

from gateway.masking.heads import answered, forwarded, length, refused
from gateway.masking.tables import Unmasked, UnmaskedError
from tests.gateway.masking_samples import MAIL, lens, look

Fields = tuple[tuple[bytes, bytes], ...]


def names(fields: Fields) -> set[bytes]:
    return {name.lower() for name, _ in fields}


def left(*fields: tuple[bytes, bytes], status: int = 200) -> Fields:
    return answered(status, fields, lens(), look(), inside=False)


@pytest.mark.parametrize(
    ("method", "fields", "why"),
    [
        ("GET", (), None),
        ("POST", ((b"Content-Type", b"a/b"),), None),
        ("TRACE", (), Unmasked.METHOD),
        ("PROPFIND", (), Unmasked.METHOD),
        ("GET", ((b"RANGE", b"bytes=0-1"),), Unmasked.RANGE),
        ("GET", ((b"Upgrade", b"websocket"),), Unmasked.WEBSOCKET),
    ],
)
def test_requests_that_cannot_be_passed_on(method: str, fields: Fields, why: object) -> None:
    assert refused(method, fields) is why


def test_what_is_forwarded_is_ours() -> None:
    given = (
        (b"Authorization", b"Bearer x"), (b"If-None-Match", b'"1"'), (b"Accept-Encoding", b"br"),
        (b"X-Forwarded-For", b"192.0.2.1"), (b"X-HTTP-Method-Override", b"DELETE"),
        (b"X-Original-URL", b"/admin"), (b"Cookie", b"a=b"),
    )  # fmt: skip
    got = dict(forwarded(given, host="a.example", client="10.0.0.9", plain=False))
    assert got[b"X-Forwarded-For"] == b"10.0.0.9"
    assert got[b"Accept-Encoding"] == b"identity"
    assert got[b"Authorization"] == b"Bearer x"
    assert got[b"Forwarded"] == b"for=10.0.0.9;host=a.example;proto=https"
    assert not names(tuple(got.items())) & {
        b"if-none-match", b"x-original-url", b"x-http-method-override",
    }  # fmt: skip
    whole = dict(forwarded(given, host="a.example", client="2001:db8::1", plain=True))
    assert (whole[b"If-None-Match"], whole[b"Accept-Encoding"]) == (b'"1"', b"br")
    assert whole[b"Forwarded"].startswith(b'for="[2001:db8::1]";')


def test_what_speaks_of_the_plain_body_is_dropped() -> None:
    kept = left(
        (b"ETag", b'"1"'), (b"Last-Modified", b"x"), (b"Content-Length", b"9"),
        (b"Digest", b"x"), (b"Cache-Control", b"public"), (b"Set-Cookie", b"m=" + MAIL.encode()),
        (b"Link", b"</?m=" + MAIL.encode() + b">"), (b"X-Own", b"parent7%40mail.example"),
        (b"X-Plain", b"fine"), (b"Content-Range", b"x"), (b"Alt-Svc", b"h3"),
    )  # fmt: skip
    assert names(kept) == {
        b"set-cookie", b"x-plain", b"cache-control", b"x-content-type-options",
    }  # fmt: skip
    assert dict(kept)[b"Cache-Control"] == b"no-store"


def test_statuses_and_places_that_cannot_be() -> None:
    for status, why in (
        (206, Unmasked.RANGE), (304, Unmasked.STATUS), (226, Unmasked.STATUS),
        (101, Unmasked.STATUS), (103, Unmasked.STATUS),
    ):  # fmt: skip
        with pytest.raises(UnmaskedError) as caught:
            left(status=status)
        assert caught.value.why is why
    with pytest.raises(UnmaskedError):
        left((b"Location", b"/?m=" + MAIL.encode()), status=302)
    assert dict(left((b"Location", b"/login"), status=302))[b"Location"] == b"/login"


@pytest.mark.parametrize(
    ("values", "size"),
    [((), -1), ((b"7",), 7), ((b"7", b"7"), 7), ((b"7", b"8"), -1), ((b"-1",), -1), ((b"x",), -1)],
)
def test_lengths(values: tuple[bytes, ...], size: int) -> None:
    assert length(tuple((b"Content-Length", value) for value in values)) == size
