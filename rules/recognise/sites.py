"""Rows of a data file by host: one dictionary look-up per request, whatever the host is.

A row stands at a host suffix (`baidu.com` covers `www.baidu.com`), at `google.*` (any
country's name) or at `*` (every host). What a host was found to have is remembered; a
host with nothing costs one failed look-up the first time and one hit afterwards. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable

MEMO = 4096  # hosts remembered, then forgotten together
_COUNTRY = 3  # letters of a label that may stand for the `*` of `google.*` (com, co, uk)


class Sites[Row]:
    """Rows by host suffix, the most specific first."""

    def __init__(self, rows: Iterable[tuple[str, Row]]) -> None:
        self._rows: dict[str, list[Row]] = {}
        for host, row in rows:
            self._rows.setdefault(host, []).append(row)
        self._memo: dict[str, tuple[Row, ...]] = {}

    def at(self, host: str) -> tuple[Row, ...]:
        """The rows of a canonical host."""
        found = self._memo.get(host)
        if found is None:
            found = self._found(host)
            if len(self._memo) >= MEMO:
                self._memo.clear()
            self._memo[host] = found
        return found

    def _found(self, host: str) -> tuple[Row, ...]:
        labels = host.split(".")
        found: list[Row] = []
        for at in range(len(labels)):
            found += self._rows.get(".".join(labels[at:]), ())
            for tail in (1, 2):
                end = len(labels) - tail
                if at < end and all(0 < len(one) <= _COUNTRY for one in labels[end:]):
                    found += self._rows.get(".".join(labels[at:end]) + ".*", ())
        return tuple(found)
