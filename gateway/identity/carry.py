"""After a rotation of pseudonyms: quotas, Orders and care go on under the new ones.

Who holds an old token is asked (the usage service, the Orders, care); what it stood for is
known of persons (the sealed names), of devices that Orders name, and of every address of
the school's plan. The usage service is told, the others read renames.json. Said again
some times: workers' marks under the old tokens may still be on their way. A door: files,
sockets, and a thread, for a plan of a million addresses takes seconds.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from loguru import logger

from gateway.identity import devices, renames
from gateway.identity.names import Name, Names
from gateway.identity.pseudonyms import Epoch, Ring, person
from gateway.identity.seal import Seal
from gateway.node import Node
from gateway.orders import Orders
from gateway.usage import usage_socket
from gateway.usage_line import ask, tokens
from policies.model import Subject
from rules.load import WorldError

AGAIN = (0.0, 3.0, 30.0, 300.0)  # seconds after a rotation
PAIRS = 10_000  # in one word to the usage service

type Places = Iterable[tuple[str, Subject]]


class Carrier:
    """One node's. `rotated` says that there is something to do, `turn` does what is due."""

    def __init__(
        self,
        node: Node,
        key: bytes,
        *,
        put: Callable[[list[Name]], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`key` opens the sealed names; `put` adds rows to them, safely among threads."""
        self._node = node
        self._key = key
        self._put = put
        self._clock = clock
        self._due: list[float] = []
        self._stamp = 0
        self._thread: threading.Thread | None = None

    def rotated(self, epochs: Iterable[Epoch], now: float) -> None:
        """Keys have been read: is one of them so new that something may hold an old token?"""
        if any(now - renames.KEPT < one.since for one in epochs):
            self._due = [now + wait for wait in AGAIN]

    def turn(self, ring: Ring, places: Places, names: Path) -> None:
        """Begin what is due, unless it is going on already."""
        now = self._clock()
        with suppress(OSError):  # an Order may name a token out of an old event
            stamp = (self._node.data / "orders.jsonl").stat().st_mtime_ns
            if stamp != self._stamp:
                self._stamp = stamp
                if any(now - renames.KEPT < one.since for one in ring.epochs):
                    self._due.insert(0, now)
        running = self._thread is not None and self._thread.is_alive()
        if not self._due or self._due[0] > now or running:
            return
        self._due = [one for one in self._due if one > now]
        self._thread = threading.Thread(
            target=self._carry, args=(ring, list(places), names), name="carry", daemon=True
        )
        self._thread.start()

    def wait(self, seconds: float) -> None:
        """Until what was begun has ended, so long at most."""
        if self._thread is not None:
            self._thread.join(seconds)

    def _carry(self, ring: Ring, places: list[tuple[str, Subject]], names: Path) -> None:
        try:
            count = self.carry(ring, places, names)
            if count:
                logger.info("identity: {} tokens go on under new pseudonyms", count)
        except (WorldError, OSError) as error:
            logger.error("identity: carrying over a rotation: {}", error)
        except Exception as error:  # the door of this thread: a message may quote an address
            logger.error("identity: carrying over a rotation: {}", type(error).__name__)

    def carry(self, ring: Ring, places: list[tuple[str, Subject]], names: Path) -> int:
        """Find what the tokens that are held are called now, and say it. How many."""
        now = self._clock()
        schools = {one.school for one in ring.epochs if now - renames.KEPT < one.since}
        held = self.held()
        known = devices.load(self._node.data / "identity", Seal(self._key), now)
        found: dict[str, str] = {}
        for school in sorted(schools):
            users = self._people(ring, school, names, now)
            texts = [person(user) for user in users]
            texts += [one.text for one in known if one.school == school]
            found |= renames.pairs(ring, school, texts, held)
            if held - found.keys():
                plan = renames.devices(places, school)
                found |= renames.pairs(ring, school, plan, held)
        if found:
            renames.keep(renames.file(self._node), found, now)
            self._tell(found)
        return len(found)

    def held(self) -> set[str]:
        """Every token that something is kept by."""
        found: set[str] = set()
        with suppress(WorldError):  # no usage service where nothing listens
            found |= tokens(usage_socket(self._node))
        with suppress(WorldError):
            standing = Orders(self._node.data / "orders.jsonl").load(self._clock())
            found |= {one.token for one in standing if one.token}
        with suppress(OSError, ValueError, AttributeError):
            state = json.loads((self._node.data / "care" / "state.json").read_bytes())
            found |= {str(key).partition(" ")[0] for key in state.get("spells", {})}
        return found

    def _people(self, ring: Ring, school: str, names: Path, now: float) -> list[str]:
        """The persons of a school; their new tokens get rows, so that reveal finds both."""
        table = Names(names, self._key, write=False)
        try:
            rows = {one.user: one for one in table.of_school(school) if one.user}
            epoch = ring.epoch(school)
            missing = [one for one in rows.values() if one.epoch < epoch]
        finally:
            table.close()
        self._put(
            [
                Name(
                    token=ring.token(school, person(one.user)),
                    school=school,
                    name=one.name,
                    user=one.user,
                    epoch=epoch,
                    at=now,
                )
                for one in missing
            ]
        )
        return list(rows)

    def _tell(self, found: dict[str, str]) -> None:
        rows = [list(pair) for pair in found.items()]
        with suppress(WorldError):
            for at in range(0, len(rows), PAIRS):
                word = {"say": "rename", "pairs": rows[at : at + PAIRS]}
                ask(usage_socket(self._node), word)
