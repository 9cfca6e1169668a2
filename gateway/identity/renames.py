"""Old pseudonym → new one, after a rotation: for what is kept by token and must go on.

The identity service writes `<data>/identity/renames.json`, and only pairs of tokens that
something holds (a quota, an Order, a care alert); publishing and care read it. Pairs are
let go after eight days, when the last quota's week is over. No name and no address is in
it. Pure but for `keep` and `load`, which are doors to the file.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import replace
from ipaddress import IPv4Address, ip_network
from pathlib import Path

from gateway.authority import private_folder, write_private
from gateway.identity.pseudonyms import Ring
from gateway.node import Node
from policies.model import Order, Subject

KEPT = 8 * 86_400.0  # seconds
MOST_DEVICES = 1 << 20  # addresses of a school's plan that are tried
MOST_PAIRS = 500_000


def pairs(ring: Ring, school: str, texts: Iterable[str], wanted: Container[str]) -> dict[str, str]:
    """The wanted ones among the former tokens of these, and what they are called now."""
    former = dict(ring.each(school))
    newest = former.pop(max(former))
    found: dict[str, str] = {}
    for text in texts:
        for one in former.values():
            old = one.token(school, text)
            if old in wanted:
                found[old] = newest.token(school, text)
    return found


def devices(rows: Iterable[tuple[str, Subject]], school: str) -> Iterator[str]:
    """What is pseudonymised of every device that a school's address plan has room for.

    IPv4 addresses and IPv6 /64s, the smallest prefixes first, MOST_DEVICES in all.
    """
    networks = [ip_network(prefix) for prefix, subject in rows if subject.school == school]
    left = MOST_DEVICES
    for one in sorted(networks, key=lambda n: (n.version == 6, n.max_prefixlen - n.prefixlen)):
        first, shift = int(one.network_address), 0 if one.version == 4 else 64
        count = min(left, 1 << max(0, one.max_prefixlen - shift - one.prefixlen))
        left -= count
        for number in range(first >> shift, (first >> shift) + count):
            yield str(IPv4Address(number)) if not shift else f"{number:x}::/64"


def orders(given: Iterable[Order], renamed: Mapping[str, str]) -> tuple[Order, ...]:
    """Orders about one person or device, under the token they have now."""
    return tuple(
        replace(one, token=renamed[one.token]) if one.token in renamed else one for one in given
    )


def file(node: Node) -> Path:
    return node.data / "identity" / "renames.json"


def load(path: Path, now: float) -> dict[str, str]:
    """The pairs that still matter; none where the file is away or damaged."""
    return {old: new for old, (new, _) in _read(path, now).items()}


def keep(path: Path, fresh: Mapping[str, str], now: float) -> bool:
    """Add pairs to the file; whether it has changed. Raises OSError, WorldError."""
    before = _read(path, now)
    known = {old: (new, before.get(old, ("", now))[1]) for old, new in fresh.items()}
    merged = dict(list((before | known).items())[-MOST_PAIRS:])
    if {old: new for old, (new, _) in merged.items()} == load(path, now):
        return False
    private_folder(path.parent)
    write_private(path, json.dumps({old: [new, at] for old, (new, at) in merged.items()}).encode())
    return True


def _read(path: Path, now: float) -> dict[str, tuple[str, float]]:
    try:
        found = json.loads(path.read_bytes())
        pairs_ = {str(old): (str(new), float(at)) for old, (new, at) in found.items()}
    except (OSError, ValueError, TypeError, AttributeError, RecursionError):
        return {}
    return {old: pair for old, pair in pairs_.items() if now - KEPT < pair[1] <= now + KEPT}
