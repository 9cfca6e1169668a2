"""The book of the data lifecycle: sharing, access, approvals, destruction. Append-only.

Each record is one checkpoint of `gateway.ledger`: canonical JSON, signed with Ed25519 and
naming the digest of the one before. Records hold names of officers, fields and counts, never
a value of a subject. Nothing is ever deleted here, so the three years that records must be
kept are kept. A cut-off end shows only against an anchor kept elsewhere.

Whoever decides by what the book says opens a `session`: one lock over reading, deciding and
appending, so that two processes never decide on the same state. The key that signs lies apart
from the book, in a folder of its owner alone. A door: files, a lock.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_pem_public_key,
)

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
from gateway.signer import KEY, key_of
from gateway.signing import PUBLIC
from rules.load import WorldError

CHAIN = "book.jsonl"
KEYS = "QINGLANG_BOOK_KEY"
PATIENCE = 30.0  # seconds another process may hold the lock


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """The records in `folder`, signed with the key in `keys` (environment, or beside it)."""

    folder: Path
    keys: Path | None = None
    patience: float = PATIENCE

    @property
    def path(self) -> Path:
        return self.folder / CHAIN

    def key_folder(self) -> Path:
        """Where the key lies: as told, as the environment says, in an old book, or beside it."""
        told = self.keys or os.environ.get(KEYS)
        if told:
            return Path(told)
        if (self.folder / KEY).exists():
            return self.folder  # a book made before the key had a place of its own
        return self.folder.with_name(f"{self.folder.name}.key")

    def apart(self) -> bool:
        """Whether the key lies outside the book."""
        return not self.key_folder().resolve().is_relative_to(self.folder.resolve())

    @contextmanager
    def session(self) -> Iterator[Session]:
        """The book under its lock. What is decided within is decided on its last state."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            _locked(handle, fcntl.LOCK_EX, self.patience)
            yield Session(self, handle, self._key(new=os.fstat(handle).st_size == 0))
        finally:
            os.close(handle)

    def key(self) -> Ed25519PrivateKey:
        """The key that signs, for papers that stand in the book. Not within a session."""
        with self.session() as opened:
            return opened.key

    def write(self, kind: str, body: dict[str, Any], now: float) -> Checkpoint:
        """One record, on disk when this returns. Not within a session: that has its own."""
        with self.session() as opened:
            return opened.write(kind, body, now)

    def check(
        self, anchors: Iterable[Anchor] = (), public: Ed25519PublicKey | None = None
    ) -> Chain:
        """Every record whose signature holds, and everything wrong with the book."""
        if not self.path.exists():
            return check([], {}, anchors)
        with self.path.open("rb") as file:
            _locked(file.fileno(), fcntl.LOCK_SH, self.patience)
            return self._checked(file, anchors, public)

    def records(self) -> tuple[Checkpoint, ...]:
        """The records of a whole book. Raises WorldError where anything is wrong with it."""
        return _whole(self.check())

    def trusted(self) -> bool:
        """Whether the key is at hand: else the public key kept in the book is believed."""
        return os.access(self.key_folder() / KEY, os.R_OK)

    def _checked(
        self, file: BinaryIO, anchors: Iterable[Anchor], public: Ed25519PublicKey | None
    ) -> Chain:
        if not os.fstat(file.fileno()).st_size:
            return check([], {}, anchors)
        known = public or self._public()
        return check(file, {key_id(known): known}, anchors)

    def _public(self) -> Ed25519PublicKey:
        if self.trusted():
            return self._key(new=False).public_key()
        try:
            found = load_pem_public_key((self.folder / PUBLIC).read_bytes())
        except (OSError, ValueError):
            raise self._missing() from None
        if not isinstance(found, Ed25519PublicKey):
            raise self._missing()
        return found

    def _key(self, *, new: bool) -> Ed25519PrivateKey:
        """The key that signs; made with the book, under its lock, and never for a book that is."""
        folder = self.key_folder()
        if not (folder / KEY).exists():
            if not new:
                raise self._missing()
            if not self.apart():
                raise WorldError(
                    "簿册的密钥须放在簿册之外 / the book's key must lie outside the book: --book-key DIR"  # noqa: E501
                )
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for path in (folder, folder / KEY):
            if path.exists() and path.stat().st_mode & 0o077:
                raise WorldError(
                    f"簿册的密钥他人可读 / others can reach the book's key: chmod go= {path}"
                )
        try:
            found = key_of(folder)
        except ValueError:
            raise WorldError(
                f"簿册的密钥无法读取 / the book's key cannot be read: {folder}"
            ) from None
        self._publish(found.public_key())
        return found

    def _publish(self, public: Ed25519PublicKey) -> None:
        """The public key in the book, for whoever reads it without the key."""
        place = self.folder / PUBLIC
        pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        if not place.exists() and os.access(self.folder, os.W_OK):
            place.write_bytes(pem)

    def _missing(self) -> WorldError:
        return WorldError(
            f"簿册的密钥不在 / the book's key is not there: {self.key_folder()}; "
            f"--book-key DIR, {KEYS}, or put the key back: a new one would not fit the book"
        )


class Session:
    """The book while its lock is held; made by `Book.session` alone."""

    __slots__ = ("_handle", "_key", "_last", "book")

    def __init__(self, book: Book, handle: int, key: Ed25519PrivateKey) -> None:
        self.book = book
        self._handle = handle
        self._key = key
        self._last = _last(handle)
        if self._last is not None and not signed(self._last, {self._last.key: key.public_key()}):
            raise WorldError("簿册的末条签名不符 / the book's last record is not signed by its key")

    @property
    def key(self) -> Ed25519PrivateKey:
        """The book's key."""
        return self._key

    @property
    def head(self) -> str:
        """The digest of the last record; empty in an empty book. What a proof is bound to."""
        return self._last.hash if self._last else ""

    def records(self) -> tuple[Checkpoint, ...]:
        """The records, verified. Raises WorldError where anything is wrong."""
        with self.book.path.open("rb") as file:
            return _whole(self.book._checked(file, (), self._key.public_key()))

    def last(self, kind: str) -> tuple[Checkpoint, ...]:
        """The last record of a kind alone, its own signature verified, the chain not."""
        mark = f'"kind":"{kind}"'.encode()
        found = b""
        with self.book.path.open("rb") as file:
            for line in file:
                if mark in line:
                    try:
                        found = line if read(line).kind == kind else found
                    except LedgerError:
                        continue
        if not found:
            return ()
        one = read(found)
        if not signed(one, {one.key: self._key.public_key()}):
            raise WorldError("簿册不完整 / the book does not verify; qinglang data access verify")
        return (one,)

    def write(self, kind: str, body: dict[str, Any], now: float) -> Checkpoint:
        """One record, on disk when this returns."""
        line = sign(
            self._key,
            before=self._last,
            now=now,
            node="data",
            kind=kind,
            body=body,
            by=os.getuid(),
        )
        whole = f"{line}\n".encode()
        if len(whole) > LARGEST_LINE:
            raise WorldError("记录过长 / the record is too long")
        if os.write(self._handle, whole) != len(whole):
            raise WorldError("簿册未写完 / the record was not written whole; is the disk full?")
        os.fsync(self._handle)
        self._last = read(line)
        return self._last


def move_key(book: Book, to: Path) -> None:
    """The key of an old book to a folder apart. Raises WorldError; nothing is overwritten."""
    source = book.folder / KEY
    if to.resolve().is_relative_to(book.folder.resolve()):
        raise WorldError("须移到簿册之外 / move it out of the book")
    if not source.exists():
        raise WorldError(f"簿册内没有密钥 / there is no key in the book: {book.folder}")
    if (to / KEY).exists():
        raise WorldError(f"已有密钥 / a key is there already: {to}")
    to.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(to / KEY, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(source.read_bytes())
        file.flush()
        os.fsync(file.fileno())
    source.unlink()


def _locked(handle: int, how: int, patience: float) -> None:
    end = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(handle, how | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > end:
                raise WorldError(
                    "簿册被另一进程占用 / another process holds the book; try again"
                ) from None
            time.sleep(0.02)
        else:
            return


def _whole(chain: Chain) -> tuple[Checkpoint, ...]:
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
