"""A certificate in DER, as facts: whose, until when, for which names, how strong. Pure.

SM2 and SM3 are recognised by their identifiers even where the library cannot use such keys.
A certificate that does not parse is `None` with a gap, never an error.
"""

from __future__ import annotations

import ipaddress
import warnings
from collections.abc import Iterable
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa

SM2 = bytes.fromhex("06082a811ccf5501822d")  # 1.2.156.10197.1.301
SIGNATURES = {
    "1.2.840.113549.1.1.4": "md5",
    "1.2.840.113549.1.1.5": "sha1",
    "1.2.840.113549.1.1.11": "sha256",
    "1.2.840.113549.1.1.12": "sha384",
    "1.2.840.113549.1.1.13": "sha512",
    "1.2.840.10045.4.1": "sha1",
    "1.2.840.10045.4.3.2": "sha256",
    "1.2.840.10045.4.3.3": "sha384",
    "1.2.840.10045.4.3.4": "sha512",
    "1.2.156.10197.1.501": "sm3",
    "1.2.156.10197.1.504": "sm3",
    "1.3.101.112": "ed25519",
    "1.3.101.113": "ed448",
}
STRONG_BITS = {"rsa": 2048, "dsa": 10**6, "ec": 224, "sm2": 256, "ed25519": 253, "ed448": 448}
DAY = 86400.0


def facts(der: bytes, *, now: float, name: str = "") -> dict[str, Any] | None:
    """What a certificate says; None where these bytes are none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            one = x509.load_der_x509_certificate(der)
            return _facts(one, der, now=now, name=name)
    except (ValueError, TypeError, LookupError, OverflowError, x509.UnsupportedGeneralNameType):
        return None


def _facts(one: x509.Certificate, der: bytes, *, now: float, name: str) -> dict[str, Any]:
    begins, ends = one.not_valid_before_utc.timestamp(), one.not_valid_after_utc.timestamp()
    kind, bits, curve = _key(one, der)
    names = _names(one)
    signature = one.signature_algorithm_oid.dotted_string
    digest = SIGNATURES.get(signature) or _hash(one)
    return {
        "subject": one.subject.rfc4514_string()[:300],
        "issuer": one.issuer.rfc4514_string()[:300],
        "serial": f"{one.serial_number:x}"[:64],
        "not_before": begins,
        "not_after": ends,
        "expired": now > ends,
        "not_yet_valid": now < begins,
        "days_left": int((ends - now) // DAY),
        "lifetime_days": int((ends - begins) // DAY),
        "self_signed": one.subject == one.issuer,
        "names": names,
        "wildcard": any(each.startswith("*.") for each in names),
        "matches_name": fits(names, name) if name else None,
        "key_type": kind,
        "key_bits": bits,
        "key_strong": bits >= STRONG_BITS.get(kind, 1 << 20),
        "curve": curve,
        "signature": signature,
        "signature_hash": digest,
        "signature_weak": digest in ("md5", "sha1", "md2"),
        "national": kind == "sm2" or digest == "sm3",
        "authority": _authority(one),
    }


def _hash(one: x509.Certificate) -> str:
    try:
        found = one.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return "unknown"
    return found.name if found else "unknown"


def _key(one: x509.Certificate, der: bytes) -> tuple[str, int, str]:
    if SM2 in der:
        return "sm2", 256, "sm2p256v1"
    try:
        key = one.public_key()
    except (UnsupportedAlgorithm, ValueError):
        return "unknown", 0, ""
    match key:
        case rsa.RSAPublicKey():
            return "rsa", key.key_size, ""
        case ec.EllipticCurvePublicKey():
            return "ec", key.key_size, key.curve.name
        case dsa.DSAPublicKey():
            return "dsa", key.key_size, ""
        case ed25519.Ed25519PublicKey():
            return "ed25519", 256, ""
        case ed448.Ed448PublicKey():
            return "ed448", 456, ""
    return "unknown", 0, ""


def _names(one: x509.Certificate) -> list[str]:
    try:
        held = one.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    plain = [str(each) for each in held.get_values_for_type(x509.DNSName)]
    return [*plain, *(str(each) for each in held.get_values_for_type(x509.IPAddress))][:100]


def _authority(one: x509.Certificate) -> bool:
    try:
        return one.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (x509.ExtensionNotFound, ValueError):
        return False


def fits(names: Iterable[str], wanted: str) -> bool:
    """Whether one of the names covers the wanted name or address (one label for `*`)."""
    asked = wanted.rstrip(".").lower()
    try:
        address = ipaddress.ip_address(asked)
    except ValueError:
        address = None
    for one in (each.rstrip(".").lower() for each in names):
        if address is not None:
            try:
                if ipaddress.ip_address(one) == address:
                    return True
            except ValueError:
                continue
        elif one == asked or (
            one.startswith("*.") and one[2:] == (asked.partition(".")[2] or None)
        ):
            return True
    return False
