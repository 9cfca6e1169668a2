"""address → Subject: who is behind a connection, with source and confidence.

In this order: a session (RADIUS, portal), a static host, the longest prefix of the
imported tables and the schools' policies, the district's default. The client's address
never leaves this module: a Subject carries a keyed pseudonym of it, or of the person.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace
from ipaddress import IPv4Address, IPv6Address, IPv6Network
from operator import attrgetter

from gateway.identity.known import CONFIDENCE, DEFAULT, PREFIX, UNKNOWN, Known
from gateway.identity.prefixes import Prefixes
from gateway.identity.pseudonyms import Ring
from policies.model import Role, Subject
from policies.policy import SchoolStage, Tier

CACHE = 65_536  # addresses remembered per process
PREFIX_CONFIDENCE = CONFIDENCE[PREFIX]
DEFAULT_CONFIDENCE = CONFIDENCE[DEFAULT]
_FIELDS = tuple(field.name for field in fields(Subject))
_READ = attrgetter(*_FIELDS)
_FILL = tuple(vars(Subject)[name].__set__ for name in _FIELDS)  # of the slots
_FILL_TOKEN = vars(Subject)["token"].__set__
_BYTES = {str(number): number for number in range(256)}


def parse_address(text: str) -> IPv4Address | IPv6Address:
    """An address literal; IPv4-mapped IPv6 becomes IPv4, a zone is dropped. Raises ValueError."""
    plain = text.partition("%")[0]
    if ":" not in plain:
        return IPv4Address(plain)
    address = IPv6Address(plain)
    return address.ipv4_mapped or address


class Resolver:
    """Answers `subject(address)`. Built once per Snapshot; `known` outlives it.

    A remembered address costs two dictionary look-ups, a new one a few microseconds.
    """

    def __init__(
        self,
        rows: Iterable[tuple[str, Subject]],
        default: Subject,
        key: bytes,
        known: Known | None = None,
    ) -> None:
        self.known = known if known is not None else Known(Ring(key))
        self._default = replace(default, source=DEFAULT, confidence=DEFAULT_CONFIDENCE)
        self._table = Prefixes(placed(rows))
        self._cache: dict[str, tuple[tuple[str, ...], Subject]] = {}
        self._made_of: tuple[object, ...] = ()

    def subject(self, address: str) -> Subject:
        """The Subject behind an address; total: an unreadable address gets the default."""
        known = self.known
        bound = known.sessions.get(address)
        if bound is not None and bound.expires > known.clock():
            return bound.subject
        if self._made_of != (known.tables, known.ring, known.lengths):
            self._cache = {}
            self._made_of = (known.tables, known.ring, known.lengths)
        found = self._cache.get(address)
        if found is None:
            if len(self._cache) >= CACHE:
                self._cache.clear()
            found = self._cache[address] = self._resolve(address)
        names, subject = found
        for name in names:
            bound = known.sessions.get(name)
            if bound is not None and bound.expires > known.clock():
                return bound.subject
        return subject

    def place(self, address: str) -> Subject:
        """Who has this address by the tables alone, whoever is logged in there now."""
        return self._resolve(address)[1]

    def unknown(self, address: str) -> Subject:
        """Somebody whose login nobody could check: a pupil of the place's school, of the
        younger stage of the place's and the district's default. The token is the device's."""
        place, default = self.place(address), self._default
        return replace(
            place,
            role=Role.PUPIL,
            stage=_younger(tuple(map(str, SchoolStage)), place.stage, default.stage),
            tier=_younger(tuple(map(str, Tier)), place.tier, default.tier),
            token=self.known.ring.token(place.school, address),
            source=UNKNOWN,
            confidence=CONFIDENCE[UNKNOWN],
        )

    def _resolve(self, text: str) -> tuple[tuple[str, ...], Subject]:
        """The other names under which a session may hold this address, and its place."""
        known = self.known
        version, number, plain = 4, _dotted(text), text
        if number < 0:
            try:
                address = parse_address(text)
            except ValueError:
                token = known.ring.token(self._default.school, text)
                return (), with_token(self._default, token)
            version, number, plain = address.version, int(address), str(address)
        names = [] if plain is text or plain == text else [plain]
        if version == 6:
            names += [_prefix(number, length) for length in known.lengths]
        subject = known.tables.hosts.get(plain)
        if subject is None:
            subject = self._longest(version, number)
        if not subject.token:
            # IPv6 privacy addresses rotate within a /64 (RFC 8981)
            device = plain if version == 4 else f"{number >> 64:x}::/64"
            subject = with_token(subject, known.ring.token(subject.school, device))
        return tuple(names), subject

    def _longest(self, version: int, number: int) -> Subject:
        imported = self.known.tables.prefixes.find(version, number)
        written = self._table.find(version, number)
        if imported is None:
            return self._default if written is None else written[1]
        if written is None or imported[0] >= written[0]:
            return imported[1]
        return written[1]


def device_text(text: str) -> str:
    """What is pseudonymised of a device's address: IPv6 privacy addresses rotate within
    a /64 (RFC 8981), so there it is the network. Raises ValueError."""
    address = parse_address(text)
    return str(address) if address.version == 4 else f"{int(address) >> 64:x}::/64"


def placed(rows: Iterable[tuple[str, Subject]]) -> list[tuple[str, Subject]]:
    """Rows of prefixes, said to be such; equal Subjects become one object."""
    shared: dict[Subject, Subject] = {}
    found = []
    for prefix, subject in rows:
        said = shared.get(subject)
        if said is None:
            said = replace(subject, source=PREFIX, confidence=PREFIX_CONFIDENCE)
            shared[subject] = said
        found.append((prefix, said))
    return found


def with_token(one: Subject, token: str) -> Subject:
    """The same with another token: what `replace` gives, at a third of its cost (measured),
    because the slots of the new Subject are filled directly."""
    fresh = object.__new__(Subject)
    for fill, value in zip(_FILL, _READ(one), strict=True):
        fill(fresh, value)
    _FILL_TOKEN(fresh, token)
    return fresh


def _younger(order: tuple[str, ...], *said: str) -> str:
    """The first in order of what is said; "" where nothing is."""
    return min((one for one in said if one in order), key=order.index, default="")


def _dotted(text: str) -> int:
    """The number of an IPv4 address as everybody writes it; -1 for any other text."""
    parts = text.split(".")
    if len(parts) != 4:
        return -1
    number = 0
    for part in parts:
        byte = _BYTES.get(part, -1)
        if byte < 0:
            return -1
        number = number << 8 | byte
    return number


def _prefix(number: int, length: int) -> str:
    shift = 128 - length
    return str(IPv6Network((number >> shift << shift, length)))
