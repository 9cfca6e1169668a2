"""AES-256-GCM with one key file: what is kept of names and logins is sealed by this.

Each sealing has its own random nonce and is bound to what it belongs to, so that a sealed
row cannot be moved to another place unnoticed. `ensure_key` is the door to the key file.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from collections.abc import Callable
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from gateway.authority import private_folder, write_private
from rules.load import WorldError

KEY_BYTES = 32
NAMES_KEY = "names.key"  # in <data>/keys: for whatever has to do with names
NONCE = 12
VERSION = b"\x01"


class SealError(ValueError):
    """Damaged, moved, or sealed with another key."""


class Seal:
    """Seals and opens with one key; `index` makes keyed, one-way marks for look-ups."""

    __slots__ = ("_cipher", "_fresh", "_index")

    def __init__(self, key: bytes, fresh: Callable[[int], bytes] = os.urandom) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"a key has {KEY_BYTES} bytes")
        self._cipher = AESGCM(_derived(key, b"seal"))
        self._index = _derived(key, b"index")
        self._fresh = fresh

    def seal(self, data: bytes, belongs: str) -> bytes:
        nonce = self._fresh(NONCE)
        return VERSION + nonce + self._cipher.encrypt(nonce, data, belongs.encode())

    def open(self, sealed: bytes, belongs: str) -> bytes:
        """Raises SealError."""
        if sealed[:1] != VERSION or len(sealed) < 1 + NONCE + 16:
            raise SealError("not sealed by this program")
        try:
            return self._cipher.decrypt(
                sealed[1 : 1 + NONCE], sealed[1 + NONCE :], belongs.encode()
            )
        except InvalidTag:
            raise SealError("damaged, moved, or sealed with another key") from None

    def index(self, text: str) -> str:
        """The same text gives the same mark; without the key it says nothing."""
        return hmac.new(self._index, text.encode(), "sha256").hexdigest()[:32]


def _derived(key: bytes, use: bytes) -> bytes:
    return hashlib.blake2b(b"", key=key, person=use, digest_size=32).digest()


def ensure_key(path: Path, fresh: Callable[[int], bytes] = os.urandom) -> bytes:
    """The key in a file (0600), made first where absent. Raises WorldError."""
    private_folder(path.parent)
    if not path.exists():
        write_private(path, fresh(KEY_BYTES))
    return read_key(path)


def read_key(path: Path) -> bytes:
    """Raises WorldError on a missing, open or short key."""
    try:
        key, mode = path.read_bytes(), path.stat().st_mode
    except OSError as error:
        raise WorldError(f"{path}: 读不到密钥 / cannot be read: {error.strerror}") from error
    if mode & 0o077:
        raise WorldError(f"{path}: 只应属主可读 / owner only: chmod 600 {path}")
    if len(key) != KEY_BYTES:
        raise WorldError(f"{path}: 密钥应为 {KEY_BYTES} 字节 / a key has {KEY_BYTES} bytes")
    return key
