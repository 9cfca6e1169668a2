"""Findings in audit logs → Evidence of the probe `data-access`, as `data check` makes. Pure.

Every sign has a file `audit/checks/data-access/data-access-SIGN.yaml`. The document lists the
places of every sign (`found.SIGN`), what could not be judged is a gap at the same path: a check
on it is unknown, and a finding beside it still fails.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from audit.lifecycle.access_look import Blind, Look, unruled
from audit.lifecycle.anomaly import Sign
from audit.lifecycle.check_evidence import listed, sealed
from audit.model import Evidence

PROBE = "data-access"
TARGET = "own-data-access"
METHOD = (
    "qinglang data access check：数据库审计日志逐条判断 / audit logs of databases, entry by entry"
)


def document(look: Look, blinds: Iterable[Blind], shown: Callable[[str], str]) -> dict[str, Any]:
    """What was found, as checks read it. `shown` takes numbers of people out of names."""
    whole = sorted((*blinds, *unruled(look.file)), key=lambda one: (one.what, one.source))
    made = listed(Sign, _places(look, shown), _gaps(whole, shown))
    for rule in look.file.rules:  # places are bounded, counts are not
        kept = len(look.seen.get(rule.id, ()))
        made["counts"][rule.sign] += look.counts[rule.id] - kept
    return {
        "platform": PROBE,
        "sources": {shown(name): count for name, count in sorted(look.sources.items())},
        "entries": look.entries,
        "from": look.first,
        "to": look.last,
    } | made


def _places(look: Look, shown: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    for found in look.seen.values():
        for one in found:
            where = f"{shown(one.kept.source)} {shown(one.kept.place)}"
            yield one.rule.sign, f"{one.rule.id} {where} {one.kept.entry.account}"


def _gaps(blinds: Iterable[Blind], shown: Callable[[str], str]) -> Iterator[tuple[str, str]]:
    for one in blinds:
        said = " ".join(filter(None, (one.what, shown(one.source), shown(one.place))))
        for sign in sorted(one.signs):
            yield sign, said + (f" ({one.count})" if one.count > 1 else "")


def evidence(
    look: Look,
    blinds: Iterable[Blind],
    *,
    rules: str,
    now: float,
    dated: float,
    shown: Callable[[str], str],
) -> Evidence:
    """The document with its digest. `rules` is the digest of the rules file."""
    return sealed(
        document(look, blinds, shown) | {"rules": rules, "at": dated},
        target=TARGET,
        probe=PROBE,
        method=METHOD,
        collector="qinglang-data-access-check",
        taken=now,
        dated=dated,
    )
