"""Certificates made for the tests."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID


def key(bits: int = 0) -> Any:
    return (
        rsa.generate_private_key(65537, bits) if bits else ec.generate_private_key(ec.SECP256R1())
    )


def certificate(
    name: str,
    private: Any,
    *,
    days: int = 90,
    begins: datetime | None = None,
    names: tuple[str, ...] = (),
) -> x509.Certificate:
    start = begins or datetime.now(UTC) - timedelta(hours=1)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    listed = x509.SubjectAlternativeName([x509.DNSName(one) for one in names or (name,)])
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(7)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=days))
        .add_extension(listed, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(private, hashes.SHA256())
    )


def der(one: x509.Certificate) -> bytes:
    return one.public_bytes(serialization.Encoding.DER)


def written(folder: Path, one: x509.Certificate, private: Any) -> tuple[Path, Path]:
    pem = serialization.Encoding.PEM
    form = serialization.PrivateFormat.PKCS8
    (folder / "c.pem").write_bytes(one.public_bytes(pem))
    (folder / "k.pem").write_bytes(private.private_bytes(pem, form, serialization.NoEncryption()))
    return folder / "c.pem", folder / "k.pem"
