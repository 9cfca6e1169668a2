"""Public suffixes: names below which anyone may register, so that no list may hold them.

Reads the Public Suffix List (ICANN and private sections) out of the installed package
`publicsuffixlist`; needed while building, never in a worker. One entry `com.cn` in a
careless list would otherwise block half a country.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from rules.hosts import canonical


@dataclass(frozen=True, slots=True, kw_only=True)
class Suffixes:
    """ICANN suffixes, their wildcards (`*.ck` as `ck`) and exceptions; private suffixes."""

    icann: frozenset[bytes]
    wild: frozenset[bytes]
    exceptions: frozenset[bytes]
    private: frozenset[bytes]
    tails: frozenset[bytes]  # last two bytes of `wild`, a quick first look

    def covers(self, key: bytes) -> bool:
        """Is this key an ICANN public suffix?"""
        if key in self.icann:
            return True
        if key[-2:] not in self.tails:
            return False
        above = key.partition(b".")[2]
        return key in self.wild or (above in self.wild and key not in self.exceptions)


@cache
def load_suffixes() -> Suffixes:
    """The list of the installed package; it does not change while we run."""
    text = files("publicsuffixlist").joinpath("public_suffix_list.dat").read_text("utf-8")
    return parse(text)


def parse(text: str) -> Suffixes:
    """The list in its own format, publicsuffix.org/list."""
    found: dict[str, set[bytes]] = {"icann": set(), "wild": set(), "not": set(), "private": set()}
    private = False
    for line in text.splitlines():
        private = private or "BEGIN PRIVATE DOMAINS" in line
        rule = line.partition(" ")[0].strip()
        if not rule or rule.startswith("//"):
            continue
        kind = {"*": "wild", "!": "not"}.get(rule[0], "icann")
        name = canonical(rule.removeprefix("*.").removeprefix("!")).encode("ascii")
        found["private" if private else kind].add(name)
    return Suffixes(
        icann=frozenset(found["icann"]),
        wild=frozenset(found["wild"]),
        exceptions=frozenset(found["not"]),
        private=frozenset(found["private"]),
        tails=frozenset(name[-2:] for name in found["wild"]),
    )
