"""Calls to a provider, over real sockets: remembered, verified, with an end."""

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.identity.oidc import Provider
from gateway.identity.oidc_calls import CallError, Calls
from rules.model import Text
from tests import certificates, providers

pytestmark = pytest.mark.wire


def settings(issuer: str, **more: Any) -> Provider:
    said = {"plain": True, "client_id": providers.CLIENT, "timeout": 5.0}
    said |= {"redirect": "http://gw/portal/callback", "issuer": issuer}
    return Provider(id="p", title=Text(zh="登", en="l"), **(said | more))


@pytest.fixture
def provider() -> Iterator[providers.Provider]:
    made = providers.Provider()
    yield made
    made.close()


@pytest.fixture
def calls(provider: providers.Provider) -> Iterator[Calls]:
    made = Calls(settings(provider.issuer), providers.SECRET)
    yield made
    made.close()


def test_addresses_and_keys_are_remembered(provider: providers.Provider, calls: Calls) -> None:
    for _ in range(3):
        assert calls.keys()["keys"][0]["kid"] == "k1"
    assert provider.asked == ["/.well-known/openid-configuration", "/keys"]


def test_fresh_keys_are_asked_for_and_not_too_often(provider: providers.Provider) -> None:
    now = [0.0]
    calls = Calls(settings(provider.issuer), clock=lambda: now[0])
    calls.keys()
    provider.kid = "k2"
    assert calls.keys(fresh=True)["keys"][0]["kid"] == "k1"
    now[0] = 31.0
    assert calls.keys(fresh=True)["keys"][0]["kid"] == "k2"
    calls.close()


def test_a_provider_by_another_name(provider: providers.Provider) -> None:
    calls = Calls(settings(provider.issuer.replace("localhost", "127.0.0.1")))
    with pytest.raises(CallError, match="another name"):
        calls.ways()
    calls.close()


def test_a_code_that_is_none(calls: Calls) -> None:
    with pytest.raises(CallError, match="400") as caught:
        calls.token("code", "verifier")
    assert providers.SECRET not in str(caught.value)


def test_nobody_there() -> None:
    calls = Calls(settings("http://127.0.0.1:1"))
    with pytest.raises(CallError):
        calls.ways()
    calls.close()


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ([], "answered"),
        ({"issuer": "x"}, "another name"),
        ({"jwks_uri": "file:///etc/passwd"}, "jwks_uri"),
        ({"token_endpoint": None}, "token_endpoint"),
        ({"padding": "x" * 1_100_000}, "end"),
    ],
)
def test_odd_documents(provider: providers.Provider, document: Any, message: str) -> None:
    whole = provider.answer("/.well-known/openid-configuration", {}, "")[1]
    said = whole | document if isinstance(document, dict) else document
    provider.answer = lambda *_: (200, said)  # type: ignore[method-assign]
    calls = Calls(settings(provider.issuer))
    with pytest.raises(CallError, match=message):
        calls.ways()
    calls.close()


def test_redirects_are_not_followed(provider: providers.Provider) -> None:
    provider.answer = lambda *_: (302, "http://127.0.0.1:1/")  # type: ignore[method-assign]
    calls = Calls(settings(provider.issuer))
    with pytest.raises(CallError, match="302"):
        calls.ways()
    calls.close()


def test_certificates_are_verified(tmp_path: Path) -> None:
    root = certificates.authority("Provider's root")
    (tmp_path / "root.pem").write_bytes(root.pem)
    certificates.write(certificates.leaf(["localhost"], root), tmp_path / "leaf.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "leaf.pem")
    provider = providers.Provider(context)
    try:
        good = Calls(settings(provider.issuer, plain=False, trusted_ca=tmp_path / "root.pem"))
        assert good.ways()["jwks_uri"].startswith("https://")
        good.close()
        bad = Calls(settings(provider.issuer, plain=False))
        with pytest.raises(CallError, match="ConnectError"):
            bad.ways()
        bad.close()
    finally:
        provider.close()
