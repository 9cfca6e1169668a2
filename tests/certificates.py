"""Certificates for the test origins: a root of our own, good leaves, and every kind of bad one.

Made fresh in each test session with `cryptography`; nothing here is committed or trusted
by anything but the gateway under test (`--trusted-ca`).
"""

from __future__ import annotations

import ssl
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """A certificate that may sign others, and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)


def _builder(subject: str, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_named(subject))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _valid(builder: x509.CertificateBuilder, begin: int, end: int) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return builder.not_valid_before(now + timedelta(days=begin)).not_valid_after(
        now + timedelta(days=end)
    )


def authority(subject: str, parent: Issuer | None = None) -> Issuer:
    """A root, or with `parent` an intermediate."""
    key = ec.generate_private_key(ec.SECP256R1())
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
    builder = (
        _valid(_builder(subject, key), -2, 30)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(usage, critical=True)
    )
    return _signed(builder, key, _named(subject), parent)


def _named(subject: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])


def _signed(
    builder: x509.CertificateBuilder,
    key: ec.EllipticCurvePrivateKey,
    subject: x509.Name,
    parent: Issuer | None,
) -> Issuer:
    if parent is None:
        signed = builder.issuer_name(subject).sign(key, hashes.SHA256())
        return Issuer(certificate=signed, key=key)
    issuer = parent.certificate
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(parent.key.public_key())
    signed = (
        builder.issuer_name(issuer.subject)
        .add_extension(identifier, critical=False)
        .sign(parent.key, hashes.SHA256())
    )
    return Issuer(certificate=signed, key=key)


def leaf(
    names: Iterable[str],
    parent: Issuer | None,
    *,
    begin: int = -2,
    end: int = 20,
    client: bool = False,
) -> Issuer:
    """A leaf for host names and addresses, valid from day `begin` to day `end` from today."""
    names = tuple(names)
    key = ec.generate_private_key(ec.SECP256R1())
    usage = ExtendedKeyUsageOID.CLIENT_AUTH if client else ExtendedKeyUsageOID.SERVER_AUTH
    builder = (
        _valid(_builder(names[0], key), begin, end)
        .add_extension(x509.SubjectAlternativeName([*map(_name, names)]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    )
    return _signed(builder, key, _named(names[0]), parent)


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def write(issued: Issuer, path: Path, *chain: Issuer) -> Path:
    """Key, certificate and chain as one PEM file for `load_cert_chain`."""
    key = issued.key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.write_bytes(key + issued.pem + b"".join(one.pem for one in chain))
    return path


def server(pem: Path, *alpn: str, clients: Issuer | None = None) -> ssl.SSLContext:
    """A server-side context; with `clients` it demands a certificate signed by them."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    if alpn:
        context.set_alpn_protocols(list(alpn))
    if clients is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=clients.pem.decode())
    return context
