"""What an importer hands over: canonical keys with their words, and a tally of the rest.

A *key* is one entry in bytes: `host`, an address, `/10.0.0.0/8` (a network; no host
begins with a slash) or `host/path`. A *word* is the number of a set of categories with
flags, given out by whoever builds the table, or NOTHING where no category maps.
Millions of rows pass here, so keys travel in plain lists; nothing else is per row.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import IntFlag
from ipaddress import IPv4Network, ip_network

from rules.hosts import MAX_NAME, canonical, is_address, normal_path, split_url

NOTHING = -1
SAMPLES = 20  # kept per list; all are counted
MOST_PATTERNS = 1024  # per list
MOST_LOOSE = 32  # per list: each costs every name that was not seen before

_OCTET = rb"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_NAME = rb"(?:[a-z0-9_-]{1,63}\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{1,59})"
_PLAIN = re.compile(_NAME).fullmatch
_READY = re.compile(rb"(?:%b\.){3}%b|%b" % (_OCTET, _OCTET, _NAME)).fullmatch
_TOP = re.compile(r"(?=.*[a-z])[a-z0-9-]{2,63}").fullmatch
_LOCAL = frozenset(["localhost", "local", "broadcasthost", "localdomain", "localhost.localdomain"])
_NETWORK = re.compile(r"\[?[0-9a-fA-F:.]+\]?/[0-9]{1,3}").fullmatch


class Flag(IntFlag):
    """How an entry covers names. No flag: the name and everything below it."""

    NONE = 0
    SELF = 1  # only this very name
    BELOW = 2  # only names below it (RPZ wildcards)
    NOT = 4  # an exception: takes the category of the same list away


@dataclass(frozen=True, slots=True, kw_only=True)
class BadLine:
    """One line that could not be read: kept as a sample."""

    file: str
    line: int
    reason: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A keyword or a regular expression that names cannot express."""

    text: str
    word: int
    anchor: str  # a host suffix every match ends in, or empty


@dataclass(slots=True, kw_only=True)
class Tally:
    """What came of one list: counted in full, sampled for reading."""

    rows: int = 0
    bad: int = 0
    samples: list[BadLine] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    unmapped: Counter[str] = field(default_factory=Counter)
    notes: Counter[str] = field(default_factory=Counter)


Words = Callable[[tuple[str, ...], Flag], int]
Drain = Callable[[list[bytes], list[int]], None]


class Rows:
    """Collects the rows of one list and drains them in chunks.

    `words` turns foreign category names and flags into a word; `drain` takes the
    keys and words of one chunk; `refused` says which names no list may cover whole (public
    suffixes): they are taken for the very name only, and noted.
    """

    def __init__(
        self,
        words: Words,
        drain: Drain,
        *,
        scope: Flag = Flag.NONE,
        refused: Callable[[bytes], bool] | None = None,
    ) -> None:
        self.words = words
        self.scope = scope
        self.keys: list[bytes] = []
        self.marks: list[int] = []
        self.tally = Tally()
        self.patterns: list[Pattern] = []
        self.paths: set[bytes] = set()
        self.file = ""
        self._drain = drain
        self._refused = refused
        self._meant: dict[int, tuple[tuple[str, ...], Flag]] = {}

    def word(self, categories: Iterable[str], flag: Flag | None = None) -> int:
        """The word of foreign category names in the list's own scope, or with `flag`."""
        names, used = tuple(categories), self.scope if flag is None else flag
        word = self.words(names, used)
        self._meant[word] = names, used
        return word

    def take(self, text: bytes, word: int, line: int, *, exact: bool = False) -> None:
        """Take one written entry: fast where it is canonical already, else brought there."""
        if word == NOTHING:
            self.tally.skipped["no category of ours"] += 1
            return
        key = text
        if not _READY(text) or len(text) > MAX_NAME:
            try:
                key = entry(text)
            except ValueError as error:
                self.bad(line, str(error), text)
                return
            if b"/" in key[1:] and key[:1] != b"/":
                self.paths.add(key.partition(b"/")[0])
        if not exact and self._refused is not None and self._refused(key):
            names, flag = self._meant[word]  # it would cover everybody below it
            word = self.words(names, flag | Flag.SELF)
            self.tally.notes[
                f"public suffix, taken for itself only: {_printable(key.decode())}"
            ] += 1
        self.keys.append(key)
        self.marks.append(word)

    def bad(self, line: int, reason: str, text: bytes | str) -> None:
        """Count a bad line; keep it as a sample while there is room."""
        self.tally.bad += 1
        self.tally.reasons[reason] += 1
        if len(self.tally.samples) < SAMPLES:
            shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
            self.tally.samples.append(
                BadLine(file=self.file, line=line, reason=reason, text=_printable(shown))
            )

    def pattern(self, pattern: Pattern, line: int) -> None:
        """Keep a keyword or expression while there is room for it."""
        if pattern.word == NOTHING:
            self.tally.skipped["no category of ours"] += 1
        elif not pattern.anchor and sum(not known.anchor for known in self.patterns) >= MOST_LOOSE:
            self.bad(line, f"more than {MOST_LOOSE} patterns without a fixed ending", pattern.text)
        elif len(self.patterns) >= MOST_PATTERNS:
            self.bad(line, f"more than {MOST_PATTERNS} patterns", pattern.text)
        else:
            self.patterns.append(pattern)
            self.tally.rows += 1

    def flush(self) -> None:
        """Hand the chunk on. Called by importers after every chunk of lines."""
        if self.keys:
            self.tally.rows += len(self.keys)
            self._drain(self.keys, self.marks)
            self.keys, self.marks = [], []


def is_plain(text: str) -> bool:
    """Is this a canonical host name with a top-level domain, as it stands?"""
    return bool(_PLAIN(text.encode("utf-8", "replace"))) and len(text) <= MAX_NAME


def entry(text: bytes) -> bytes:
    """The key of one entry as people write it. Raises ValueError with the reason."""
    try:
        written = text.decode("utf-8").strip()
    except UnicodeDecodeError as error:
        raise ValueError("not UTF-8") from error
    if _NETWORK(written):
        return _network(written)
    host, path = written, ""
    if "/" in written:
        host, _, path = split_url(written)
        path = normal_path(path).rstrip("/")
    else:
        host = canonical(written)
    if not is_address(host):
        _demand_name(host)
    return (host + path).encode("ascii")


def _network(written: str) -> bytes:
    address, _, length = written.partition("/")
    try:
        network = ip_network((canonical(address), int(length)), strict=False)
    except ValueError as error:
        raise ValueError("not a network") from error
    if network.prefixlen < (8 if isinstance(network, IPv4Network) else 16):
        raise ValueError("a network this large would cover a tenth of the Internet")
    return f"/{network}".encode("ascii")


def _demand_name(host: str) -> None:
    if host in _LOCAL:
        raise ValueError("a local name")
    above, _, top = host.rpartition(".")
    if not above:
        raise ValueError("a name without a dot")
    if not _TOP(top):
        raise ValueError("neither a host name nor an address: no top-level domain")


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else "�" for character in text[:120])
