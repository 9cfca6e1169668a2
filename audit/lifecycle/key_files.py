"""Masking keys in a file: `id: hex` a line, the last one in use, those before it to open with.

A door: it reads and makes the file (mode 0600), and refuses one that others can read.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from policies.masks_model import Keys
from rules.load import DataError, Problem

SIZE = 32


def _wrong(path: Path, line: int, message: str, remedy: str) -> DataError:
    return DataError([Problem(file=path.name, line=line, column=1, message=message, remedy=remedy)])


def once() -> Keys:
    """A key for one job, kept nowhere: what it made can never be made again, nor undone."""
    return Keys(id="once", master=secrets.token_bytes(SIZE))


def read(path: Path) -> Keys:
    """The keys of a file. Raises DataError, which never quotes it."""
    try:
        if path.stat().st_mode & 0o077:
            raise _wrong(path, 1, "密钥文件他人可读 others can read the key file", "chmod 600")
        lines = path.read_text(encoding="ascii").splitlines()
    except (OSError, UnicodeDecodeError):
        raise _wrong(path, 1, "密钥文件读不到 the key file cannot be read",
                     "qinglang data mask-key FILE") from None  # fmt: skip
    found: dict[str, bytes] = {}
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        name, _, text = line.partition(":")
        try:
            key = bytes.fromhex(text.strip())
        except ValueError:
            key = b""
        if len(key) < SIZE or name.strip() in found or not name.strip().isalnum():
            raise _wrong(path, number, "不是密钥 not a key", "id: 64 hex digits")
        found[name.strip()] = key
    if not found:
        raise _wrong(path, 1, "没有密钥 the file holds no key", "qinglang data mask-key FILE")
    current = list(found)[-1]
    return Keys(id=current, master=found.pop(current), before=found)


def rotate(path: Path) -> str:
    """A new key at the end of the file, made where there is none. Returns its id."""
    made = f"k{len(read(path).before) + 2}" if path.exists() else "k1"
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(f"{made}: {secrets.token_hex(SIZE)}\n")
    return made
