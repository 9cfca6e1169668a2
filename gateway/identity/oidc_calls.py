"""What is asked of an OIDC provider over HTTPS: its addresses, its keys, a token. A door.

Addresses and keys are remembered for an hour; keys are asked for again when a token names
one that is not known, at most every half minute. Redirects are not followed, the
environment's proxies not used, and an answer has an end.
"""

from __future__ import annotations

import json
import ssl
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlsplit

import httpx

from gateway.identity.oidc import Provider

REMEMBERED = 3600.0
SOONEST = 30.0  # seconds between two askings for keys
LARGEST = 1024 * 1024
WELL_KNOWN = "/.well-known/openid-configuration"
_ADDRESSES = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class CallError(Exception):
    """The provider did not answer as it should. The text has no secret in it."""


class Calls:
    """Calls to one provider; used by several threads."""

    def __init__(
        self, provider: Provider, secret: str = "", clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Raises OSError for a root certificate that cannot be read."""
        ca = provider.trusted_ca
        context = ssl.create_default_context(cafile=None if ca is None else str(ca))
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._provider = provider
        self._secret = secret
        self._clock = clock
        self._lock = threading.Lock()
        self._ways: tuple[float, dict[str, str]] | None = None
        self._keys: tuple[float, dict[str, Any]] | None = None
        self._client = httpx.Client(
            verify=context, timeout=provider.timeout, trust_env=False, follow_redirects=False
        )

    def close(self) -> None:
        self._client.close()

    def ways(self) -> dict[str, str]:
        """The provider's addresses. Raises CallError."""
        with self._lock:
            now = self._clock()
            if self._ways is None or now - self._ways[0] > REMEMBERED:
                self._ways = (now, self._discovered())
            return self._ways[1]

    def keys(self, *, fresh: bool = False) -> dict[str, Any]:
        """The provider's keys; `fresh`: one is missing, ask again. Raises CallError."""
        address = self.ways()["jwks_uri"]
        with self._lock:
            now = self._clock()
            age = REMEMBERED + 1 if self._keys is None else now - self._keys[0]
            if self._keys is None or age > (SOONEST if fresh else REMEMBERED):
                self._keys = (now, self._json("GET", address))
            return self._keys[1]

    def token(self, code: str, verifier: str) -> str:
        """The ID token for an authorization code. Raises CallError."""
        provider = self._provider
        said = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": provider.redirect,
            "code_verifier": verifier,
        }
        auth = None
        if self._secret:  # RFC 6749 §2.3.1: both are form-encoded first
            auth = httpx.BasicAuth(quote(provider.client_id, ""), quote(self._secret, ""))
        else:
            said["client_id"] = provider.client_id
        answer = self._json("POST", self.ways()["token_endpoint"], data=said, auth=auth)
        token = answer.get("id_token")
        if not isinstance(token, str):
            raise CallError("no ID token in the answer")
        return token

    def _discovered(self) -> dict[str, str]:
        found = self._json("GET", self._provider.issuer.rstrip("/") + WELL_KNOWN)
        if found.get("issuer") != self._provider.issuer:
            raise CallError("the provider calls itself by another name than `issuer`")
        ways = {name: found.get(name) for name in _ADDRESSES}
        allowed = ("https", "http") if self._provider.plain else ("https",)
        for name, address in ways.items():
            if not isinstance(address, str) or urlsplit(address).scheme not in allowed:
                raise CallError(f"{name} is no address that may be used")
        return {name: str(address) for name, address in ways.items()}

    def _json(self, method: str, address: str, **more: Any) -> dict[str, Any]:
        where = urlsplit(address).path
        try:
            with self._client.stream(method, address, **more) as answer:
                body = bytearray()
                for part in answer.iter_bytes(65_536):
                    body += part
                    if len(body) > LARGEST:
                        raise CallError(f"{where}: an answer without end")
                status = answer.status_code
            found = json.loads(body) if status == 200 else None
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise CallError(f"{where}: {type(error).__name__}") from None
        except (ValueError, RecursionError):
            raise CallError(f"{where}: not JSON") from None
        if not isinstance(found, dict):
            raise CallError(f"{where}: answered {status}")
        return found
