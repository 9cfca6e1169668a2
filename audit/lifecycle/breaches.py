"""The codes of breaches: which stage each is of and how grave. What to do stands in its check.

Each code has a file `audit/checks/dataset/dataset-CODE.yaml` with problem, remedy, clauses and
examples, so a breach of `data check` and a finding of `audit run` say the same. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping

from audit.lifecycle.model import Address, Breach, Stage
from rules.model import Basis, Text

CODES: Mapping[str, tuple[Stage, str]] = {
    "scope-kind": (Stage.COLLECT, "medium"),
    "scope-column": (Stage.COLLECT, "medium"),
    "guardian": (Stage.COLLECT, "high"),
    "consent": (Stage.COLLECT, "high"),
    "unruled": (Stage.AGGREGATE, "high"),
    "absent": (Stage.STORE, "low"),
    "plain": (Stage.STORE, "high"),
    "grant": (Stage.USE, "high"),
    "public": (Stage.USE, "high"),
    "owner": (Stage.USE, "medium"),
    "administrator": (Stage.USE, "medium"),
    "real-in-test": (Stage.USE, "high"),
    "record": (Stage.USE, "medium"),
    "record-short": (Stage.USE, "medium"),
    "share-unapproved": (Stage.CIRCULATE, "high"),
    "share-ended": (Stage.CIRCULATE, "high"),
    "share-beyond": (Stage.CIRCULATE, "high"),
    "contract-ended": (Stage.CIRCULATE, "high"),
    "export-ended": (Stage.CIRCULATE, "high"),
    "overdue": (Stage.DESTROY, "high"),
    "undated": (Stage.DESTROY, "medium"),
    "period": (Stage.DESTROY, "medium"),
    "hold-ended": (Stage.DESTROY, "low"),
}
SEVERITIES = ("high", "medium", "low")


def breach(
    code: str,
    rule: str,
    at: Address,
    zh: str,
    en: str,
    *,
    count: int | None = None,
    basis: tuple[Basis, ...] = (),
) -> Breach:
    """Reality differs from a rule."""
    stage, severity = CODES[code]
    return Breach(
        stage=stage,
        rule=rule,
        at=at,
        severity=severity,
        what=Text(zh=zh, en=en),
        count=count,
        basis=basis,
        code=code,
    )


def unknown(code: str, rule: str, at: Address, why: Text, *, count: int | None = None) -> Breach:
    """It could not be looked at."""
    stage, severity = CODES[code]
    return Breach(
        stage=stage,
        rule=rule,
        at=at,
        severity=severity,
        what=why,
        count=count,
        known=False,
        code=code,
    )


def rank(one: Breach) -> tuple[bool, int, str, str, str]:
    """Known and grave first."""
    return (not one.known, SEVERITIES.index(one.severity), one.code, one.rule, str(one.at))
