"""Prowler's OCSF JSON: one object for each finding. Muted does not mean mended: it stays failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, BinaryIO

from audit.importers.model import Imported, ImportedFinding, RefusedError, settled, severity
from audit.importers.source import document, mapping, moment, records, word
from audit.model import ObjectClass, State, Why

FORMAT = "prowler"
STATES: Mapping[str, tuple[State, Why | None]] = {
    "PASS": (State.PASS, None),
    "FAIL": (State.FAIL, None),
    "MANUAL": (State.UNKNOWN, Why.PENDING),
}


def read(stream: BinaryIO) -> Imported:
    """Raises RefusedError."""
    found = list(records(document(stream)))
    ours = [one for one in found if "finding_info" in one and "metadata" in one]
    if not ours:
        raise RefusedError("不是 Prowler 的 OCSF JSON / no OCSF JSON of Prowler")
    product = mapping(mapping(ours[0].get("metadata")).get("product"))
    notices = []
    if len(ours) < len(found):
        notices.append(f"{len(found) - len(ours)} 条不是结果，略过 / entries are no findings")
    return settled(
        Imported(
            format=FORMAT,
            tool=word(product.get("name")) or "Prowler",
            version=word(product.get("version")),
            dated=max(_when(one) for one in ours),
            kind=ObjectClass.MANAGEMENT_PLATFORM,
            findings=tuple(_finding(one) for one in ours),
            notices=tuple(notices),
        )
    )


def _when(one: Mapping[str, Any]) -> float:
    info = mapping(one.get("finding_info"))
    return moment(one.get("time_dt") or info.get("created_time_dt") or info.get("created_time"))


def _finding(one: Mapping[str, Any]) -> ImportedFinding:
    info, meta = mapping(one.get("finding_info")), mapping(one.get("metadata"))
    cloud = mapping(one.get("cloud"))
    state, why = STATES.get(word(one.get("status_code")).upper(), (State.UNKNOWN, Why.ERROR))
    resource = next(records(one.get("resources")), {})
    muted = "muted" if word(one.get("status")).lower() == "suppressed" else ""
    account = word(mapping(cloud.get("account")).get("uid"))
    rule = word(meta.get("event_code")) or word(info.get("uid"))
    place = word(resource.get("uid")) or word(resource.get("name"))
    return ImportedFinding(
        tool="Prowler",
        rule=f"{rule}@{place}" if place else rule,
        title=word(info.get("title")),
        state=state,
        why=why,
        severity=severity(one.get("severity")),
        target=":".join(filter(None, (word(cloud.get("provider")), account))),
        detail=" ".join(filter(None, (muted, word(one.get("status_detail"))))),
    )
