"""Logins remembered and counted: good ones are believed for a while, guesses are slowed.

What is kept of a password is a keyed digest with a salt of its own, in memory only; the
key lives as long as the process. A wrong password that is said again (browsers do) is
answered without asking and does not count twice. Pure: the time is an argument.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import os
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

WINDOW = 300.0  # seconds in which guesses are counted
FORGET = 60.0  # seconds a wrong password is remembered as wrong
PER_PAIR, PER_USER, PER_ADDRESS = 5, 20, 100  # guesses in the window; a school may be one address
MOST = 50_000  # of each kind
SALT = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Good:
    """A login that was right, and what came with it."""

    digest: bytes
    salt: bytes
    until: float
    said: Mapping[str, str]


@dataclass(slots=True, kw_only=True)
class _Guesses:
    times: deque[float] = field(default_factory=deque)


class Attempts:
    """One process's memory of logins."""

    def __init__(self, remember: float, fresh: Callable[[int], bytes] = os.urandom) -> None:
        self._remember = remember
        self._fresh = fresh
        self._key = fresh(32)
        self._good: dict[str, Good] = {}
        self._wrong: dict[bytes, float] = {}
        self._guesses: dict[tuple[str, str], _Guesses] = {}

    def known(self, user: str, password: str, now: float) -> Good | None:
        """The login as remembered, where it is the same password and not too long ago."""
        good = self._good.get(user)
        if good is None:
            return None
        if good.until <= now or good.until > now + self._remember:  # over, or the clock jumped
            del self._good[user]
            return None
        digest = self._digest(user, password, good.salt)
        return good if hmac.compare_digest(digest, good.digest) else None

    def wrong_before(self, user: str, password: str, now: float) -> bool:
        """Whether this very password was said to be wrong a moment ago."""
        until = self._wrong.get(self._digest(user, password, b""), 0.0)
        return now < until <= now + FORGET

    def wait(self, user: str, address: str, now: float) -> int:
        """Seconds for which no more guesses are taken; 0 where they are."""
        most = 0.0
        for key, limit in _keys(user, address):
            guesses = self._guesses.get(key)
            if guesses is None:
                continue
            times = guesses.times
            while times and not now - WINDOW < times[0] <= now:
                times.popleft()
            if len(times) >= limit:
                most = max(most, times[-limit] + WINDOW - now)
        return math.ceil(most)

    def right(self, user: str, password: str, said: Mapping[str, str], now: float) -> Good:
        """Remember a login that was right."""
        salt = self._fresh(SALT)
        until = now + self._remember
        good = Good(
            digest=self._digest(user, password, salt), salt=salt, until=until, said=dict(said)
        )
        _make_room(self._good, user)
        self._good[user] = good
        return good

    def wrong(self, user: str, address: str, password: str, now: float) -> None:
        """Count a guess."""
        mark = self._digest(user, password, b"")
        _make_room(self._wrong, mark)
        self._wrong[mark] = now + FORGET
        for key, limit in _keys(user, address):
            _make_room(self._guesses, key)
            times = self._guesses.setdefault(key, _Guesses()).times
            times.append(now)
            while len(times) > limit:
                times.popleft()

    def _digest(self, user: str, password: str, salt: bytes) -> bytes:
        data = f"{user}\0{password}".encode("utf-8", "backslashreplace")
        return hashlib.blake2b(data, key=self._key, salt=salt, digest_size=32).digest()


def _keys(user: str, address: str) -> tuple[tuple[tuple[str, str], int], ...]:
    return (((user, address), PER_PAIR), ((user, ""), PER_USER), (("", address), PER_ADDRESS))


def _make_room[K, V](table: dict[K, V], key: K) -> None:
    """The oldest goes where there is no room for one more."""
    if key not in table and len(table) >= MOST:
        del table[next(iter(table))]
