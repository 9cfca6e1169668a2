"""Keys of the store: one file of them, one data key per assessment, bodies under it. Pure.

AES-256-GCM, a fresh nonce each time, and the place of a body as associated data, so that no
body can be put where another stood. Destroying the wrapped key of an assessment deletes all
its bodies at once. The same file holds the Ed25519 key that signs the ledger.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE = 12
KEY = 32
type Random = Callable[[int], bytes]


class VaultError(ValueError):
    """The key file is none, or a body does not open with this key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The key file: wraps the keys of assessments, signs the ledger."""

    wrapping: bytes
    signing: Ed25519PrivateKey

    def __repr__(self) -> str:
        return "Keys(…)"


def fresh_keys(random: Random) -> bytes:
    """The bytes of a new key file."""
    pair = {"wrapping": random(KEY), "signing": random(KEY)}
    told = {name: base64.b64encode(value).decode() for name, value in pair.items()}
    return json.dumps({"kind": "qinglang-audit-keys", "format": 1, **told}).encode() + b"\n"


def read_keys(data: bytes) -> Keys:
    """The keys of a file. Raises VaultError."""
    try:
        found = json.loads(data)
        if found["kind"] != "qinglang-audit-keys" or found["format"] != 1:
            raise VaultError("不是本程序的密钥文件 / not a key file of this program")
        wrapping, signing = (
            base64.b64decode(found[name], validate=True) for name in ("wrapping", "signing")
        )
        if len(wrapping) != KEY or len(signing) != KEY:
            raise VaultError("密钥长度不对 / a key of the wrong length")
        return Keys(wrapping=wrapping, signing=Ed25519PrivateKey.from_private_bytes(signing))
    except VaultError:
        raise
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise VaultError("密钥文件不可读 / the key file cannot be read") from error


def shut(key: bytes, body: bytes, place: str, random: Random) -> bytes:
    """A body under a key, for this place only."""
    nonce = random(NONCE)
    return nonce + AESGCM(key).encrypt(nonce, body, place.encode())


def opened(key: bytes, sealed: bytes, place: str) -> bytes:
    """The body again. Raises VaultError: wrong key, wrong place, changed bytes."""
    try:
        return AESGCM(key).decrypt(sealed[:NONCE], sealed[NONCE:], place.encode())
    except (InvalidTag, ValueError) as error:
        raise VaultError(f"{place}: 无法解密，密钥不符或内容被改动 / does not open") from error
