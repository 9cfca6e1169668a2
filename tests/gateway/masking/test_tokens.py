"""Who a request is from: one good token is somebody, everything else is nobody."""

import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from gateway.masking.tokens import NOBODY, Verifier, readable_keys
from tests.gateway.masking_samples import KEY, NOW, TRUST, bearer, claims, jwks, token


def verifier(document: dict[str, Any] | None = None) -> Verifier:
    made = Verifier(TRUST)
    made.use(readable_keys(document or jwks()))
    return made


def why(*fields: tuple[bytes, bytes], document: dict[str, Any] | None = None) -> str:
    found = verifier(document).person(fields, NOW)
    assert not found.known
    assert not found.claims
    return found.why


def test_a_good_token_is_somebody_in_either_place() -> None:
    for fields in (bearer(token()), ((b"cookie", f"a=b; session={token()}".encode()),)):
        found = verifier().person(fields, NOW)
        assert (found.subject, found.why) == ("t1", "")
        assert found.claims["classes"] == ("3-1",)


def test_no_token_is_nobody_without_a_reason() -> None:
    assert verifier().person((), NOW) is NOBODY
    assert verifier().person(((b"Authorization", b"Basic YTpi"),), NOW) is NOBODY


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://x.example"}, {"iss": None}, {"aud": "other"}, {"aud": None},
        {"exp": NOW}, {"exp": NOW - 1}, {"exp": None}, {"exp": True},
        {"nbf": NOW + 120}, {"iat": NOW + 120}, {"iat": False}, {"sub": ""},
        {"sub": None}, {"sub": "x" * 257},
    ],
)  # fmt: skip
def test_claims_that_are_not_right(changed: dict[str, Any]) -> None:
    assert why(*bearer(token(**changed)))


@pytest.mark.parametrize(
    "head",
    [
        {"kid": "2"}, {"jku": "https://x.example"}, {"jwk": {}}, {"x5u": "https://x.example"},
        {"x5c": []}, {"crit": ["x"]}, {"zip": "DEF"},
    ],
)  # fmt: skip
def test_what_a_token_says_of_keys_is_not_believed(head: dict[str, Any]) -> None:
    assert why(*bearer(token(head)))


def test_another_key_another_algorithm_and_none() -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    assert why(*bearer(jwt.encode(claims(), other, "ES256", headers={"kid": "1"})))
    assert why(*bearer(jwt.encode(claims(), "", "none", headers={"kid": "1"})))
    public = KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    encode = jwt.utils.base64url_encode
    head = encode(b'{"alg":"HS256","kid":"1"}').decode()
    body = encode(json.dumps(claims()).encode()).decode()
    mac = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    forged = encode(mac.sign(f"{head}.{body}".encode(), public)).decode()
    assert why(*bearer(f"{head}.{body}.{forged}"))


def test_one_token_only() -> None:
    cookie = (b"Cookie", f"session={token()}".encode())
    assert why(*bearer(token()), *bearer(token())) == "several-tokens"
    assert why(*bearer(token()), cookie) == "several-tokens"
    assert why(cookie, cookie) == "several-tokens"
    assert why((b"Cookie", f"session={token()}; session=x".encode())) == "several-tokens"


def test_a_claim_that_stands_twice_is_not_believed() -> None:
    said = json.dumps(claims())[:-1] + ', "role": "officer"}'
    head = json.dumps({"alg": "ES256", "kid": "1"})
    encode = jwt.utils.base64url_encode
    signed = b".".join(map(encode, (head.encode(), said.encode())))
    made = jwt.algorithms.ECAlgorithm(jwt.algorithms.ECAlgorithm.SHA256).sign(signed, KEY)
    assert why(*bearer(f"{signed.decode()}.{encode(made).decode()}")) == "ValueError"


def test_a_verdict_is_remembered_until_the_token_ends_or_keys_change() -> None:
    made = verifier()
    fields = bearer(token())
    assert made.person(fields, NOW).known
    assert made.person(fields, NOW) is made.person(fields, NOW + 1)
    assert not made.person(fields, NOW + 600).known
    made.use({})
    assert not made.person(fields, NOW).known
    assert made.missed


def test_every_kind_of_key_for_its_own_algorithm_alone() -> None:
    pairs = {
        "RS256": (rsa.generate_private_key(65537, 2048), jwt.algorithms.RSAAlgorithm),
        "EdDSA": (ed25519.Ed25519PrivateKey.generate(), jwt.algorithms.OKPAlgorithm),
    }
    for name, (key, kind) in pairs.items():
        row = kind.to_jwk(key.public_key(), as_dict=True)
        document = {"keys": [{**row, "kid": "1"}]}
        good = jwt.encode(claims(), key, name, headers={"kid": "1"})
        assert verifier(document).person(bearer(good), NOW).known
        assert list(readable_keys(document)) == [name]


def test_keys_that_are_not_used() -> None:
    weak = rsa.generate_private_key(65537, 1024).public_key()
    row = jwt.algorithms.RSAAlgorithm.to_jwk(weak, as_dict=True)
    for odd in (
        {"keys": [row]}, jwks(use="enc"), jwks(alg="RS256"), jwks(crv="P-384"), jwks(d="x"),
        jwks(key_ops=["sign"]), jwks(x="!"), {"keys": [1, {"kty": "oct", "k": "AA"}]},
    ):  # fmt: skip
        assert readable_keys(odd) == {}
    for none in ([], {}, {"keys": 1}, None):
        with pytest.raises(ValueError, match="JWKS"):
            readable_keys(none)
    twice = {"keys": [*jwks()["keys"], *jwks()["keys"]]}
    assert why(*bearer(token()), document=twice)  # a key id that stands twice is no key id


@given(st.text(max_size=200), st.binary(max_size=200))
def test_whatever_is_sent_is_nobody(text: str, data: bytes) -> None:
    made = verifier()
    assert not made.person(((b"authorization", b"Bearer " + text.encode()),), NOW).known
    assert not made.person(((b"cookie", b"session=" + data), (data, data)), NOW).known


@given(st.data())
def test_a_token_with_any_letter_changed_is_nobody(data: st.DataObject) -> None:
    good = token()
    at = data.draw(st.integers(0, len(good) - 3))  # the last letters hold unused bits
    letter = data.draw(st.sampled_from("AZaz09-_."))
    if good[at] != letter:
        changed = good[:at] + letter + good[at + 1 :]
        assert not verifier().person(bearer(changed), NOW).known
