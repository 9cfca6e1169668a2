"""What a worker and the identity service say to each other of a login: frames. Pure.

worker → service: {id, user, password, address}. service → worker: {id, say, …}. The socket
is the owner's alone; a password is in one frame, one time, and in no Event and no log.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import msgpack

from gateway.identity.feed import subject_of, told
from policies.model import Subject

SOCKET = "login.sock"
LENGTH = struct.Struct(">I")
LARGEST = 16 * 1024
MOST_USER, MOST_PASSWORD = 256, 1024  # characters
STAY = 28_800.0  # seconds


class LoginError(ValueError):
    """Bytes that are no frame of ours."""


class Say(StrEnum):
    """What becomes of a login."""

    YES = "yes"
    NO = "no"
    LATER = "later"  # too many guesses
    DOWN = "down"  # no directory could be asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A login as a worker asks for it."""

    number: int
    user: str
    password: str
    address: str

    def __repr__(self) -> str:
        return f"Asked({self.number})"  # whatever shows this shows no password


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """`until`: the same words need not be asked again before (Unix seconds); `stay`: seconds
    after which a connection of this login ends; `wait`: seconds until a guess is taken again."""

    say: Say
    subject: Subject | None = None
    until: float = 0.0
    stay: float = STAY
    wait: int = 0


DOWN = Answer(say=Say.DOWN)


def framed(content: Mapping[str, Any]) -> bytes:
    body: bytes = msgpack.packb(content, use_bin_type=True)
    return LENGTH.pack(len(body)) + body


def asking(one: Asked) -> bytes:
    said = {"user": one.user, "password": one.password, "address": one.address}
    return framed({"id": one.number, **said})


def asked(body: bytes) -> Asked:
    """Raises LoginError."""
    said = _map(body, {"id", "user", "password", "address"})
    for name, most in (("user", MOST_USER), ("password", MOST_PASSWORD), ("address", 64)):
        if not isinstance(said[name], str) or len(said[name]) > most:
            raise LoginError(f"{name} is no text, or too long")
    return Asked(
        number=_number(said["id"]),
        user=said["user"],
        password=said["password"],
        address=said["address"],
    )


def answering(number: int, one: Answer) -> bytes:
    subject = None if one.subject is None else told(one.subject)
    said = {"say": str(one.say), "until": one.until, "stay": one.stay, "wait": one.wait}
    return framed({"id": number, "subject": subject, **said})


def answer(body: bytes) -> tuple[int, Answer]:
    """Raises LoginError."""
    said = _map(body, {"id", "say", "subject", "until", "stay", "wait"})
    try:
        subject = None if said["subject"] is None else subject_of(said["subject"])
        made = Answer(
            say=Say(said["say"]),
            subject=subject,
            until=float(said["until"]),
            stay=float(said["stay"]),
            wait=int(said["wait"]),
        )
    except (ValueError, TypeError, OverflowError) as error:
        raise LoginError(f"not an answer: {error}"[:200]) from None
    if (made.say is Say.YES) is (made.subject is None):
        raise LoginError("a yes has a subject, and nothing else has one")
    return _number(said["id"]), made


def _number(said: object) -> int:
    if isinstance(said, bool) or not isinstance(said, int) or said < 0:
        raise LoginError("no number")
    return said


def _map(body: bytes, names: set[str]) -> dict[str, Any]:
    try:
        found = msgpack.unpackb(body, raw=False, strict_map_key=True)
    except Exception:  # foreign bytes: the library raises many kinds, and may quote them
        raise LoginError("no message") from None
    if not isinstance(found, dict) or set(found) != names:
        raise LoginError("not a login's words")
    return found
