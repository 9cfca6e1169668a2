"""A report sealed for the way: AES-256-GCM under a passphrase (scrypt) or for a recipient (X25519).

The head is plain JSON in one line and is authenticated with the content; which format lies
inside stands there, nothing else of the report. Randomness and keys come in or are the
library's; a wrong key and a changed byte are the same refusal.
"""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

MAGIC = "qinglang-sealed-report/1"
CONTEXT = b"qinglang audit report v1"
_N, _R, _P = 2**17, 8, 1
LONGEST_HEAD = 4_096
SHORTEST_PASSPHRASE = 12


class EnvelopeError(ValueError):
    """Why something cannot be sealed or opened, in both languages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    format: str
    content: bytes


def strong(passphrase: str) -> str:
    """The passphrase, if it is long enough. Raises EnvelopeError."""
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise EnvelopeError(f"口令至少 {SHORTEST_PASSPHRASE} 个字符 the passphrase is too short")
    return passphrase


def seal_with_passphrase(content: bytes, passphrase: str, *, format: str) -> bytes:  # noqa: A002
    """Raises EnvelopeError for a passphrase that is too short."""
    strong(passphrase)
    salt, nonce = os.urandom(16), os.urandom(12)
    key = _stretched(passphrase, salt)
    return _sealed(content, key, {"for": "passphrase", "salt": _b64(salt), "format": format}, nonce)


def seal_for(content: bytes, recipient: X25519PublicKey, *, format: str) -> bytes:  # noqa: A002
    """Only the recipient's private key opens it; a fresh key is agreed for each file."""
    own, nonce = X25519PrivateKey.generate(), os.urandom(12)
    sent = own.public_key().public_bytes_raw()
    key = _agreed(own.exchange(recipient), sent + recipient.public_bytes_raw())
    return _sealed(content, key, {"for": "x25519", "key": _b64(sent), "format": format}, nonce)


def open_with_passphrase(data: bytes, passphrase: str) -> Opened:
    """Raises EnvelopeError."""
    head, line, body = _parts(data, "passphrase")
    return _opened(head, line, body, _stretched(passphrase, _raw(head, "salt", 16)))


def open_with(data: bytes, own: X25519PrivateKey) -> Opened:
    """Raises EnvelopeError."""
    head, line, body = _parts(data, "x25519")
    sent = _raw(head, "key", 32)
    try:
        shared = own.exchange(X25519PublicKey.from_public_bytes(sent))
    except ValueError as error:
        raise EnvelopeError("信封损坏 the envelope is damaged") from error
    return _opened(head, line, body, _agreed(shared, sent + own.public_key().public_bytes_raw()))


def public_of(pem: bytes) -> X25519PublicKey:
    """An X25519 public key from PEM. Raises EnvelopeError."""
    try:
        key = serialization.load_pem_public_key(pem)
    except ValueError as error:
        raise EnvelopeError("不是公钥文件 no public key (PEM, X25519)") from error
    if not isinstance(key, X25519PublicKey):
        raise EnvelopeError("公钥不是 X25519 the public key is not X25519")
    return key


def private_of(pem: bytes) -> X25519PrivateKey:
    """An X25519 private key from PEM. Raises EnvelopeError."""
    try:
        key = serialization.load_pem_private_key(pem, password=None)
    except (ValueError, TypeError) as error:
        raise EnvelopeError("不是私钥文件 no private key (PEM, X25519)") from error
    if not isinstance(key, X25519PrivateKey):
        raise EnvelopeError("私钥不是 X25519 the private key is not X25519")
    return key


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _stretched(passphrase: str, salt: bytes) -> bytes:
    return Scrypt(salt=salt, length=32, n=_N, r=_R, p=_P).derive(passphrase.encode())


def _agreed(shared: bytes, both: bytes) -> bytes:
    kdf = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=CONTEXT + b"\0" + both)
    return kdf.derive(shared)


def _sealed(content: bytes, key: bytes, head: dict[str, str], nonce: bytes) -> bytes:
    line = json.dumps({"magic": MAGIC, **head}, sort_keys=True).encode() + b"\n"
    return line + nonce + AESGCM(key).encrypt(nonce, content, line)


def _parts(data: bytes, wanted: str) -> tuple[dict[str, Any], bytes, bytes]:
    line, mark, _ = data[:LONGEST_HEAD].partition(b"\n")
    try:
        head = json.loads(line)
    except (ValueError, RecursionError):
        head = None
    if not mark or not isinstance(head, dict) or head.get("magic") != MAGIC:
        raise EnvelopeError("不是加密的报告 this is no sealed report")
    if head.get("for") != wanted:
        raise EnvelopeError(f"该报告须用另一种方式打开 sealed for: {str(head.get('for'))[:20]}")
    whole = line + b"\n"
    return head, whole, data[len(whole) :]


def _raw(head: dict[str, Any], name: str, size: int) -> bytes:
    try:
        raw = base64.b64decode(str(head.get(name)), validate=True)
    except ValueError as error:
        raise EnvelopeError("信封损坏 the envelope is damaged") from error
    if len(raw) != size:
        raise EnvelopeError("信封损坏 the envelope is damaged")
    return raw


def _opened(head: dict[str, Any], line: bytes, body: bytes, key: bytes) -> Opened:
    try:
        content = AESGCM(key).decrypt(body[:12], body[12:], line)
    except (InvalidTag, ValueError) as error:
        raise EnvelopeError("口令或密钥不对，或文件被改动 wrong key, or changed") from error
    return Opened(format=str(head.get("format", "")), content=content)
