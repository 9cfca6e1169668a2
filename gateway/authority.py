"""The district's CA and the node's secret keys: made once, owner only, rotated with overlap.

The folder holds three generations, each one PEM file of key and certificate:
`mitmproxy-ca.pem` signs now (its name is what mitmproxy's CertStore reads),
`next-ca.pem` is published so that devices can learn it before it signs, and
`previous-ca.pem` has stopped signing. Files for people (`qinglang-ca*.pem`, `.crt`)
hold certificates only and are made from these three, so a crash between two
steps is mended by repeating the command. This module is a door to that folder;
the clock is a parameter. No mitmproxy and no network here.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from rules.load import WorldError

NAME = "清朗 Qinglang District CA"
LIFETIME = timedelta(days=3653)
BACKDATED = timedelta(days=2)  # clients whose clocks are slow must already trust it
KEY_BYTES = 32

# RFC 7919 group ffdhe2048. CertStore writes a file of its own where none is there;
# several workers starting at once would write it over each other.
FFDHE2048 = b"""-----BEGIN DH PARAMETERS-----
MIIBCAKCAQEA//////////+t+FRYortKmq/cViAnPTzx2LnFg84tNpWp4TZBFGQz
+8yTnc4kmz75fS/jY2MMddj2gbICrsRhetPfHtXV/WVhJDP1H18GbtCFY2VVPe0a
87VXE15/V8k1mE8McODmi3fipona8+/och3xWKE2rec1MKzKT0g6eXq8CrGCsyT7
YdEIqUuyyOP7uWrat2DX9GgdT0Kj3jlN9K5W7edjcrsZCwenyO4KbXCeAvzhzffi
7MA0BM0oNC9hkXL+nOmFg/+OTxIy7vKBg8P+OxtMb61zO7X8vC7CIAXFjvGDfRaD
ssbzSibBsu/6iGtCOGEoXJf//////////wIBAg==
-----END DH PARAMETERS-----
"""


class Generation(StrEnum):
    """Which of the three CAs; the value is the file of key and certificate."""

    CURRENT = "mitmproxy-ca.pem"
    NEXT = "next-ca.pem"
    PREVIOUS = "previous-ca.pem"


FOR_PEOPLE = {
    Generation.CURRENT: "qinglang-ca",
    Generation.NEXT: "qinglang-ca-next",
    Generation.PREVIOUS: "qinglang-ca-previous",
}
BUNDLE = "qinglang-ca-bundle.pem"


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """What a person wants to know of one CA. `fingerprint` is SHA-256 in hex pairs."""

    generation: Generation
    serial: str
    fingerprint: str
    not_before: datetime
    not_after: datetime
    pem: bytes

    def days_left(self, now: datetime) -> int:
        return (self.not_after - now).days


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The node's secrets: 32 random bytes each."""

    pseudonym: bytes
    ticket: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """The three generations as they stand in the folder; `next` and `previous` may be absent."""

    current: Certificate
    next: Certificate | None = None
    previous: Certificate | None = None

    @property
    def published(self) -> tuple[Certificate, ...]:
        """All that devices should trust, the signing one first."""
        return tuple(c for c in (self.current, self.next, self.previous) if c is not None)


def ensure(folder: Path, now: datetime) -> Authority:
    """The authority of `folder`, made first where there is none. Raises WorldError."""
    private_folder(folder)
    if not (folder / Generation.CURRENT).exists():
        write_private(folder / Generation.CURRENT, _new_pem(now))
    if not (folder / "mitmproxy-dhparam.pem").exists():
        write_private(folder / "mitmproxy-dhparam.pem", FFDHE2048)
    return publish(folder)


def rotate(folder: Path, now: datetime) -> Authority:
    """Prepare the next CA: published from now on, signing only after `activate`.

    Repeating it keeps the one already prepared, which devices may have learnt.
    """
    load(folder)
    if not (folder / Generation.NEXT).exists():
        write_private(folder / Generation.NEXT, _new_pem(now))
    return publish(folder)


def activate(folder: Path) -> Authority:
    """The next CA signs from now on; the current one becomes the previous.

    Raises WorldError where no next one has been prepared.
    """
    if load(folder).next is None:
        raise WorldError(
            "没有已准备的新 CA / no next CA is prepared: run `qinglang gateway ca rotate`"
        )
    write_private(folder / Generation.PREVIOUS, (folder / Generation.CURRENT).read_bytes())
    (folder / Generation.NEXT).replace(folder / Generation.CURRENT)
    return publish(folder)


def load(folder: Path) -> Authority:
    """Read what is there. Raises WorldError where the current CA is missing or damaged."""
    current = _read(folder, Generation.CURRENT)
    if current is None:
        raise WorldError(f"{folder / Generation.CURRENT}: 没有 CA / there is no CA yet")
    previous = _read(folder, Generation.PREVIOUS)
    if previous is not None and previous.fingerprint == current.fingerprint:
        previous = None  # an `activate` that stopped half way
    return Authority(current=current, next=_read(folder, Generation.NEXT), previous=previous)


def publish(folder: Path) -> Authority:
    """Write the files for people from the three generations, and drop those of absent ones."""
    authority = load(folder)
    by_generation = {certificate.generation: certificate for certificate in authority.published}
    for generation, stem in FOR_PEOPLE.items():
        certificate = by_generation.get(generation)
        if certificate is None:
            (folder / f"{stem}.pem").unlink(missing_ok=True)
            (folder / f"{stem}.crt").unlink(missing_ok=True)
            continue
        der = x509.load_pem_x509_certificate(certificate.pem).public_bytes(
            serialization.Encoding.DER
        )
        _write(folder / f"{stem}.pem", certificate.pem, 0o644)
        _write(folder / f"{stem}.crt", der, 0o644)
    _write(folder / BUNDLE, b"".join(c.pem for c in authority.published), 0o644)
    return authority


def ensure_keys(folder: Path, fresh: Callable[[int], bytes] = os.urandom) -> Keys:
    """The node's secret keys in `folder` (0700; files 0600), made first where absent."""
    private_folder(folder)
    for name in ("pseudonym", "ticket"):
        if not (folder / f"{name}.key").exists():
            write_private(folder / f"{name}.key", fresh(KEY_BYTES))
    return read_keys(folder)


def read_keys(folder: Path) -> Keys:
    """Read the keys that `ensure_keys` made. Raises WorldError on a missing or short one."""
    return Keys(
        pseudonym=_key(folder / "pseudonym.key"),
        ticket=_key(folder / "ticket.key"),
    )


def private_folder(path: Path) -> None:
    """Make `path` a folder that only its owner may enter, whatever the umask."""
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    if path.stat().st_mode & 0o077:
        path.chmod(0o700)


def write_private(path: Path, content: bytes) -> None:
    """Write atomically, readable by the owner only from its first byte on."""
    _write(path, content, 0o600)


def _write(path: Path, content: bytes, mode: int) -> None:
    fresh = path.with_name(path.name + ".tmp")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def _key(path: Path) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise WorldError(
            f"{path}: 读不到密钥 / the key cannot be read: {error.strerror}"
        ) from error
    if len(content) != KEY_BYTES:
        raise WorldError(f"{path}: 密钥应为 {KEY_BYTES} 字节 / a key has {KEY_BYTES} bytes")
    return content


def _read(folder: Path, generation: Generation) -> Certificate | None:
    path = folder / generation
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise WorldError(f"{path}: 读不到 CA / cannot be read: {error.strerror}") from error
    try:
        certificate = x509.load_pem_x509_certificate(raw)
        key = serialization.load_pem_private_key(raw, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise WorldError(
            f"{path}: CA 文件已损坏，请从备份恢复 / damaged, restore it from a backup: {error}"
        ) from error
    if key.public_key() != certificate.public_key():
        raise WorldError(f"{path}: 私钥与证书不匹配 / the key does not belong to the certificate")
    return _described(generation, certificate)


def _described(generation: Generation, certificate: x509.Certificate) -> Certificate:
    return Certificate(
        generation=generation,
        serial=f"{certificate.serial_number:X}",
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(":").upper(),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        pem=certificate.public_bytes(serialization.Encoding.PEM),
    )


def _new_pem(now: datetime) -> bytes:
    """A fresh CA: key and certificate, as one PEM text.

    The random serial stands in the name as well, so that two districts, or two
    generations of one, are told apart in a device's list of roots. It signs leaf
    certificates for TLS servers and nothing else (path length 0, serverAuth).
    """
    key = ec.generate_private_key(ec.SECP256R1())
    serial = x509.random_serial_number()
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, NAME),
            x509.NameAttribute(NameOID.SERIAL_NUMBER, f"{now:%Y}-{serial % 0x1000000:06X}"),
        ]
    )
    start = now.astimezone(UTC) - BACKDATED
    certificate = (
        x509.CertificateBuilder()
        .serial_number(serial)
        .subject_name(name)
        .issuer_name(name)
        .not_valid_before(start)
        .not_valid_after(start + LIFETIME)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_signing_only(), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(private_key=key, algorithm=hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return private + certificate.public_bytes(serialization.Encoding.PEM)


def _signing_only() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )
