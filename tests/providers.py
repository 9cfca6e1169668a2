"""A small real OIDC provider for the tests: discovery, authorization with PKCE, token, keys.

It says yes to whoever comes; `spoil` changes what its next ID tokens say or how they are
signed. A real server on a real port, and nothing of the product is in it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import ssl
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

CLIENT, SECRET = "gateway", "a secret: with/odd+chars"


def key(kind: str) -> Any:
    """A fresh private key for this algorithm."""
    if kind == "ES256":
        return ec.generate_private_key(ec.SECP256R1())
    if kind == "EdDSA":
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def public(private: Any, kind: str, kid: str) -> dict[str, Any]:
    """Its public half as a JWK."""
    ways: dict[str, Any] = {"ES256": ECAlgorithm, "EdDSA": OKPAlgorithm}
    found = ways.get(kind, RSAAlgorithm).to_jwk(private.public_key(), as_dict=True)
    return {**found, "kid": kid, "use": "sig", "alg": kind}


class Provider:
    """Serves until `close`."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.kind, self.kid = "ES256", "k1"
        self.key = key(self.kind)
        self.claims: dict[str, Any] = {"preferred_username": "t-wang", "sub": "42"}
        self.spoil: dict[str, Any] = {}
        self.sign: Callable[[dict[str, Any]], str] | None = None
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[str] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self.server.daemon_threads = True
        scheme = "http"
        if tls is not None:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
            scheme = "https"
        self.issuer = f"{scheme}://localhost:{self.server.server_port}"
        self._thread = threading.Thread(target=self.server.serve_forever)
        self._thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self._thread.join(5)

    def token(self, nonce: str) -> str:
        now = int(time.time())
        said = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": nonce}
        said |= self.claims | self.spoil
        said = {name: value for name, value in said.items() if value is not None}
        if self.sign is not None:
            return self.sign(said)
        return jwt.encode(said, self.key, self.kind, headers={"kid": self.kid})

    def answer(self, path: str, said: dict[str, str], auth: str) -> tuple[int, Any]:
        """(status, document), or (302, address)."""
        self.asked.append(path)
        if path == "/.well-known/openid-configuration":
            ways = {"authorization_endpoint": "auth", "token_endpoint": "token", "jwks_uri": "keys"}
            found = {name: f"{self.issuer}/{where}" for name, where in ways.items()}
            return 200, {"issuer": self.issuer, **found}
        if path == "/keys":
            return 200, {"keys": [public(self.key, self.kind, self.kid)]}
        if path == "/auth":
            code = secrets.token_urlsafe(8)
            self.codes[code] = said
            query = urlencode({"code": code, "state": said["state"], "iss": self.issuer})
            return 302, f"{said['redirect_uri']}?{query}"
        if path == "/token":
            return self._token(said, auth)
        return 404, {}

    def _token(self, said: dict[str, str], auth: str) -> tuple[int, Any]:
        begun = self.codes.pop(said.get("code", ""), None)
        wanted = base64.b64encode(f"{CLIENT}:{quote(SECRET, '')}".encode()).decode()
        if begun is None or auth != f"Basic {wanted}":
            return 400, {"error": "invalid_grant"}
        digest = hashlib.sha256(said.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        same = said.get("redirect_uri") == begun["redirect_uri"]
        if challenge != begun["code_challenge"] or begun["code_challenge_method"] != "S256":
            return 400, {"error": "invalid_grant"}
        return (200, {"id_token": self.token(begun["nonce"])}) if same else (400, {})

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                self._say(parts.path, parts.query)

            def do_POST(self) -> None:
                self._say(self.path, self.rfile.read(int(self.headers["Content-Length"])).decode())

            def _say(self, path: str, query: str) -> None:
                said = {name: values[0] for name, values in parse_qs(query).items()}
                status, found = provider.answer(path, said, self.headers.get("authorization", ""))
                body = b"" if status == 302 else json.dumps(found).encode()
                self.send_response(status)
                if status == 302:
                    self.send_header("Location", found)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None: ...

        return Handler
