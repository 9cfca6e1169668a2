"""Breaches → Evidence of the probe `dataset`, so that `audit run` and its reports show them. Pure.

The document lists the places of every code (`found.CODE`, [] where all was looked at and holds);
what could not be looked at is a gap at the same path, so a check on it is unknown, and a breach
that is known beside it still fails.
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


def document(book: RuleBook, breaches: Iterable[Breach]) -> dict[str, Any]:
    """What was found, as checks read it."""
    listed = tuple(breaches)
    found: dict[str, list[str]] = {code: [] for code in CODES}
    counts: dict[str, int] = dict.fromkeys(CODES, 0)
    gaps: dict[str, str] = {}
    for one in listed:
        if one.known:
            counts[one.code] += 1
            if len(found[one.code]) < MOST:
                found[one.code].append(place(one))
        else:
            gaps.setdefault(one.code, f"{place(one)}: {one.what.en}")
    return {
        "platform": PROBE,
        "district": book.district,
        "datasets": [one.id for one in book.datasets],
        "found": found,
        "counts": counts,
        "gaps": [
            {"path": f"found.{code}", "why": "cut", "detail": why}
            for code, why in sorted(gaps.items())
        ],
    }


def evidence(
    book: RuleBook, breaches: Iterable[Breach], *, target: str, now: float, rules: str
) -> Evidence:
    """The document with its digest. `rules` is the digest of the rules file."""
    found: Mapping[str, Any] = redact(document(book, breaches) | {"rules": rules})
    digest = sha256(canonical(found)).hexdigest()
    return Evidence(
        id=f"{target}:{PROBE}:{digest[:16]}",
        target=target,
        probe=PROBE,
        method=METHOD,
        taken=now,
        dated=now,
        collector="qinglang-data-check",
        document=found,
        digest=digest,
    )
