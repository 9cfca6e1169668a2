"""How many queries one client may send: a token bucket per address in a bounded table. Pure.

A classroom may share one address behind its own router, so the allowance is meant
for a room, not for a pupil; it stops floods, not use.
"""

from __future__ import annotations

RATE = 500.0  # queries per second
BURST = 3000.0  # queries at once, after a quiet time
ROOM = 20_000  # clients remembered; the one met first is forgotten first


class Buckets:
    """`take` says whether one more query is within the allowance. Rate 0: no limit."""

    __slots__ = ("_burst", "_clients", "_rate", "_room")

    def __init__(self, *, rate: float = RATE, burst: float = BURST, room: int = ROOM) -> None:
        self._rate = rate
        self._burst = burst
        self._room = room
        self._clients: dict[str, list[float]] = {}

    def take(self, client: str, now: float) -> bool:
        """One query of `client` at `now` (seconds, never going back)."""
        if not self._rate:
            return True
        bucket = self._clients.get(client)
        if bucket is None:
            while len(self._clients) >= self._room:
                del self._clients[next(iter(self._clients))]
            self._clients[client] = [self._burst - 1, now]
            return True
        tokens = min(self._burst, bucket[0] + (now - bucket[1]) * self._rate)
        bucket[1] = now
        if tokens < 1:
            bucket[0] = tokens
            return False
        bucket[0] = tokens - 1
        return True
