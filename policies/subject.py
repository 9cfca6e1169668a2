"""Text → Subject: `stage=junior,role=pupil`, or an address by the schools' prefixes.

For people at the command line and for tests. On the wire gateway/identity does this,
with pseudonyms; here no token is ever made.
"""

from __future__ import annotations

from dataclasses import fields
from ipaddress import ip_address, ip_network

from policies.compile import Snapshot
from policies.model import Role, Subject
from policies.policy import SchoolStage, Tier

NAMES = tuple(f.name for f in fields(Subject) if f.name not in ("source", "confidence"))


def parse_subject(text: str, default: Subject) -> Subject:
    """`stage=junior,school=example`: what is not said is empty; nothing said is `default`.

    Raises ValueError with the known names or values.
    """
    if not text.strip():
        return default
    found: dict[str, str] = {}
    for part in text.split(","):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or name not in NAMES:
            raise ValueError(f"`{part.strip()}` is not NAME=VALUE with one of: {', '.join(NAMES)}")
        found[name] = value
    return Subject(
        school=found.get("school", ""),
        stage=SchoolStage(found["stage"]) if found.get("stage") else "",
        tier=Tier(found["tier"]) if found.get("tier") else "",
        role=Role(found.get("role", Role.PUPIL)),
        group=found.get("group", ""),
        segment=found.get("segment", ""),
        token=found.get("token", ""),
        source="given",
        confidence=1.0,
    )


def locate(snapshot: Snapshot, address: str) -> Subject:
    """Who is behind an address: the longest prefix, else the default. Raises ValueError."""
    where = ip_address(address.strip("[]"))
    rows = [(ip_network(prefix), subject) for prefix, subject in snapshot.prefixes]
    fitting = [(network.prefixlen, subject) for network, subject in rows if where in network]
    if not fitting:
        return snapshot.default_subject
    return max(fitting, key=lambda row: row[0])[1]
