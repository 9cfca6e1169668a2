"""A certificate holds until one character of it is changed."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.lifecycle.certificate import issue, verify

KEY = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
PAPER = issue({"holds": True, "residual": {"verified": {}}}, KEY)


def test_it_holds_and_says_what_a_copy_still_is() -> None:
    body, wrong = verify(PAPER, KEY.public_key())
    assert wrong == ""
    assert "仍属个人信息" in body["standing"]["zh"]
    assert verify(PAPER)[1] == ""


def test_another_key_is_told() -> None:
    other = Ed25519PrivateKey.from_private_bytes(b"\x08" * 32)
    assert "另" not in verify(PAPER, KEY.public_key())[1]
    assert verify(PAPER, other.public_key())[1]
    forged = issue({"holds": True}, other)
    assert verify(forged)[1] == ""
    assert verify(forged, KEY.public_key())[1]


@pytest.mark.parametrize("field", ["holds", "standing", "key", "residual", "public", "signature"])
def test_a_change_is_found(field: str) -> None:
    found = json.loads(PAPER)
    found[field] = "x"
    assert verify(json.dumps(found))[1]


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60))
def test_foreign_texts_are_no_certificate(text: str) -> None:
    assert verify(text)[1]
    assert verify(json.dumps({"type": "mask-certificate", "signature": text, "public": text}))[1]
