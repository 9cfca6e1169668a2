"""The vault of tokens: originals sealed in a SQLite file, found by keyed digest only.

The file alone says nothing: originals are AES-GCM, and what a value is looked up by is its
HMAC. A token is random, so nothing can be worked out of it. A door to that file.
"""

from __future__ import annotations

import hmac
import os
import secrets
import sqlite3
from collections.abc import Callable
from pathlib import Path

from policies.masks_keyed import seal, unseal
from policies.masks_model import Context, Keys, Seal, Trouble
from rules.load import WorldError

_TABLE = (
    "CREATE TABLE IF NOT EXISTS tokens"
    " (digest BLOB PRIMARY KEY, token TEXT NOT NULL UNIQUE, sealed TEXT NOT NULL) WITHOUT ROWID"
)


class SealedVault:
    """Tokens of one purpose. Raises WorldError where the file cannot be used."""

    def __init__(
        self,
        path: Path,
        keys: Keys,
        purpose: str,
        fresh: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        self._lookup = keys.derive(purpose, "vault-lookup")
        context = Context(purpose=purpose, keys=keys, dataset="vault", fresh=fresh)
        self._seal, self._unseal = seal(Seal(), context), unseal(Seal(), context)
        self._fresh = fresh
        try:
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._file = sqlite3.connect(path, timeout=5)
            self._file.execute(_TABLE)
        except (OSError, sqlite3.Error):
            raise WorldError("保险库打不开 the vault cannot be opened") from None

    def tokens(self, domain: str, values: list[str]) -> list[str]:
        """A token for each value, made at its first use."""
        made: dict[str, str] = {}
        try:
            with self._file:
                for value in dict.fromkeys(values):
                    message = f"{domain}\x00{value}".encode("utf-8", "surrogatepass")
                    digest = hmac.digest(self._lookup, message, "sha256")
                    row = self._file.execute(
                        "SELECT token FROM tokens WHERE digest = ?", (digest,)
                    ).fetchone()
                    token = row[0] if row else f"t{self._fresh(10).hex()}"
                    if row is None:
                        self._file.execute(
                            "INSERT INTO tokens VALUES (?, ?, ?)",
                            (digest, token, self._seal(value)),
                        )
                    made[value] = token
        except sqlite3.Error:
            raise WorldError("保险库写不进 the vault cannot be written") from None
        return [made[value] for value in values]

    def original(self, token: str) -> str | None:
        """What a token stands for; None where it is not known or its key is gone."""
        row = self._file.execute("SELECT sealed FROM tokens WHERE token = ?", (token,)).fetchone()
        found = self._unseal(row[0]) if row else None
        return None if found is None or isinstance(found, Trouble) else str(found)

    def close(self) -> None:
        """Let the file go."""
        self._file.close()
