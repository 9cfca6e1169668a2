"""What a process knows of identities just now: sessions, static hosts, prefixes. Values.

The identity service is the one writer of these; a follower thread puts what it hears
here by swapping references and setting dictionary items, which readers on the event
loop see whole (each is one step for the interpreter). Nothing here opens anything.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from gateway.identity.prefixes import Prefixes
from gateway.identity.pseudonyms import Ring
from policies.model import Subject

RADIUS, PORTAL, STATIC, PREFIX, DEFAULT = "radius", "portal", "static", "prefix", "default"
LDAP, UNKNOWN = "ldap", "unknown"

CONFIDENCE: Mapping[str, float] = {
    RADIUS: 0.95,  # the network authenticated the person for this address
    LDAP: 0.95,  # this very connection said the password
    PORTAL: 0.9,  # so did a portal, and devices may be handed on after it
    STATIC: 0.8,  # a device that belongs to somebody, if nobody took its address
    PREFIX: 0.6,  # an address plan names a place, not a person
    DEFAULT: 0.1,
    UNKNOWN: 0.0,  # somebody said a password that nobody could check
}
UNKNOWN_USER = 0.7  # somebody logged in whom no roster knows: a person, but a place's rights


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tables:
    """The imported tables, compiled: who is behind a host address or a prefix."""

    hosts: Mapping[str, Subject] = field(default_factory=dict)  # by canonical address
    prefixes: Prefixes[Subject] = field(default_factory=lambda: Prefixes(()))


NO_TABLES = Tables()


@dataclass(slots=True, kw_only=True)
class Bound:
    """A session's claim to an address, until `expires` (Unix seconds)."""

    subject: Subject
    expires: float


class Known:
    """The live state of one process. `sessions` are by canonical address, or by the
    text of an IPv6 prefix whose length stands in `lengths`."""

    __slots__ = ("clock", "lengths", "ring", "sessions", "tables")

    def __init__(self, ring: Ring, clock: Callable[[], float] = time.time) -> None:
        self.ring = ring
        self.clock = clock
        self.tables = NO_TABLES
        self.sessions: dict[str, Bound] = {}
        self.lengths: tuple[int, ...] = ()
