"""What a program says of itself → which app it looks like. Pure.

User-Agent, ALPN and JA4 are claims: anybody can make them. They become `client:<id>`, by
which policies only tighten. One look-up where a User-Agent was seen before (pupils use few
programs), one Aho–Corasick run over it otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ahocorasick_rs import AhoCorasick

from rules.model import CLIENT, Signal

LONGEST = 512  # characters of a User-Agent that are read
MEMO = 2048  # User-Agents kept
LIST = "apps"

Seen = tuple[Signal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AppRow:
    """The signatures of one app's program."""

    id: str
    agents: tuple[str, ...] = ()
    alpn: tuple[str, ...] = ()
    ja4: tuple[str, ...] = ()


class AppBook:
    """All programs that are known. Its memo is bounded and never part of the value."""

    def __init__(self, rows: Iterable[AppRow]) -> None:
        agents: dict[str, Seen] = {}
        self._alpn: dict[str, Seen] = {}
        self._ja4: dict[str, Seen] = {}
        for row in rows:
            tables = (
                (agents, row.agents, "user-agent"),
                (self._alpn, row.alpn, "alpn"),
                (self._ja4, row.ja4, "ja4"),
            )
            for table, marks, place in tables:
                for mark in marks:
                    key = mark.lower() if place == "user-agent" else mark
                    table[key] = (*table.get(key, ()), _signal(row.id, mark, place))
        self._marks = tuple(agents.values())
        self._machine = AhoCorasick(list(agents)) if agents else None
        self._known: dict[str, Seen] = {}
        self.wants_ja4 = bool(self._ja4)

    def tls(self, alpn: Sequence[str], ja4: str = "") -> Seen:
        """What a ClientHello looks like."""
        found = self._ja4.get(ja4, ()) if ja4 else ()
        for name in alpn:
            more = self._alpn.get(name)
            if more is not None:
                found = (*found, *more)
        return found

    def request(self, agent: str) -> Seen:
        """What a User-Agent says it is."""
        known = self._known.get(agent)
        if known is None:
            known = self._read(agent[:LONGEST].lower())
            if len(self._known) >= MEMO:
                self._known.clear()
            if len(agent) <= LONGEST:
                self._known[agent] = known
        return known

    def _read(self, agent: str) -> Seen:
        if self._machine is None:
            return ()
        found: dict[Signal, None] = {}
        for place, begin, _ in self._machine.find_matches_as_indexes(agent, overlapping=True):
            if not begin or not agent[begin - 1].isalnum():
                found.update(dict.fromkeys(self._marks[place]))
        return tuple(found)


def _signal(name: str, mark: str, place: str) -> Signal:
    return Signal(category=CLIENT + name, recogniser="app", matched=mark, list=LIST, place=place)
