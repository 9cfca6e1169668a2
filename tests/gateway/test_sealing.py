"""When seals are made and signed: a script of time, load and an absent signer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from gateway.ledger import Checkpoint
from gateway.seal import Part
from gateway.sealing import AGAIN, EVERY, MOST_EVENTS, Sealer
from rules.load import WorldError
from tests.gateway.test_anchors import checkpoint

PART = Part(segment="s", node="n1", day="2026-03-01", seal=0)


class Stored:
    """A store that remembers what it was told."""

    def __init__(self) -> None:
        self.unsealed = 0
        self.sealed = 0
        self.debts: list[tuple[str, list[Part]]] = []
        self.settled: list[str] = []
        self.unlooked = 2
        self.full = False

    def seal(self) -> None:
        if self.full:
            raise WorldError("disk full")
        self.sealed += 1
        self.debts.append((f"day-{self.sealed}", [PART]))

    def owed(self) -> Sequence[tuple[str, Sequence[Part]]]:
        return tuple(self.debts)

    def settle(self, file: str, parts: Sequence[Part], seq: int) -> None:
        self.settled.append(file)
        self.debts = [debt for debt in self.debts if debt[0] != file]

    def accidents(self) -> list[dict[str, Any]]:
        return [{"file": "x"}] if self.sealed == 1 else []

    def recover(self) -> bool:
        self.unlooked -= 1
        return self.unlooked > 0


class Signs:
    def __init__(self) -> None:
        self.away = False
        self.kinds: list[str] = []

    def sign(self, kind: str, body: dict[str, Any]) -> Checkpoint:
        if self.away:
            raise WorldError("away")
        self.kinds.append(kind)
        return checkpoint()


def test_a_day_of_a_sealer() -> None:
    now = [100.0]
    store, signs = Stored(), Signs()
    sealer = Sealer(store, signs, clock=lambda: now[0])
    for _ in range(5):
        sealer.step()
    assert (store.sealed, store.unlooked) == (0, 0)  # nothing due: earlier files looked into
    now[0] += EVERY
    sealer.step()
    assert (store.settled, signs.kinds) == (["day-1"], ["damaged", "events"])
    store.unsealed = MOST_EVENTS  # load: at once
    sealer.step()
    assert store.settled == ["day-1", "day-2"]
    store.unsealed = 0
    signs.away = True
    now[0] += EVERY
    sealer.step()
    now[0] += EVERY
    sealer.step()
    assert (len(store.settled), len(store.debts)) == (2, 2)  # kept, in order
    signs.away = False
    now[0] += max(EVERY, AGAIN)
    sealer.step()
    assert store.settled == ["day-1", "day-2", "day-3", "day-4", "day-5"]
    sealer.finish()
    assert store.settled[-1] == "day-6"


def test_it_tells_how_many_seals_wait() -> None:
    now, told = [0.0], list[int]()
    store, signs = Stored(), Signs()
    sealer = Sealer(store, signs, clock=lambda: now[0], unsigned=told.append)
    signs.away = True
    for _ in range(2):
        now[0] += AGAIN + EVERY
        sealer.step()
    signs.away = False
    now[0] += AGAIN + EVERY
    sealer.step()
    assert told == [1, 2, 0]


def test_a_full_disk_does_not_stop_the_writer() -> None:
    store, signs = Stored(), Signs()
    sealer = Sealer(store, signs, clock=lambda: 0.0)
    store.full = True
    sealer.finish()
    store.full = False
    sealer.finish()
    assert store.settled == ["day-1"]


def test_our_own_mistakes_are_loud() -> None:
    store, signs = Stored(), Signs()
    store.seal = lambda: 1 / 0  # type: ignore[method-assign]
    with pytest.raises(ZeroDivisionError):
        Sealer(store, signs, clock=lambda: 0.0).finish()
