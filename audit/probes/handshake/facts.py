"""From the answers of a TLS server to one document: versions, suites, keys, certificates. Pure.

null: looked, there is none. What the probe did not get to see is a gap, so that every check on
it is unknown: a server that hangs half-way is not taken for one that refuses.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from audit.probes.handshake import certificates, suites

FORMAT = "qinglang-facts-tls/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Whether the library's own handshake could verify the server."""

    trusted: bool | None  # None: not tried, or it broke off for another reason
    said: str = ""


@dataclass(slots=True, kw_only=True)
class Seen:
    """What the door saw. `versions` holds only what was asked and answered."""

    versions: dict[str, bool] = field(default_factory=dict)
    accepted: dict[str, list[int]] = field(default_factory=dict)
    chain: list[bytes] = field(default_factory=list)
    tlcp_chain: list[bytes] = field(default_factory=list)
    stapled: bool | None = None
    renegotiation: bool | None = None
    compression: bool = False
    dh_bits: int | None = None
    trust: Trust = Trust(trusted=None)
    gaps: list[dict[str, str]] = field(default_factory=list)


def document(seen: Seen, *, host: str, port: int, starttls: str, now: float) -> dict[str, Any]:
    """The facts of one server."""
    plain = {version: [suites.name(one) for one in held] for version, held in seen.accepted.items()}
    every = sorted({one for held in plain.values() for one in held})
    chain = [one for der in seen.chain if (one := certificates.facts(der, now=now, name=host))]
    gaps = [*seen.gaps]
    if not chain:
        gaps.append(_gap("certificate", "unseen", "no certificate could be read"))
        gaps.append(_gap("chain", "unseen", "no certificate could be read"))
    national = [certificates.facts(der, now=now, name=host) for der in seen.tlcp_chain]
    found: dict[str, Any] = {
        "format": FORMAT,
        "platform": "tls",
        "host": host,
        "port": port,
        "starttls": starttls or "none",
        "protocols": dict(seen.versions),
        "suites": plain,
        "accepted": every,
        "weak": suites.weak(every),
        "cbc_in_old": _old_cbc(plain),
        "forward_secrecy": all(suites.forward(one) for one in every) if every else None,
        "national": {
            "suites": [one for one in every if suites.national(one)],
            "certificate": next((one for one in national if one), None),
        },
        "secure_renegotiation": _renegotiation(seen),
        "compression": seen.compression,
        "dh_bits": seen.dh_bits,
        "modern": any(seen.versions.get(one) for one in ("tls1_2", "tls1_3", "tlcp")),
        "certificate": chain[0] if chain else None,
        "chain": _chain(chain, seen.trust),
        "gaps": gaps,
    }
    if seen.stapled is not None:
        found["stapled"] = seen.stapled
    return found


def _gap(path: str, why: str, detail: str) -> dict[str, str]:
    return {"path": path, "why": why, "detail": detail}


def _renegotiation(seen: Seen) -> bool | None:
    """TLS 1.3 knows no renegotiation: a server that speaks nothing older is safe."""
    if seen.renegotiation is None and seen.versions.get("tls1_3"):
        return True
    return seen.renegotiation


def _old_cbc(plain: Mapping[str, Sequence[str]]) -> list[str]:
    """Block suites within SSL 3 and TLS 1.0."""
    old = {one for version in ("ssl3", "tls1_0") for one in plain.get(version, ())}
    return sorted(one for one in old if "_CBC_" in one)


def _chain(chain: Sequence[Mapping[str, Any]], trust: Trust) -> dict[str, Any]:
    linked = all(low["issuer"] == high["subject"] for low, high in pairwise(chain))
    found: dict[str, Any] = {
        "length": len(chain),
        "in_order": linked,
        "expired": any(one["expired"] for one in chain),
        "weak": any(one["signature_weak"] and not one["self_signed"] for one in chain),
        "said": trust.said,
    }
    if trust.trusted is not None:
        found["trusted"] = trust.trusted
    return found
