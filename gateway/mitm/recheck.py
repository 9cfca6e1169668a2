"""What is open is judged again: a tunnel, a WebSocket, a long stream whose verdict changed is cut.

A schedule, an Order, a new policy or a quota that is used up takes effect on what is
already flowing within seconds, not only on the next request. Every look also counts
the minutes of what is open and moving. Nothing is judged again while neither what is
in force nor the time slot has changed and no quota of it is used up, so a look at
thousands of quiet tunnels costs milliseconds. No I/O but the cut itself.

Identity is bound once per connection: when somebody else is behind the address (a login
ended, expired, or another began) its connections end too, idle ones included.
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
OTHER = "person-changed"


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
        if self._somebody_else(client):
            self._part(connection)
            return True
        for exchange in client.flowing():
            if exchange.own:
                continue
            self._filter.count(client, exchange, open_still=True)
            outcome = self._changed(client, exchange)
            if outcome is not None:
                self._cut(connection, exchange, outcome)
                return True
        return False

    def _somebody_else(self, client: EdgeClient) -> bool:
        """Whether this connection's person is not the one who is there now."""
        if client.login is not None:
            return self._filter.clock() > client.login.ends
        if client.listener.login or client.peername is None:  # nobody has said a word yet
            return False
        now = self._filter.force.resolver.subject(str(client.peername[0]))
        return now.token != client.subject.token

    def _part(self, connection: EdgeConnection) -> None:
        """End a connection whose person has gone; what was open is told as theirs."""
        client, judge = connection.edge, self._filter
        for exchange in client.flowing():
            judge.count(client, exchange)
            if exchange.recorded:
                judge.record(client, exchange.facts, exchange.outcome, OTHER)
            else:
                judge.settle(client, exchange, OTHER)
        self._end(connection, OTHER)

    def _end(self, connection: EdgeConnection, why: str) -> None:
        connection.edge.spliced = None
        connection.edge.sockets.clear()
        self.cut += 1
        if self._filter.metrics is not None:
            self._filter.metrics.cut(why)
        connection.end()

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
        self._end(connection, outcome.verdict.enforced)


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
