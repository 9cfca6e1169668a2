"""Software bills of materials: CycloneDX JSON and SPDX 2 JSON as one plain list of components.

Findings are about the list itself (is every component named, versioned, licensed?) and the
vulnerabilities it states. A list that states none has not been searched: nothing is passed.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from audit.importers.model import Imported, ImportedFinding, RefusedError, settled, severity
from audit.importers.source import document, mapping, moment, records, word
from audit.model import ObjectClass, Severity, State, Why

CYCLONEDX, SPDX = "cyclonedx", "spdx"
MAX_COMPONENTS = 50_000
_NONE = ("", "NOASSERTION", "NONE")
_CLOSED = ("not_affected", "false_positive", "resolved", "resolved_with_pedigree")


def read_cyclonedx(stream: BinaryIO) -> Imported:
    """Raises RefusedError."""
    found = mapping(document(stream))
    if found.get("bomFormat") != "CycloneDX":
        raise RefusedError("不是 CycloneDX 的 JSON / no JSON of CycloneDX")
    meta = mapping(found.get("metadata"))
    own = mapping(meta.get("component"))
    components = [_cyclonedx(one) for one in _nested(found.get("components"), 0)]
    name = word(own.get("name"))
    return _imported(
        CYCLONEDX,
        word(found.get("specVersion")),
        moment(meta.get("timestamp")),
        name,
        {
            "software": {"name": name, "version": word(own.get("version"))},
            "serial": word(found.get("serialNumber")),
            "components": components,
            "dependencies": [
                {"of": word(one.get("ref")), "on": word(other)}
                for one in records(found.get("dependencies"))
                for other in _list(one.get("dependsOn"))
            ][:MAX_COMPONENTS],
        },
        list(_vulnerabilities(found, name)),
    )


def read_spdx(stream: BinaryIO) -> Imported:
    """Raises RefusedError."""
    found = mapping(document(stream))
    version = word(found.get("spdxVersion"))
    if not version.startswith("SPDX-2"):
        raise RefusedError("不是 SPDX 2 的 JSON / no JSON of SPDX 2")
    described = {word(one) for one in _list(found.get("documentDescribes"))}
    relations = list(records(found.get("relationships")))
    described |= {
        word(one.get("relatedSpdxElement"))
        for one in relations
        if one.get("relationshipType") == "DESCRIBES"
    }
    packages = list(records(found.get("packages")))
    own = next((one for one in packages if one.get("SPDXID") in described), {})
    name = word(own.get("name")) or word(found.get("name"))
    return _imported(
        SPDX,
        version,
        moment(mapping(found.get("creationInfo")).get("created")),
        name,
        {
            "software": {"name": name, "version": word(own.get("versionInfo"))},
            "serial": word(found.get("documentNamespace")),
            "components": [_spdx(one) for one in packages if one is not own],
            "dependencies": [
                {"of": word(one.get("spdxElementId")), "on": word(one.get("relatedSpdxElement"))}
                for one in relations
                if one.get("relationshipType") in ("DEPENDS_ON", "CONTAINS")
            ][:MAX_COMPONENTS],
        },
        [],
    )


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _nested(value: object, depth: int) -> Iterator[Mapping[str, Any]]:
    for one in records(value):
        yield one
        if depth < 20:
            yield from _nested(one.get("components"), depth + 1)


def _cyclonedx(one: Mapping[str, Any]) -> dict[str, Any]:
    licences = []
    for each in records(one.get("licenses")):
        inner = mapping(each.get("license"))
        licences.append(
            word(inner.get("id")) or word(inner.get("name")) or word(each.get("expression"))
        )
    hashes = [f"{word(h.get('alg'))}:{word(h.get('content'))}" for h in records(one.get("hashes"))]
    return {
        "id": word(one.get("bom-ref")), "name": word(one.get("name")),
        "version": word(one.get("version")), "purl": word(one.get("purl")),
        "supplier": word(mapping(one.get("supplier")).get("name")),
        "licences": [licence for licence in licences if licence], "integrity": hashes[:5],
    }  # fmt: skip


def _spdx(one: Mapping[str, Any]) -> dict[str, Any]:
    licence = word(one.get("licenseConcluded"))
    if licence in _NONE:
        licence = word(one.get("licenseDeclared"))
    purl = next(
        (word(ref.get("referenceLocator")) for ref in records(one.get("externalRefs"))
         if ref.get("referenceType") == "purl"), "",
    )  # fmt: skip
    sums = [f"{word(h.get('algorithm'))}:{word(h.get('checksumValue'))}"
            for h in records(one.get("checksums"))]  # fmt: skip
    return {
        "id": word(one.get("SPDXID")), "name": word(one.get("name")),
        "version": word(one.get("versionInfo")), "purl": purl,
        "supplier": word(one.get("supplier")).removeprefix("Organization: "),
        "licences": [] if licence in _NONE else [licence], "integrity": sums[:5],
    }  # fmt: skip


def _vulnerabilities(found: Mapping[str, Any], name: str) -> Iterator[ImportedFinding]:
    for one in records(found.get("vulnerabilities")):
        claim = word(mapping(one.get("analysis")).get("state"))
        rating = next(records(one.get("ratings")), {})
        affects = ", ".join(word(each.get("ref")) for each in records(one.get("affects")))
        closed = claim in _CLOSED
        yield ImportedFinding(
            tool=CYCLONEDX,
            rule=f"vulnerability:{word(one.get('id'))}",
            title=word(one.get("description")) or word(one.get("id")),
            state=State.UNKNOWN if closed else State.FAIL,
            why=Why.PENDING if closed else None,
            severity=severity(rating.get("severity")),
            target=name,
            detail=" ".join(filter(None, (claim, affects))),
        )


def _imported(
    format_: str, version: str, dated: float, name: str, facts: dict[str, Any],
    more: list[ImportedFinding],
) -> Imported:  # fmt: skip
    parts = facts["components"]
    if len(parts) > MAX_COMPONENTS:
        raise RefusedError(f"组件超过 {MAX_COMPONENTS} / more components than {MAX_COMPONENTS}")
    questions = (
        ("components-versioned", "组件都有名称和版本 / every component has name and version",
         [one["name"] or one["id"] for one in parts if not (one["name"] and one["version"])]),
        ("licences-known", "组件许可证已知 / the licence of every component is known",
         [one["name"] for one in parts if not one["licences"]]),
        ("integrity-stated", "组件有校验值 / every component has a checksum",
         [one["name"] for one in parts if not one["integrity"]]),
    )  # fmt: skip
    found = [
        ImportedFinding(
            tool=format_, rule=rule, title=title, target=name, severity=Severity.LOW,
            state=(State.PARTIAL if lacking else State.PASS) if parts else State.UNKNOWN,
            why=None if parts else Why.NOT_CHECKED,
            detail=f"{len(lacking)}/{len(parts)}: {', '.join(lacking[:8])}",
        )
        for rule, title, lacking in questions
    ]  # fmt: skip
    return settled(
        Imported(
            format=format_, tool=format_, version=version, dated=dated,
            kind=ObjectClass.APPLICATION, findings=(*found, *more), facts={name: facts},
            notices=() if more else (
                "清单未载漏洞，不等于没有漏洞 / no vulnerabilities stated: maybe nobody looked",
            ),
        )
    )  # fmt: skip
