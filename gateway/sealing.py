"""When the writer seals what it stored, and has it signed: every ten seconds or 5,000 events.

While the signer is away events are stored and sealed all the same; the seals wait
in their files and are signed, in order, when it is back. Knows no database and no
socket: a store and a signer are handed in.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Protocol

from loguru import logger

from gateway.ledger import Checkpoint
from gateway.seal import Part
from rules.load import WorldError

EVERY = 10.0  # seconds
MOST_EVENTS = 5_000  # not sealed yet: hashing them takes the writer some 40 ms
AGAIN = 5.0  # seconds after the signer did not answer


class Sealable(Protocol):
    """What of a Store is needed here."""

    @property
    def unsealed(self) -> int:
        """Events stored and not sealed."""

    def seal(self) -> None:
        """Seal what is stored."""

    def owed(self) -> Sequence[tuple[str, Sequence[Part]]]:
        """Seals to be signed, by file."""

    def settle(self, file: str, parts: Sequence[Part], seq: int) -> None:
        """They stand in this checkpoint."""

    def accidents(self) -> list[dict[str, Any]]:
        """What happened to files since the last call."""

    def recover(self) -> bool:
        """Look into one file of an earlier run; False when none is left."""


class Signs(Protocol):
    def sign(self, kind: str, body: dict[str, Any]) -> Checkpoint:
        """One statement, signed. Raises WorldError."""


class Sealer:
    """Called by the writer between batches."""

    def __init__(
        self,
        store: Sealable,
        signing: Signs,
        *,
        clock: Callable[[], float] = time.monotonic,
        every: float = EVERY,
        unsigned: Callable[[int], None] = lambda _count: None,
    ) -> None:
        """`unsigned` is told how many seals wait for the signer."""
        self._store = store
        self._signing = signing
        self._clock = clock
        self._every = every
        self._seal_at = clock() + every
        self._sign_at = 0.0
        self._silent = False
        self._unsigned = unsigned
        self._accidents: list[dict[str, Any]] = []
        self._recovering = True

    def step(self) -> None:
        """Seal and sign where it is time. Never raises for trouble of the world."""
        now = self._clock()
        if now < self._seal_at and self._store.unsealed < MOST_EVENTS:
            if self._recovering:
                self._recovering = self._store.recover()
            return
        self._seal_at = now + self._every
        try:
            self._store.seal()
            if now >= self._sign_at:
                self._sign()
        except WorldError as error:
            self._sign_at = now + AGAIN
            if not self._silent:
                logger.error("事件已入库，暂未签名 / events are stored, not signed yet: {}", error)
            self._silent = True
            self._count()

    def finish(self) -> None:
        """The last seal of this run."""
        self._seal_at = self._sign_at = 0.0
        self.step()

    def _sign(self) -> None:
        self._accidents += self._store.accidents()
        while self._accidents:
            self._signing.sign("damaged", self._accidents[0])
            self._accidents.pop(0)
        for file, parts in self._store.owed():
            body = {"parts": [part.plain() for part in parts]}
            self._store.settle(file, parts, self._signing.sign("events", body).seq)
        self._unsigned(0)
        if self._silent:
            logger.info("签名恢复 / the signer is back")
        self._silent = False

    def _count(self) -> None:
        """Tell how many seals wait (at most MOST_PARTS of one file are counted)."""
        with suppress(WorldError):
            self._unsigned(sum(len(parts) for _, parts in self._store.owed()))
