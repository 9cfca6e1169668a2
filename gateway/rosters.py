"""Rosters of names, sealed: AES-256-GCM under a key file of their own.

A roster names every pupil of a district. Sealed it may lie beside the data that is searched;
opened it is held in memory alone. Whoever has the key file can read it: keep the two apart.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable
from pathlib import Path

from gateway.identity.seal import KEY_BYTES, Seal, SealError
from rules.load import DataError, Problem, WorldError
from rules.personal_files import MAX_ROSTER, SEALED, roster_of
from rules.recognise.personal.names import Roster

_BELONGS = "roster of names"


def sealed(names: bytes, key: bytes, fresh: Callable[[int], bytes] = os.urandom) -> bytes:
    """The bytes of a roster under a key."""
    return SEALED + Seal(key, fresh).seal(names, _BELONGS)


def opened(data: bytes, key: bytes, file: str) -> bytes:
    """The bytes of a sealed roster. Raises DataError."""
    if not data.startswith(SEALED):
        raise _wrong(file, "不是加密的名册 no sealed roster", "leave --roster-key out")
    try:
        return Seal(key).open(data.removeprefix(SEALED), _BELONGS)
    except SealError:
        raise _wrong(
            file, "密钥不符或文件已损坏 another key, or damaged", "give the key it was sealed with"
        ) from None


def read_key(path: Path) -> bytes:
    """A key file: 32 bytes, or 64 hexadecimal digits. Readable by its owner alone."""
    with path.open("rb") as stream:
        if stat.S_IMODE(os.fstat(stream.fileno()).st_mode) & 0o077:
            raise WorldError(f"密钥文件他人可读 others can read the key file: chmod 600 {path}")
        data = stream.read(200)
    if len(data) == KEY_BYTES:
        return data
    try:
        key = bytes.fromhex(data.decode("ascii").strip())
    except (UnicodeDecodeError, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise _wrong(
            str(path), "不是密钥文件 no key file", "qinglang data roster key --output FILE"
        )
    return key


def make_key(path: Path, fresh: Callable[[int], bytes] = os.urandom) -> None:
    """A new key file; an old one is never overwritten."""
    write_new(path, fresh(KEY_BYTES).hex().encode() + b"\n")


def write_new(path: Path, data: bytes) -> None:
    """A new file of its owner alone; whole, or not there."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise WorldError(f"文件已存在 the file exists: {path}") from None
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
    except OSError:
        path.unlink(missing_ok=True)
        raise


def open_roster(path: Path, key: Path | None) -> Roster:
    """A roster, sealed (with `key`) or plain."""
    with path.open("rb") as stream:
        data = stream.read(MAX_ROSTER + 1)
    if key is not None:
        data = opened(data, read_key(key), str(path))
    return roster_of(data, str(path))


def _wrong(file: str, message: str, remedy: str) -> DataError:
    return DataError([Problem(file=file, line=1, column=1, message=message, remedy=remedy)])
