"""Sealed reports: opened by the right key only, and not at all when a byte is changed."""

import pytest
from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as some

from audit.reports import envelope
from audit.reports.envelope import EnvelopeError

WORD = "一句足够长的口令 correct"
OWN = X25519PrivateKey.generate()


def test_for_a_recipient() -> None:
    sealed = envelope.seal_for("内容".encode(), OWN.public_key(), format="html")
    opened = envelope.open_with(sealed, OWN)
    assert (opened.content.decode(), opened.format) == ("内容", "html")
    assert "内容".encode() not in sealed
    with pytest.raises(EnvelopeError, match="wrong key"):
        envelope.open_with(sealed, X25519PrivateKey.generate())
    with pytest.raises(EnvelopeError, match="sealed for"):
        envelope.open_with_passphrase(sealed, WORD)


def test_with_a_passphrase() -> None:
    sealed = envelope.seal_with_passphrase(b"x", WORD, format="pdf")
    assert envelope.open_with_passphrase(sealed, WORD).content == b"x"
    with pytest.raises(EnvelopeError, match="wrong key"):
        envelope.open_with_passphrase(sealed, WORD + "!")
    with pytest.raises(EnvelopeError, match="too short"):
        envelope.seal_with_passphrase(b"x", "short", format="pdf")


def test_a_changed_byte() -> None:
    sealed = bytearray(envelope.seal_for(b"content", OWN.public_key(), format="html"))
    for place in (-1, -20, sealed.index(b"html")):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(EnvelopeError):
            envelope.open_with(bytes(changed), OWN)


def test_keys() -> None:
    spki = form.PublicFormat.SubjectPublicKeyInfo
    pem = OWN.public_key().public_bytes(form.Encoding.PEM, spki)
    assert envelope.public_of(pem) == OWN.public_key()
    pkcs8, plain = form.PrivateFormat.PKCS8, form.NoEncryption()
    own = OWN.private_bytes(form.Encoding.PEM, pkcs8, plain)
    assert envelope.private_of(own).public_key() == OWN.public_key()
    other = Ed25519PrivateKey.generate()
    for bad in (b"", b"x", other.public_key().public_bytes(form.Encoding.PEM, spki)):
        with pytest.raises(EnvelopeError):
            envelope.public_of(bad)
    for bad in (b"", other.private_bytes(form.Encoding.PEM, pkcs8, plain)):
        with pytest.raises(EnvelopeError):
            envelope.private_of(bad)


HEAD = b'{"magic": "qinglang-sealed-report/1", "for": "x25519", "key": "AA"}\n'


@settings(max_examples=60, deadline=None)
@given(some.one_of(some.binary(max_size=200), some.binary(max_size=60).map(HEAD.__add__)))
def test_foreign_bytes(data: bytes) -> None:
    with pytest.raises(EnvelopeError):
        envelope.open_with(data, OWN)
