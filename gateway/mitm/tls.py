"""TLS on both sides: our certificate for the client, a verified one from the origin.

One leaf key per process and one OpenSSL context per name, kept: building a
context per connection is a tenth of the cost of a handshake. Upstream is always
verified; there is no switch to turn that off.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import certifi
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from OpenSSL import SSL

STORE = 3_000  # names whose contexts are kept, 19 KiB each
LEAF_DAYS = 30  # a leaf lives shorter than any browser's limit (398 days)
REFRESH = 15 * 86_400  # seconds after which a kept leaf is made anew

# TLS 1.2 suites in the order of the Mozilla "intermediate" recommendation (version 5.7)
CIPHERS = (
    b"ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
    b"ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
    b"ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
    b"DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384"
)
UPSTREAM_CIPHERS = CIPHERS + b":AES128-GCM-SHA256:AES256-GCM-SHA384:AES128-SHA:AES256-SHA"

HTTP_ALPN = (b"h2", b"http/1.1", b"http/1.0")


class Authority:
    """The district's CA in use by this process: mints leaves and keeps their contexts."""

    def __init__(self, pem: bytes) -> None:
        key = serialization.load_pem_private_key(pem, None)
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise ValueError("the CA key is not an elliptic-curve key")
        self._key = key
        self._cas = x509.load_pem_x509_certificates(pem)
        self._leaf_key = ec.generate_private_key(ec.SECP256R1())
        self._contexts: dict[str, tuple[float, SSL.Context]] = {}

    def context(self, name: str) -> SSL.Context:
        """The server-side context with a certificate for `name` (a host name or address)."""
        found = self._contexts.get(name)
        now = time.monotonic()
        if found is not None and now - found[0] < REFRESH:
            return found[1]
        if len(self._contexts) >= STORE:
            for old in list(self._contexts)[: STORE // 10]:
                del self._contexts[old]
        context = self._make(name)
        self._contexts[name] = (now, context)
        return context

    def _make(self, name: str) -> SSL.Context:
        context = _server_context()
        context.use_certificate(self.leaf(name))
        context.use_privatekey(self._leaf_key)
        for extra in self._cas[1:]:  # a cross-signed CA during rotation
            context.add_extra_chain_cert(extra)
        return context

    def leaf(self, name: str) -> x509.Certificate:
        """A fresh leaf certificate for one name, signed by the CA."""
        now = datetime.now(UTC)
        issuer = self._cas[0]
        builder = (
            x509.CertificateBuilder()
            .subject_name(_common_name(name))
            .issuer_name(issuer.subject)
            .public_key(self._leaf_key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=2))  # clients' clocks run late
            .not_valid_after(now + timedelta(days=LEAF_DAYS))
            .add_extension(x509.SubjectAlternativeName([_general_name(name)]), critical=False)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()),
                critical=False,
            )
        )
        return builder.sign(self._key, hashes.SHA256())


def front(pem: Path) -> SSL.Context:
    """The server-side context of a certificate of one's own: key and chain in one file."""
    context = _server_context()
    context.use_certificate_chain_file(str(pem))
    context.use_privatekey_file(str(pem))
    context.check_privatekey()
    return context


def _server_context() -> SSL.Context:
    context = SSL.Context(SSL.TLS_SERVER_METHOD)
    context.set_min_proto_version(SSL.TLS1_2_VERSION)
    context.set_options(SSL.OP_NO_COMPRESSION)
    context.set_cipher_list(CIPHERS)
    context.set_alpn_select_callback(_select_alpn)
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)  # tickets do; a cache per name grows
    return context


def _common_name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name[:64])])


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _select_alpn(connection: SSL.Connection, offered: list[bytes]) -> Any:
    """Prefer what the client prefers among the HTTP versions we speak."""
    allowed = connection.get_app_data() or HTTP_ALPN
    for protocol in offered:
        if protocol in allowed:
            return protocol
    return SSL.NO_OVERLAPPING_PROTOCOLS


class Upstream:
    """Verified client-side connections to origins. One context for all of them."""

    def __init__(self, extra_roots: Path | None = None) -> None:
        context = SSL.Context(SSL.TLS_CLIENT_METHOD)
        context.set_min_proto_version(SSL.TLS1_2_VERSION)
        context.set_options(SSL.OP_NO_COMPRESSION)
        context.set_cipher_list(UPSTREAM_CIPHERS)
        context.set_verify(SSL.VERIFY_PEER, None)
        context.load_verify_locations(certifi.where(), None)
        if extra_roots is not None:
            context.load_verify_locations(str(extra_roots), None)
        self._context = context

    def connection(self, name: str, alpn: Sequence[bytes]) -> SSL.Connection:
        """A connection that will only complete with a certificate valid for `name`."""
        connection = SSL.Connection(self._context)
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            if not name:  # OpenSSL would then check no name at all
                raise ValueError("no name to verify") from None
            host = name.encode("ascii")
            connection.set_tlsext_host_name(host)
            connection.set_verify(SSL.VERIFY_PEER, None)
            _expect(connection, host)
        else:
            _expect_ip(connection, address.packed)
        if alpn:
            connection.set_alpn_protos(list(alpn))
        connection.set_connect_state()
        return connection


# X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT
_HOST_FLAGS = 0x4 | 0x20


def _expect(connection: SSL.Connection, host: bytes) -> None:
    library = SSL._lib  # type: ignore[attr-defined]
    parameters = library.SSL_get0_param(connection._ssl)
    library.X509_VERIFY_PARAM_set_hostflags(parameters, _HOST_FLAGS)
    if library.X509_VERIFY_PARAM_set1_host(parameters, host, len(host)) != 1:
        raise ValueError("the name cannot be verified")


def _expect_ip(connection: SSL.Connection, packed: bytes) -> None:
    library = SSL._lib  # type: ignore[attr-defined]
    parameters = library.SSL_get0_param(connection._ssl)
    if library.X509_VERIFY_PARAM_set1_ip(parameters, packed, len(packed)) != 1:
        raise ValueError("the address cannot be verified")
