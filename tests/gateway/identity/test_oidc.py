"""ID tokens: believed when everything is right, and each single thing that is not."""

import base64
import json
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.identity import oidc
from gateway.identity.oidc import Provider, TokenError, UnknownKeyError, Visits
from rules.load import DataError, loads
from rules.model import Text
from tests.providers import key, public

NOW = 1_900_000_000.0
ISSUER = "https://id.school.example"
KEYS = {kind: key(kind) for kind in oidc.ALGORITHMS}
JWKS = {"keys": [public(KEYS[kind], kind, kind) for kind in KEYS]}


def provider(**more: Any) -> Provider:
    said = {"issuer": ISSUER, "client_id": "gw", "redirect": "http://gw.school/portal/callback"}
    return Provider(id="p", title=Text(zh="登录", en="login"), **(said | more))


def said(**more: Any) -> dict[str, Any]:
    found = {"iss": ISSUER, "aud": "gw", "sub": "1", "nonce": "n", "iat": NOW, "exp": NOW + 60}
    return {name: value for name, value in (found | more).items() if value is not None}


def token(kind: str = "ES256", kid: str | None = None, **more: Any) -> str:
    return jwt.encode(said(**more), KEYS[kind], kind, headers={"kid": kid or kind})


@pytest.mark.parametrize("kind", oidc.ALGORITHMS)
def test_each_algorithm(kind: str) -> None:
    assert oidc.claims(token(kind), JWKS, provider(), "n", NOW)["sub"] == "1"


@pytest.mark.parametrize(
    "more",
    [
        {"iss": "https://evil.example"},
        {"aud": "another"},
        {"aud": ["gw", "another"]},  # without azp
        {"aud": ["gw", "another"], "azp": "another"},
        {"azp": "another"},
        {"nonce": "m"},
        {"nonce": None},
        {"nonce": 5},
        {"exp": NOW - 61},
        {"exp": None},
        {"exp": "soon"},
        {"exp": True},
        {"iat": NOW + 61},
        {"iat": None},
        {"nbf": NOW + 61},
        {"sub": None},
    ],
    ids=str,
)
def test_what_is_not_believed(more: dict[str, Any]) -> None:
    with pytest.raises(TokenError):
        oidc.claims(token(**more), JWKS, provider(), "n", NOW)


def test_two_audiences_with_the_right_party() -> None:
    made = token(aud=["gw", "another"], azp="gw")
    assert oidc.claims(made, JWKS, provider(), "n", NOW)["azp"] == "gw"


def plain(header: dict[str, Any]) -> str:
    parts = [json.dumps(one).encode() for one in (header, said())]
    return ".".join(base64.urlsafe_b64encode(one).rstrip(b"=").decode() for one in parts) + "."


def hmac_signed() -> str:
    """Signed with the public key as a shared secret: an old trick."""
    pem = JWKS["keys"][0]["n"].encode() + b"x" * 32
    return jwt.encode(said(), pem, "HS256", headers={"kid": "RS256"})


@pytest.mark.parametrize(
    "made",
    [
        lambda: plain({"alg": "none", "kid": "ES256"}),
        lambda: plain({"alg": "None", "kid": "ES256"}),
        lambda: token("ES256", "RS256"),  # one key's name, another's signature
        hmac_signed,
        lambda: token()[:-4] + "AAAA",
        lambda: "a.b.c",
        lambda: "",
        lambda: "." * 50,
    ],
)
def test_signatures_that_are_none(made: Callable[[], str]) -> None:
    with pytest.raises(TokenError):
        oidc.claims(made(), JWKS, provider(), "n", NOW)


def test_an_algorithm_that_is_not_allowed() -> None:
    with pytest.raises(TokenError):
        oidc.claims(token("RS256"), JWKS, provider(algorithms=("ES256",)), "n", NOW)


def test_a_shared_key_is_no_key() -> None:
    rows = [{"kty": "oct", "k": base64.urlsafe_b64encode(b"x" * 32).decode(), "kid": "s"}]
    made = jwt.encode(said(), b"x" * 32, "HS256", headers={"kid": "s"})
    with pytest.raises(TokenError, match="kind"):
        oidc.claims(made, {"keys": rows}, provider(), "n", NOW)


@pytest.mark.parametrize("rows", [[], None, "keys", [5], [{"kid": "x"}], JWKS["keys"] * 2])
def test_keys_that_are_missing(rows: Any) -> None:
    with pytest.raises(UnknownKeyError):
        oidc.claims(token(), {"keys": rows}, provider(), "n", NOW)


def test_a_token_without_a_key_s_name_has_the_only_key() -> None:
    made = jwt.encode(said(), KEYS["ES256"], "ES256")
    only = {"keys": [row for row in JWKS["keys"] if row["kid"] == "ES256"]}
    assert oidc.claims(made, only, provider(), "n", NOW)
    with pytest.raises(UnknownKeyError):
        oidc.claims(made, JWKS, provider(), "n", NOW)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_spoilt_tokens(data: st.DataObject) -> None:
    made = list(token())
    at = data.draw(st.integers(0, len(made) - 1))
    before = made[at]
    made[at] = data.draw(st.sampled_from("abcXYZ019-_.=!"))
    try:
        oidc.claims("".join(made), JWKS, provider(), "n", NOW)
    except TokenError:
        return
    last = len(made) - 1  # the last letter of base64 may have bits that say nothing
    assert made[at] == before or at == last


# logins that were begun


def test_a_login_is_bound_to_its_address_its_cookie_its_time_and_one_use() -> None:
    def fresh() -> tuple[Visits, str, str]:
        visits = Visits()
        begun = visits.begin(provider(), ISSUER + "/auth", "10.0.0.1", NOW)
        return visits, begun.url.partition("state=")[2].partition("&")[0], begun.cookie

    visits, state, cookie = fresh()
    assert visits.finish(state, cookie, "10.0.0.2", NOW) is None  # and it is still there
    assert visits.finish(state, cookie, "10.0.0.1", NOW) is not None
    assert visits.finish(state, cookie, "10.0.0.1", NOW) is None
    for late in (NOW + oidc.PENDING, NOW - 1):
        visits, state, cookie = fresh()
        assert visits.finish(state, cookie, "10.0.0.1", late) is None
    visits, state, _ = fresh()
    assert visits.finish(state, "another", "10.0.0.1", NOW) is None
    assert visits.finish("", "", "10.0.0.1", NOW) is None


def test_pending_logins_have_an_end() -> None:
    visits = Visits()
    for n in range(100):
        visits.begin(provider(), ISSUER, "10.0.0.1", NOW + n / 100)
    assert len(visits._pending) == oidc.MOST_OF_ONE


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "10.9.9.9", "10.0.0.1"),  # not a proxy of ours
        ("10.0.0.5", "6.6.6.6, 10.9.9.9", "10.9.9.9"),
        ("::ffff:10.0.0.5", "10.9.9.9", "10.9.9.9"),
        ("10.0.0.5", "", "10.0.0.5"),
    ],
)
def test_whose_request_it_is(peer: str, forwarded: str, expected: str) -> None:
    assert oidc.client(peer, forwarded, ("10.0.0.5/32", "fd00::/64")) == expected


def test_a_proxy_that_says_nonsense() -> None:
    with pytest.raises(ValueError, match=r"."):
        oidc.client("10.0.0.5", "unknown", ("10.0.0.5/32",))


@pytest.mark.parametrize("user", [None, "", "  ", 5, "a\nb", "x" * 129])
def test_users_that_are_none(user: object) -> None:
    with pytest.raises(TokenError):
        oidc.user_of({"preferred_username": user}, provider())


def test_claims_are_flattened() -> None:
    found = oidc.flat({"a": "x", "n": 7, "b": {"c": ["y", 5, {}]}, "d": None})
    assert found == {"a": ("x",), "n": ("7",), "b.c": ("y", "5")}


HEAD = (
    "id: p\ntitle: {zh: 登录, en: Login}\nissuer: https://id.example\n"
    "client_id: gw\nredirect: http://gw/portal/callback\n"
)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("issuer: https", "issuer: http", "https"),
        ("/portal/callback", "/elsewhere", "callback"),
        ("client_id: gw", "client_id: ''", "client_id"),
        ("id: p", "algorithms: [HS256]\nid: p", "algorithms"),
        ("id: p", "algorithms: [none]\nid: p", "algorithms"),
        ("id: p", "scopes: [profile]\nid: p", "openid"),
        ("id: p", "session: 1\nid: p", "session"),
        ("id: p", "proxies: [nonsense]\nid: p", "nonsense"),
        ("id: p", "cases: [{said: {a: [b]}, expect: {role: pupil}}]\nid: p", "cases 1"),
    ],
)
def test_mistakes_in_the_settings(old: str, new: str, message: str) -> None:
    loads(Provider, HEAD, "p.yaml")
    with pytest.raises(DataError, match=message):
        loads(Provider, HEAD.replace(old, new), "p.yaml")
