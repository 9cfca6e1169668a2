"""The book of the data lifecycle: sharing, access, approvals, destruction. Append-only.

Each record is one checkpoint of `gateway.ledger`: canonical JSON, signed with Ed25519 and
naming the digest of the one before. Records hold names of officers, fields and counts, never
a value of a subject. Nothing is ever deleted here, so the three years that records must be
kept are kept. A cut-off end shows only against an anchor kept elsewhere. A door: two files.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.ledger import (
    LARGEST_LINE,
    Anchor,
    Chain,
    Checkpoint,
    LedgerError,
    check,
    key_id,
    read,
    sign,
    signed,
)
from gateway.signer import key_of
from rules.load import WorldError

CHAIN = "book.jsonl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """The records in `folder`, signed with the key beside them."""

    folder: Path

    @property
    def path(self) -> Path:
        return self.folder / CHAIN

    def key(self) -> Ed25519PrivateKey:
        """The key that signs; made with the book."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            return key_of(self.folder)
        except ValueError:
            raise WorldError(
                f"簿册的密钥无法读取 / the book's key cannot be read: {self.folder}"
            ) from None

    def write(self, kind: str, body: dict[str, Any], now: float) -> Checkpoint:
        """One record, on disk when this returns. Raises WorldError where the book is broken."""
        key = self.key()
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            before = _last(handle)
            if before is not None and not signed(before, {before.key: key.public_key()}):
                raise WorldError(
                    "簿册的末条签名不符 / the book's last record is not signed by its key"
                )
            line = sign(
                key, before=before, now=now, node="data", kind=kind, body=body, by=os.getuid()
            )
            whole = f"{line}\n".encode()
            if len(whole) > LARGEST_LINE:
                raise WorldError("记录过长 / the record is too long")
            if os.write(handle, whole) != len(whole):
                raise WorldError("簿册未写完 / the record was not written whole; is the disk full?")
            os.fsync(handle)
            return read(line)
        finally:
            os.close(handle)

    def check(self, anchors: Iterable[Anchor] = ()) -> Chain:
        """Every record whose signature holds, and everything wrong with the book."""
        if not self.path.exists():
            return check([], {}, anchors)
        public = self.key().public_key()
        with self.path.open("rb") as file:
            return check(file, {key_id(public): public}, anchors)

    def records(self) -> tuple[Checkpoint, ...]:
        """The records of a whole book. Raises WorldError where anything is wrong with it."""
        chain = self.check()
        if chain.faults:
            first = chain.faults[0]
            raise WorldError(
                f"簿册不完整 / the book does not verify: {first.fault.value} at {first.seq}; "
                "qinglang data access verify"
            )
        return chain.checkpoints


def _last(handle: int) -> Checkpoint | None:
    """The last whole record; a tail that was torn by a crash was never reported and is cut off."""
    size = os.fstat(handle).st_size
    start = max(0, size - 2 * LARGEST_LINE)
    tail = os.pread(handle, size - start, start)
    whole = tail.rfind(b"\n") + 1
    if whole < len(tail):
        os.ftruncate(handle, start + whole)
    lines = tail[:whole].splitlines()
    if not lines:
        return None
    try:
        return read(lines[-1])
    except LedgerError as error:
        raise WorldError(f"簿册的末条无法读取 / the book's last record: {error}") from None
