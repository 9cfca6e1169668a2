"""address → Subject: who is behind a connection, with source and confidence.

In this version: longest prefix of the schools' tables, else the district's
default. The client's address never leaves this module: a Subject carries a keyed
pseudonym of it (a different one in each school, so that records of two schools
cannot be joined without the key).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from policies.model import Subject

PREFIX_CONFIDENCE = 0.6  # an address plan names a place, not a person
DEFAULT_CONFIDENCE = 0.1
CACHE = 65_536  # addresses remembered per process

_Table = dict[tuple[int, int], dict[int, Subject]]


def parse_address(text: str) -> IPv4Address | IPv6Address:
    """An address literal; IPv4-mapped IPv6 becomes IPv4, a zone is dropped. Raises ValueError."""
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        return address.ipv4_mapped
    return address


class Resolver:
    """Answers `subject(address)`. Built once per Snapshot; lookups cost about a microsecond."""

    def __init__(self, rows: Iterable[tuple[str, Subject]], default: Subject, key: bytes) -> None:
        self._default = replace(default, source="default", confidence=DEFAULT_CONFIDENCE)
        self._key = key
        self._cache: dict[str, Subject] = {}
        tables: _Table = {}
        for prefix, subject in rows:
            network = ip_network(prefix, strict=False)
            found = replace(subject, source="prefix", confidence=PREFIX_CONFIDENCE)
            row = tables.setdefault((network.version, network.prefixlen), {})
            row[int(network.network_address)] = found
        # longest prefix first; the mask is made once
        self._tables = [
            (version, _mask(version, length), table)
            for (version, length), table in sorted(
                tables.items(), key=lambda item: item[0][1], reverse=True
            )
        ]

    def subject(self, address: str) -> Subject:
        """The Subject behind an address; total: an unreadable address gets the default."""
        found = self._cache.get(address)
        if found is None:
            if len(self._cache) >= CACHE:
                self._cache.clear()
            found = self._cache[address] = self._resolve(address)
        return found

    def _resolve(self, text: str) -> Subject:
        try:
            address = parse_address(text)
        except ValueError:
            return replace(self._default, token=self._token(self._default.school, text))
        number = int(address)
        for version, mask, table in self._tables:
            if version == address.version and (subject := table.get(number & mask)) is not None:
                break
        else:
            subject = self._default
        if address.version == 6:  # privacy addresses rotate within a /64 (RFC 8981)
            text = str(IPv6Network((number & _mask(6, 64), 64)))
        else:
            text = str(address)
        return replace(subject, token=self._token(subject.school, text))

    def _token(self, school: str, text: str) -> str:
        data = f"{school}\0{text}".encode("utf-8", "backslashreplace")
        return hashlib.blake2b(data, key=self._key, digest_size=10).hexdigest()


def _mask(version: int, length: int) -> int:
    width = 32 if version == 4 else 128
    return ((1 << length) - 1) << (width - length)
