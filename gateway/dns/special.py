"""Names that are answered here and never asked upstream. A table and one look-up; pure.

Special-use names (RFC 6761 and its followers), reverse zones of private addresses
(RFC 6303) and the three questions by which a device would leave this resolver:
Firefox's canary, Apple's Private Relay, designated resolvers (RFC 9462). The
names are data (`special.yaml`); a district's own inside names win over the table.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from gateway.dns.wire import Query, Type
from rules.load import DataError, Problem, load
from rules.model import MARKER_ZONE, Basis, Examples, Status, Text


class Local(StrEnum):
    """How a special name is answered."""

    NXDOMAIN = "nxdomain"
    NODATA = "nodata"
    LOOPBACK = "loopback"  # 127.0.0.1 and ::1
    MARKER = "marker"  # below the marker zone: the gateway's own address unless blocked


class Scope(StrEnum):
    SUFFIX = "suffix"  # the name and everything below it
    EXACT = "exact"


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """Some names with one answer. `bypass` zones hold even where a district lists them inside."""

    names: tuple[str, ...]
    answer: Local
    basis: Basis
    scope: Scope = Scope.SUFFIX
    bypass: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialNames:
    """The data file `special.yaml`."""

    id: str
    title: Text
    zones: tuple[Zone, ...]
    limits: Text
    examples: Examples


@dataclass(frozen=True, slots=True, kw_only=True)
class InternalNames:
    """The data file `internal.yaml`: suffixes that may have inside addresses."""

    id: str
    title: Text
    names: tuple[str, ...]
    limits: Text
    basis: tuple[Basis, ...] = ()
    examples: Examples = field(default_factory=Examples)


_ADDRESS = frozenset({Type.A, Type.AAAA, Type.HTTPS, Type.SVCB})


class Special:
    """The look-up tables, built once. `find` costs about a microsecond."""

    __slots__ = ("_inside", "_zones")

    def __init__(self, zones: Iterable[Zone], internal: Iterable[str] = ()) -> None:
        self._zones: Mapping[str, Zone] = {name: zone for zone in zones for name in zone.names}
        self._inside = frozenset(name.lower().strip(".") for name in internal)

    def find(self, query: Query) -> Local | None:
        """How this query is answered here, or None: ask upstream."""
        name = rest = query.name
        while rest:
            zone = self._zones.get(rest)
            if zone is not None and (zone.scope is Scope.SUFFIX or rest == name):
                if zone.bypass or not self.internal(name):
                    return zone.answer
                return None
            rest = rest.partition(".")[2]
        if query.qtype == Type.SVCB and name.startswith("_dns."):
            return Local.NODATA  # RFC 9461: where an encrypted resolver would announce itself
        if query.qtype in _ADDRESS and name and "." not in name and not self.internal(name):
            return Local.NXDOMAIN  # a single label is a machine of the neighbourhood
        return None

    def internal(self, name: str) -> bool:
        """May this name have an inside address?"""
        inside = self._inside
        while inside and name:
            if name in inside:
                return True
            name = name.partition(".")[2]
        return False


HERE = Path(__file__).parent
_MARKER_BASIS = Basis(source="RFC 6761", clause="6.4", status=Status.CONFIRMED)


def load_special(district: Path | None = None) -> Special:
    """The shipped tables, and the district's own internal.yaml where it exists.

    Raises DataError with the problems of all files.
    """
    problems: list[Problem] = []
    zones: tuple[Zone, ...] = ()
    internal: list[str] = []
    try:
        zones = load(SpecialNames, HERE / "special.yaml").zones
    except DataError as error:
        problems += error.problems
    for path in (HERE / "internal.yaml", *([district] if district else [])):
        try:
            internal += load(InternalNames, path).names
        except DataError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)
    marker = Zone(names=(MARKER_ZONE,), answer=Local.MARKER, basis=_MARKER_BASIS, bypass=True)
    return Special((*zones, marker), internal)
