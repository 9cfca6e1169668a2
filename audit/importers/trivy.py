"""Trivy JSON: vulnerabilities, misconfigurations, secrets (never what was matched), licences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from audit.importers.model import Imported, ImportedFinding, RefusedError, settled, severity
from audit.importers.source import document, mapping, moment, records, word
from audit.model import ObjectClass, State, Why

FORMAT = "trivy"
STATES: Mapping[str, tuple[State, Why | None]] = {
    "PASS": (State.PASS, None),
    "FAIL": (State.FAIL, None),
    "EXCEPTION": (State.UNKNOWN, Why.PENDING),
}


def read(stream: BinaryIO) -> Imported:
    """Raises RefusedError."""
    found = mapping(document(stream))
    if "SchemaVersion" not in found or not ({"Results", "ArtifactName"} & set(found)):
        raise RefusedError("不是 Trivy 的 JSON / no JSON of Trivy")
    name = word(found.get("ArtifactName"))
    results = list(records(found.get("Results")))
    scanned = [
        {"target": word(one.get("Target")), "class": word(one.get("Class")),
         "type": word(one.get("Type"))}
        for one in results
    ]  # fmt: skip
    return settled(
        Imported(
            format=FORMAT,
            tool="Trivy",
            version=word(mapping(found.get("Trivy")).get("Version")),
            dated=moment(found.get("CreatedAt")),
            kind=ObjectClass.APPLICATION,
            findings=tuple(one for result in results for one in _findings(result, name)),
            facts={name: {"scanned": scanned}},
            notices=() if results else (
                "Trivy 没有识别出可检查的内容，不等于没有漏洞 / nothing was recognised: that is "
                "not the same as no vulnerability",
            ),
        )
    )  # fmt: skip


def _findings(result: Mapping[str, Any], name: str) -> Iterator[ImportedFinding]:
    place = word(result.get("Target"))
    for one in records(result.get("Vulnerabilities")):
        package, version = word(one.get("PkgName")), word(one.get("InstalledVersion"))
        fixed = word(one.get("FixedVersion"))
        rule = f"{word(one.get('VulnerabilityID'))}@{package}"
        detail = f"{package} {version} → {fixed or '?'} ({place})"
        title = word(one.get("Title")) or rule
        yield _one(name, f"vulnerability:{rule}", title, one, State.FAIL, None, detail)
    for one in records(result.get("Misconfigurations")):
        state, why = STATES.get(word(one.get("Status")), (State.UNKNOWN, Why.ERROR))
        rule = word(one.get("ID")) or word(one.get("AVDID"))
        title = word(one.get("Title"))
        yield _one(name, f"misconfiguration:{rule}@{place}", title, one, state, why, place)
    for one in records(result.get("Secrets")):
        line = word(one.get("StartLine"))
        rule, title = f"secret:{word(one.get('RuleID'))}@{place}:{line}", word(one.get("Title"))
        yield _one(name, rule, title, one, State.FAIL, None, f"{place}:{line}")
    for one in records(result.get("Licenses")):
        rule = f"licence:{word(one.get('Name'))}@{word(one.get('PkgName'))}"
        yield _one(name, rule, word(one.get("Name")), one, State.UNKNOWN, Why.PENDING, place)


def _one(
    name: str, rule: str, title: str, said: Mapping[str, Any],
    state: State, why: Why | None, detail: str,
) -> ImportedFinding:  # fmt: skip
    return ImportedFinding(
        tool="Trivy", rule=rule, title=title, state=state, why=why,
        severity=severity(said.get("Severity")), target=name, detail=detail,
    )  # fmt: skip
