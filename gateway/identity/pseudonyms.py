"""Keyed pseudonyms: one key per school and epoch, so that records of two schools do not join.

Epoch 0 of a school is derived from the node's own pseudonym key; each rotation adds a
random key of that school's own. Old keys stay, so that a token of any epoch can be made
again from what it stands for; where a token must never be resolved again, its epoch's key
is destroyed by hand. Pure but for `load` and `rotate`, which are doors to the files in
`<data>/keys/pseudonyms/`.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from gateway.authority import private_folder, write_private
from rules.load import WorldError

KEY_BYTES = 32
TOKEN_BYTES = 10
MOST_SCHOOLS = 10_000
DISTRICT = "_district"  # the file of subjects without a school
SCHOOL = re.compile(r"[a-z0-9][a-z0-9-]{0,63}").fullmatch


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """One key of one school: in use from `since` until the next one."""

    school: str
    number: int
    key: str  # hexadecimal
    since: float
    issuer: str
    reason: str


class Ring:
    """All keys of a node. `token` uses a school's newest one."""

    __slots__ = ("_current", "_first", "_hashers", "epochs")

    def __init__(self, first: bytes, epochs: Iterable[Epoch] = ()) -> None:
        self._first = first
        self.epochs = tuple(sorted(epochs, key=lambda epoch: (epoch.school, epoch.number)))
        self._current = {e.school: (e.number, bytes.fromhex(e.key)) for e in self.epochs}
        self._hashers: dict[str, hashlib.blake2b] = {}  # keyed, and begun with the school

    def epoch(self, school: str) -> int:
        """The number of the epoch in use."""
        return self._current.get(school, (0, b""))[0]

    def token(self, school: str, text: str) -> str:
        """The pseudonym of a device's address or a person in this school, as of now."""
        hasher = self._hashers.get(school)
        if hasher is None:
            if len(self._hashers) >= MOST_SCHOOLS:
                self._hashers.clear()
            _, key = self._current.get(school, (0, self._first))
            hasher = self._hashers[school] = _hasher(key, school)
        made = hasher.copy()
        made.update(text.encode() if text.isascii() else text.encode("utf-8", "backslashreplace"))
        return made.hexdigest()

    def tokens(self, school: str, text: str) -> Mapping[int, str]:
        """Its pseudonyms in every epoch: for legal hold, quotas and reveal over a rotation."""
        return {number: one.token(school, text) for number, one in self.each(school).items()}

    def each(self, school: str) -> Mapping[int, Ring]:
        """A ring for each epoch of a school, as it was then."""
        keys = {0: self._first}
        keys |= {e.number: bytes.fromhex(e.key) for e in self.epochs if e.school == school}
        return {number: Ring(key) for number, key in keys.items()}


def person(user: str) -> str:
    """What is pseudonymised of a person: never an address, so the two cannot meet."""
    return f"\1{user}"


def _hasher(key: bytes, school: str) -> hashlib.blake2b:
    data = f"{school}\0".encode("utf-8", "backslashreplace")
    return hashlib.blake2b(data, key=key, digest_size=TOKEN_BYTES)


def load(folder: Path, first: bytes) -> Ring:
    """The ring of a node: `folder` is `<data>/keys/pseudonyms`. Raises WorldError."""
    found: list[Epoch] = []
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        found += _read(path)
    return Ring(first, found)


def rotate(
    folder: Path,
    school: str,
    *,
    now: float,
    issuer: str,
    reason: str,
    fresh: Callable[[int], bytes] = os.urandom,
) -> Epoch:
    """Begin a new epoch for a school; old keys stay. Raises ValueError, WorldError.

    The caller holds the lock of the folder: two rotations at once would lose one.
    """
    if school and not SCHOOL(school):
        raise ValueError(f"`{school}` 不是学校编号 / is not the id of a school")
    if not issuer.strip() or not reason.strip():
        raise ValueError("请说明经办人与理由 / who rotates, and why, must be said")
    private_folder(folder)
    path = folder / f"{school or DISTRICT}.json"
    before = _read(path) if path.exists() else []
    epoch = Epoch(
        school=school,
        number=before[-1].number + 1 if before else 1,
        key=fresh(KEY_BYTES).hex(),
        since=now,
        issuer=issuer.strip()[:80],
        reason=reason.strip()[:400],
    )
    text = json.dumps([asdict(one) for one in (*before, epoch)], ensure_ascii=False, indent=1)
    write_private(path, text.encode())
    return epoch


def _read(path: Path) -> list[Epoch]:
    """The epochs of one school, oldest first."""
    school = "" if path.stem == DISTRICT else path.stem
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))
        found = [
            Epoch(
                school=school,
                number=int(row["number"]),
                key=str(row["key"]),
                since=float(row["since"]),
                issuer=str(row["issuer"]),
                reason=str(row["reason"]),
            )
            for row in rows
        ]
        if not isinstance(rows, list) or not rows:
            raise ValueError("no epochs")
        for one in found:
            if one.number < 1 or len(bytes.fromhex(one.key)) != KEY_BYTES:
                raise ValueError(f"epoch {one.number}")
    except (OSError, ValueError, KeyError, TypeError, RecursionError, OverflowError) as error:
        raise WorldError(
            f"{path}: 化名密钥已损坏，请从备份恢复 / damaged, restore it from a backup: {error}"
        ) from error
    return sorted(found, key=lambda one: one.number)
