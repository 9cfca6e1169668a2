"""Lines of a configuration become a tree: what stands indented belongs to the line above. Pure.

`#` and `!` end every section. Where a file lost its indentation (pasted, or typed in with
`quit` and `exit`), the words that open a view are known by name. One pass, linear.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache

OPENERS = re.compile(
    r"(?:interface|line|user-interface|aaa$|aaa authentication-scheme|vlan \d+$"
    r"|acl (?:number|name|basic|advanced|mac|ipv6|\d+$)"
    r"|local-user \S+ class|local-user \S+$|ip access-list|router|ospf|bgp|isis|rip\b|archive$"
    r"|radius (?:scheme|server)|hwtacacs (?:scheme|server)|radius-server template|tacacs server"
    r"|hwtacacs-server template|domain |firewall zone|security-zone|security-policy"
    r"|traffic (?:policy|classifier|behavior)|cpu-defend policy|nfpp|control-plane|class-map"
    r"|policy-map|zone security|zone-pair|track|monitor-link|smart-link|ftp|irf-port|key chain"
    r"|keychain|vrf definition|ip vpn-instance)"
)
MAX_DEPTH = 12


@dataclass(slots=True)
class Line:
    """One line and what stands below it."""

    text: str
    inner: list[Line] = field(default_factory=list)

    def has(self, pattern: str) -> bool:
        return any(re.match(pattern, one.text) for one in self.inner)

    def hits(self, pattern: str) -> Iterator[re.Match[str]]:
        """Lines directly below that begin like the pattern."""
        return (hit for one in self.inner if (hit := re.match(pattern, one.text)))

    def first(self, pattern: str) -> re.Match[str] | None:
        return next(self.hits(pattern), None)

    def deep(self) -> Iterator[Line]:
        """All lines below, at any depth."""
        for one in self.inner:
            yield one
            yield from one.deep()


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """One device's configuration. Lines of the top are found by their first word."""

    platform: str
    top: list[Line]
    words: dict[str, list[Line]]
    version: str = ""

    @property
    def undo(self) -> bool:
        """Huawei and H3C say `undo`; Cisco and Ruijie say `no`."""
        return self.platform in ("vrp", "comware")

    def lines(self, pattern: str) -> list[Line]:
        """Lines of the top that begin with the pattern."""
        starts = _starts(pattern)
        wanted = re.compile(pattern)
        return [
            one
            for word, listed in self.words.items()
            if any(word.startswith(start) or start.startswith(word) for start in starts)
            for one in listed
            if wanted.match(one.text)
        ]

    def hits(self, pattern: str) -> Iterator[re.Match[str]]:
        return (hit for one in self.lines(pattern) if (hit := re.match(pattern, one.text)))

    def has(self, *patterns: str) -> bool:
        return any(self.lines(pattern) for pattern in patterns)

    def first(self, pattern: str) -> re.Match[str] | None:
        return next(self.hits(pattern), None)

    def off(self, pattern: str) -> bool:
        """It is switched off in so many words."""
        return self.has(f"undo (?:{pattern})" if self.undo else f"no (?:{pattern})")

    def switch(self, pattern: str, default: bool | None = None) -> bool | None:
        """On, off, or what holds where nothing is written (None: it depends on the version)."""
        if self.off(pattern):
            return False
        return True if self.has(pattern) else default


@cache
def _starts(pattern: str) -> tuple[str, ...]:
    """The plain letters with which each alternative of a pattern begins, to its first word."""
    depth, pieces = 0, [""]
    for letter in pattern:
        depth += (letter == "(") - (letter == ")")
        if letter == "|" and depth == 0:
            pieces.append("")
        else:
            pieces[-1] += letter
    return tuple(_start(one) for one in pieces)


def _start(alternative: str) -> str:
    plain = re.match(r"[A-Za-z0-9-]*", alternative)
    found = plain[0] if plain else ""
    return found[:-1] if alternative[len(found) : len(found) + 1] in ("?", "*") else found


def config(platform: str, lines: Iterable[str], version: str = "") -> Config:
    """The tree of a configuration, indexed by first words."""
    top = tree(lines)
    words: dict[str, list[Line]] = defaultdict(list)
    for one in top:
        words[one.text.split(" ", 1)[0]].append(one)
    return Config(platform=platform, top=top, words=dict(words), version=version)


def tree(lines: Iterable[str]) -> list[Line]:
    """Lines with what stands indented below them."""
    chosen = [line.replace("\t", " ") for line in lines]
    if not any(line[:1] == " " and line.strip() not in ("", "#", "!") for line in chosen):
        return _flat(chosen)
    top: list[Line] = []
    open_: list[tuple[int, Line]] = []
    for line in chosen:
        text = line.strip()
        if not text:
            continue
        depth = len(line) - len(line.lstrip(" "))
        if text[0] in "#!" and not text.startswith("!Soft"):
            if depth == 0:
                open_.clear()
            continue
        while open_ and open_[-1][0] >= depth:
            open_.pop()
        made = Line(text)
        (open_[-1][1].inner if open_ else top).append(made)
        if len(open_) < MAX_DEPTH:
            open_.append((depth, made))
    return top


def _flat(lines: Iterable[str]) -> list[Line]:
    top: list[Line] = []
    now: Line | None = None
    for line in lines:
        text = line.strip()
        if not text or text[0] in "#!" or text in ("quit", "exit"):
            now = None if text else now
            continue
        made = Line(text)
        if OPENERS.match(text):
            top.append(made)
            now = made
        else:
            (top if now is None else now.inner).append(made)
    return top
