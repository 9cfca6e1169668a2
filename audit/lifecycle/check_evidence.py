"""Breaches → Evidence of the probe `dataset`, so that `audit run` and its reports show them. Pure.

The document lists the places of every code (`found.CODE`, [] where all was looked at and holds);
what could not be looked at is a gap at the same path, so a check on it is unknown, and a breach
that is known beside it still fails. `listed` and `sealed` serve other looks of this shape too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from audit.lifecycle.breaches import CODES
from audit.lifecycle.model import Breach
from audit.lifecycle.rules import RuleBook
from audit.model import Evidence
from audit.probes.host import canonical, redact

PROBE = "dataset"
METHOD = "qinglang data check：规则与数据库、文件、簿册逐项比对 / rules held against reality"
MOST = 50  # places of one code that are listed


def place(one: Breach) -> str:
    """Where a breach is: the rule and the place, never a value."""
    return " ".join(part for part in (one.rule, str(one.at)) if part)


def listed(
    codes: Iterable[str], known: Iterable[tuple[str, str]], blind: Iterable[tuple[str, str]]
) -> dict[str, Any]:
    """`found`, `counts` and `gaps` of (code, place) pairs and (code, why not seen) pairs."""
    found: dict[str, list[str]] = {code: [] for code in codes}
    counts = dict.fromkeys(found, 0)
    for code, where in known:
        counts[code] += 1
        if len(found[code]) < MOST:
            found[code].append(where)
    gaps: dict[str, str] = {}
    for code, why in blind:
        gaps.setdefault(code, why)
    return {
        "found": found,
        "counts": counts,
        "gaps": [
            {"path": f"found.{code}", "why": "cut", "detail": why}
            for code, why in sorted(gaps.items())
        ],
    }


def document(book: RuleBook, breaches: Iterable[Breach]) -> dict[str, Any]:
    """What was found, as checks read it."""
    told = tuple(breaches)
    return {
        "platform": PROBE,
        "district": book.district,
        "datasets": [one.id for one in book.datasets],
    } | listed(
        CODES,
        ((one.code, place(one)) for one in told if one.known),
        ((one.code, f"{place(one)}: {one.what.en}") for one in told if not one.known),
    )


def sealed(
    document: Mapping[str, Any],
    *,
    target: str,
    probe: str,
    method: str,
    collector: str,
    taken: float,
    dated: float,
) -> Evidence:
    """A document as evidence, without secrets, with its digest."""
    found: Mapping[str, Any] = redact(document)
    digest = sha256(canonical(found)).hexdigest()
    return Evidence(
        id=f"{target}:{probe}:{digest[:16]}",
        target=target,
        probe=probe,
        method=method,
        taken=taken,
        dated=dated,
        collector=collector,
        document=found,
        digest=digest,
    )


def evidence(
    book: RuleBook, breaches: Iterable[Breach], *, target: str, now: float, rules: str
) -> Evidence:
    """The document with its digest. `rules` is the digest of the rules file."""
    return sealed(
        document(book, breaches) | {"rules": rules},
        target=target,
        probe=PROBE,
        method=METHOD,
        collector="qinglang-data-check",
        taken=now,
        dated=now,
    )
