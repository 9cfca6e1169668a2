"""Longest prefix by bisection: a table of prefixes flattened to disjoint ranges. Pure.

Prefixes nest or are disjoint, never cross, so a table of n rows becomes at most 2n+1
ranges in order of their first address, each with the innermost prefix that covers it.
A look-up is one bisection, whatever lengths occur; building costs a sort.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from ipaddress import ip_network

WIDTH = {4: 32, 6: 128}


class Prefixes[T]:
    """`find(version, number)` → (length, value) of the longest prefix, or None.

    Of two equal prefixes the later row stands.
    """

    __slots__ = ("_found", "_starts", "rows")

    def __init__(self, rows: Iterable[tuple[str, T]]) -> None:
        """Raises ValueError for a text that is no prefix."""
        known: dict[int, dict[tuple[int, int], T]] = {4: {}, 6: {}}
        for text, value in rows:
            network = ip_network(text, strict=False)
            known[network.version][int(network.network_address), network.prefixlen] = value
        self.rows = sum(map(len, known.values()))
        self._starts: dict[int, list[int]] = {}
        self._found: dict[int, list[tuple[int, T] | None]] = {}
        for version, table in known.items():
            self._starts[version], self._found[version] = _flat(table, WIDTH[version])

    def find(self, version: int, number: int) -> tuple[int, T] | None:
        """The longest prefix that holds this address."""
        return self._found[version][bisect_right(self._starts[version], number) - 1]


def _flat[T](
    table: dict[tuple[int, int], T], width: int
) -> tuple[list[int], list[tuple[int, T] | None]]:
    starts: list[int] = [0]
    found: list[tuple[int, T] | None] = [None]
    shared: dict[tuple[int, int], tuple[int, T]] = {}
    open_: list[tuple[int, tuple[int, T]]] = []  # (first address after it, what it says)

    def begin(at: int, value: tuple[int, T] | None) -> None:
        if starts[-1] == at:
            found[-1] = value
        else:
            starts.append(at)
            found.append(value)

    def close(until: int) -> None:
        while open_ and open_[-1][0] <= until:
            end, _ = open_.pop()
            begin(end, open_[-1][1] if open_ else None)

    for (first, length), value in sorted(table.items(), key=lambda item: item[0]):
        close(first)
        told = shared.setdefault((length, id(value)), (length, value))
        begin(first, told)
        open_.append((first + (1 << (width - length)), told))
    close(1 << width)
    return starts, found
