"""What is open is judged again: a tunnel, a WebSocket, a long stream whose verdict changed is cut.

A schedule, an Order, a new policy or a quota that is used up takes effect on what is
already flowing within seconds, not only on the next request. Every look also counts
the minutes of what is open and moving. Nothing is judged again while neither what is
in force nor the time slot has changed and no quota of it is used up, so a look at
thousands of quiet tunnels costs milliseconds. No I/O but the cut itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from gateway.mitm.exchange import Exchange
from gateway.pipeline import Deed, Outcome
from policies.rule import STRICT
from rules.model import Stage

if TYPE_CHECKING:
    from gateway.mitm.connection import EdgeClient, EdgeConnection
    from gateway.mitm.filter import Filter

EVERY = 2.0  # seconds between looks: a cut comes within five seconds of its reason
TOGETHER = 200  # connections looked at before the event loop has its turn
CUT = "verdict-changed"


class Recheck:
    """Looks at the open connections of one worker."""

    def __init__(self, judge: Filter, connections: Callable[[], Iterable[EdgeConnection]]) -> None:
        self._filter = judge
        self._connections = connections
        self.cut = 0

    async def forever(self) -> None:
        """Look every two seconds."""
        while True:
            await asyncio.sleep(EVERY)
            await self.round()

    async def round(self) -> None:
        """One look at all connections, with pauses for the event loop."""
        for number, connection in enumerate(list(self._connections()), 1):
            self.look(connection)
            if not number % TOGETHER:
                await asyncio.sleep(0)

    def look(self, connection: EdgeConnection) -> bool:
        """Count what is open on one connection, and cut it where a verdict changed."""
        client = connection.edge
        for exchange in client.flowing():
            if exchange.own:
                continue
            self._filter.count(client, exchange, open_still=True)
            outcome = self._changed(client, exchange)
            if outcome is not None:
                self._cut(connection, exchange, outcome)
                return True
        return False

    def _changed(self, client: EdgeClient, exchange: Exchange) -> Outcome | None:
        """The new Outcome where it no longer lets the exchange flow."""
        judge = self._filter
        force, moment = judge.force, judge.now()
        slot = force.snapshot.seat(client.subject).slot(moment)
        stamp = exchange.stamp
        same = stamp is not None and stamp[0] is force and stamp[1] is slot
        if same and not judge.used_up(client.subject, exchange.outcome):
            return None
        exchange.stamp = (force, slot)
        outcome = judge.judge(exchange.facts, client.subject)
        return None if _flows_on(exchange, outcome) else outcome

    def _cut(self, connection: EdgeConnection, exchange: Exchange, outcome: Outcome) -> None:
        client, judge = connection.edge, self._filter
        exchange.outcome = outcome
        if exchange.recorded:  # a spliced tunnel or a WebSocket: the cut is told by itself
            judge.record(client, exchange.facts, outcome, CUT)
        else:
            judge.settle(client, exchange, CUT)
        client.spliced = None
        client.sockets.clear()
        self.cut += 1
        if judge.metrics is not None:
            judge.metrics.cut(outcome.verdict.enforced)
        connection.end()


def _flows_on(exchange: Exchange, outcome: Outcome) -> bool:
    """Whether what was let through is let through still.

    A tunnel that would now be opened is cut, so that it is opened; a warning that came
    up meanwhile cuts, one that was read before does not.
    """
    if exchange.facts.stage is Stage.TLS and exchange.facts.scheme == "https":
        return outcome.deed is Deed.PASS
    if exchange.facts.stage is Stage.TLS:  # foreign bytes: there is nothing to open
        return outcome.verdict.enforced not in STRICT
    if outcome.deed is Deed.WARN:
        return exchange.outcome.deed is Deed.WARN
    return outcome.deed not in (Deed.PAGE, Deed.REFUSE)
