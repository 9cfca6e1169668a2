"""The devices that Orders name, sealed: so that a rotation can say what they are called now.

`order override --device ADDRESS` writes an Order with the device's pseudonym, which nobody
can turn back. Here the address itself waits, sealed, for as long as such an Order can stand.
A door to `<data>/identity/devices.sealed`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import msgpack

from gateway.authority import private_folder, write_private
from gateway.identity.seal import Seal, SealError
from gateway.writer import alone

KEPT = 2 * 86_400.0  # seconds: an override lasts a day at most
MOST = 10_000
NAME = "devices.sealed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """What is pseudonymised of one device, and the school whose key did it."""

    at: float
    school: str
    text: str


def remember(folder: Path, seal: Seal, school: str, text: str, now: float) -> None:
    """Note one device. Raises OSError, WorldError."""
    private_folder(folder)
    with alone(folder / "devices.lock"):
        known = [one for one in load(folder, seal, now) if (one.school, one.text) != (school, text)]
        rows = [*known, Device(at=now, school=school, text=text)][-MOST:]
        packed: bytes = msgpack.packb([[one.at, one.school, one.text] for one in rows])
        write_private(folder / NAME, seal.seal(packed, NAME))


def load(folder: Path, seal: Seal, now: float) -> list[Device]:
    """Those that still matter; none where the file is away or damaged."""
    try:
        rows = msgpack.unpackb(seal.open((folder / NAME).read_bytes(), NAME))
        found = [Device(at=float(at), school=str(s), text=str(text)) for at, s, text in rows]
    except (OSError, SealError, ValueError, TypeError, msgpack.UnpackException):
        return []
    return [one for one in found if now - KEPT < one.at <= now + KEPT]
