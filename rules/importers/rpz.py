"""Response Policy Zones: `name CNAME .` and their kin (draft-vixie-dnsop-dns-rpz).

`CNAME .` (NXDOMAIN), `CNAME *.` (NODATA), `rpz-drop.` and local data all mean "this name
is listed"; `rpz-passthru.` is an exception; `*.name` covers only what is below it.
Triggers on answers, clients and name servers mean nothing to a list and are counted.
"""

from __future__ import annotations

import re

from rules.importers.rows import Flag, Rows
from rules.importers.streams import Lines, RefusedError

_TOKEN = re.compile(rb'"[^"]*"|[()]|[^\s();"]+|;.*')
_TYPES = frozenset(
    [
        "A",
        "AAAA",
        "CNAME",
        "DNAME",
        "NS",
        "SOA",
        "TXT",
        "MX",
        "PTR",
        "SRV",
        "HTTPS",
        "SVCB",
        "CAA",
        "DS",
        "RRSIG",
        "NSEC",
        "DNSKEY",
    ]
)
_SKIP = frozenset(["SOA", "NS", "RRSIG", "NSEC", "DNSKEY", "DS"])
_TTL = re.compile(r"[0-9]+[smhdwSMHDW]?").fullmatch


def rpz(lines: Lines, rows: Rows) -> None:
    """A zone file. A record without an end on the last line means a cut file: RefusedError."""
    zone = _Zone(rows)
    for first, chunk, unended in lines.chunks():
        for number, line in enumerate(chunk, first):
            zone.line(number, line)
        if unended and (zone.open or zone.failed == first):
            raise RefusedError(f"truncated: line {first} is not complete and has no end")
        rows.flush()
    if zone.open:
        raise RefusedError("truncated: a bracket is still open at the end")
    if not zone.begun:
        raise RefusedError("no SOA record: not a zone file, or its head is missing")


class _Zone:
    """The state a zone file needs from line to line: origin, owner, open brackets."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.origin = ""
        self.apex = ""
        self.owner = ""
        self.open = 0
        self.begun = False
        self.failed = 0
        self.tokens: list[str] = []
        self.hit = {
            False: rows.word((), Flag.SELF),
            True: rows.word((), Flag.BELOW),
        }
        self.free = {
            False: rows.word((), Flag.SELF | Flag.NOT),
            True: rows.word((), Flag.BELOW | Flag.NOT),
        }

    def line(self, number: int, line: bytes) -> None:
        """One line; a record may reach over several inside brackets."""
        if not self.open:
            self.tokens = [] if line[:1] not in b" \t" or not line else [""]
        for raw in _TOKEN.findall(line):
            if raw == b"(":
                self.open += 1
            elif raw == b")":
                self.open = max(0, self.open - 1)
            elif not raw.startswith(b";"):
                self.tokens.append(raw.decode("utf-8", "replace"))
        if len(self.tokens) > 4096:
            raise RefusedError("a bracket is never closed")
        if not self.open and any(self.tokens):
            self._record(number, line)

    def _record(self, number: int, line: bytes) -> None:
        name, *rest = self.tokens
        if name.startswith("$"):
            if name.upper() == "$ORIGIN" and rest:
                self.origin = rest[0].rstrip(".").lower()
            elif name.upper() == "$INCLUDE":
                self.rows.bad(number, "$INCLUDE is not followed", line)
            return
        if name:
            self.owner = self._absolute(name)
        while rest and (_TTL(rest[0]) or rest[0].upper() in ("IN", "CH")):
            rest = rest[1:]
        kind = rest[0].upper() if rest else ""
        if kind not in _TYPES or len(rest) < 2:
            self.failed = number
            self.rows.bad(number, "not a record", line)
        elif kind == "SOA":
            self.begun = True
            self.apex = self.owner or self.origin
        elif kind not in _SKIP:
            self._policy(number, kind, rest[1])

    def _absolute(self, name: str) -> str:
        if name == "@":
            return self.origin
        if name.endswith("."):
            return name[:-1].lower()
        return f"{name}.{self.origin}".rstrip(".").lower()

    def _policy(self, number: int, kind: str, target: str) -> None:
        name = self.owner.removesuffix(self.apex).removesuffix(".") if self.apex else self.owner
        for trigger in ("rpz-client-ip", "rpz-nsip", "rpz-nsdname"):
            if name.endswith("." + trigger):
                self.rows.tally.skipped[f"trigger {trigger}"] += 1
                return
        action = target.lower().rstrip(".") if kind == "CNAME" else ""
        if action == "rpz-tcp-only":
            self.rows.tally.skipped["action rpz-tcp-only"] += 1
            return
        if not name:
            return
        below = name.startswith("*.")
        words = self.free if action == "rpz-passthru" else self.hit
        if name.endswith(".rpz-ip"):
            self._address(number, name.removesuffix(".rpz-ip"), words[False])
        else:
            self.rows.take(name.removeprefix("*.").encode(), words[below], number)

    def _address(self, number: int, name: str, word: int) -> None:
        """`32.4.3.2.1` is 1.2.3.4/32; `128.1.zz.db8.2001` is 2001:db8::1/128."""
        length, *parts = name.split(".")
        if len(parts) == 4 and "zz" not in parts:
            written = ".".join(reversed(parts))
        else:
            groups = ["" if part == "zz" else part for part in reversed(parts)]
            written = ":".join(groups)
            written = ":" + written if written.startswith(":") else written
            written = written + ":" if written.endswith(":") else written
        whole = "128" if ":" in written else "32"
        text = written if length == whole else f"{written}/{length}"
        self.rows.take(text.encode(), word, number)
