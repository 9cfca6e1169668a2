"""kube-bench JSON. WARN and INFO, and whatever is to be done by hand, are left to a person."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, BinaryIO

from audit.importers.model import Imported, ImportedFinding, RefusedError, settled
from audit.importers.source import document, mapping, records, word
from audit.model import ObjectClass, Severity, State, Why

FORMAT = "kube-bench"
STATES: Mapping[str, tuple[State, Why | None]] = {
    "PASS": (State.PASS, None),
    "FAIL": (State.FAIL, None),
    "WARN": (State.UNKNOWN, Why.PENDING),
    "INFO": (State.UNKNOWN, Why.PENDING),
}


def read(stream: BinaryIO) -> Imported:
    """Raises RefusedError."""
    found = document(stream)
    controls = list(records(found if isinstance(found, list) else mapping(found).get("Controls")))
    if not any("tests" in one for one in controls):
        raise RefusedError("不是 kube-bench 的 JSON / no JSON of kube-bench")
    findings = [
        _finding(result)
        for control in controls
        for group in records(control.get("tests"))
        for result in records(group.get("results"))
    ]
    return settled(
        Imported(
            format=FORMAT,
            tool="kube-bench",
            version=word(controls[0].get("version")),
            kind=ObjectClass.MANAGEMENT_PLATFORM,
            findings=tuple(findings),
            facts={"": {"node_types": [word(one.get("node_type")) for one in controls]}},
        )
    )


def _finding(result: Mapping[str, Any]) -> ImportedFinding:
    state, why = STATES.get(word(result.get("status")), (State.UNKNOWN, Why.ERROR))
    kind = word(result.get("type"))
    if kind == "manual":
        state, why = State.UNKNOWN, Why.PENDING
    elif kind == "skip":
        state, why = State.UNKNOWN, Why.NOT_CHECKED
    return ImportedFinding(
        tool="kube-bench",
        rule=word(result.get("test_number")),
        title=word(result.get("test_desc")),
        state=state,
        why=why,
        severity=Severity.MEDIUM if result.get("scored", True) else Severity.LOW,
        detail=word(result.get("reason")) or word(result.get("status")),
    )
