"""How others' findings reach an item: as contributions beside our own, never closing it.

Which rule of which tool speaks of which control is data (`audit/importers/mappings/`), ours and
unverified. A rule that no row names is kept with its evidence and shown, and says nothing of any
item. A passing import leaves an item pending; a failing one keeps a pass pending until a person
has decided (audit/items.py). Pure but for reading the maps.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from audit.catalog import Catalog, reach
from audit.importers.model import PREFIX
from audit.items import Links
from audit.model import Evidence, Finding, Link, ObjectClass, Serves, Severity, State, Why
from rules.load import load_folder
from rules.model import Basis, Text

MAPPINGS = Path(__file__).parent / "importers" / "mappings"


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRow:
    """Rules of a tool (shell patterns) and the controls they say something of."""

    match: tuple[str, ...]
    controls: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleMap:
    """The rules of one format. The first row that matches holds."""

    id: str
    title: Text
    basis: Basis
    remains: Text
    rows: tuple[RuleRow, ...]

    def controls(self, rule: str) -> tuple[str, ...]:
        """The controls that a rule contributes to; none where nobody mapped it."""
        for row in self.rows:
            if any(fnmatchcase(rule, one) for one in row.match):
                return row.controls
        return ()


def load_rule_maps(folder: Path = MAPPINGS) -> Mapping[str, RuleMap]:
    """Every map, by format. Raises DataError."""
    return load_folder(RuleMap, folder)


def beside(
    evidence: Iterable[Evidence], maps: Mapping[str, RuleMap], catalog: Catalog
) -> tuple[tuple[Finding, ...], Links]:
    """Findings of imported evidence that speak of a control, and the links that say of which."""
    newest: dict[tuple[str, str], Evidence] = {}
    for one in sorted(evidence, key=lambda seen: (seen.taken, seen.id)):
        if one.probe.startswith(PREFIX):
            newest[one.target, one.probe] = one
    findings: list[Finding] = []
    linked: dict[str, dict[str, Link]] = {}
    for one in newest.values():
        name = one.probe.removeprefix(PREFIX)
        known = maps.get(name)
        for said in stated(one):
            controls = known.controls(str(said.get("rule", ""))) if known else ()
            if not controls or known is None:
                continue
            finding = _finding(one, name, said)
            findings.append(finding)
            serves = [
                Serves(control=control, link=Link.CONTRIBUTES, remains=known.remains)
                for control in controls
            ]
            for control in reach(catalog, serves):
                linked.setdefault(control, {})[finding.check] = Link.CONTRIBUTES
    return tuple(findings), linked


def stated(evidence: Evidence) -> list[Mapping[str, Any]]:
    """The findings of an imported piece of evidence; none where its document holds none."""
    document = evidence.document if isinstance(evidence.document, Mapping) else {}
    listed = document.get("findings")
    return [one for one in listed if isinstance(one, Mapping)] if isinstance(listed, list) else []


def _finding(one: Evidence, name: str, said: Mapping[str, Any]) -> Finding:
    state, why, severity = (str(said.get(key) or "") for key in ("state", "why", "severity"))
    known = state in set(State)
    title = str(said.get("title") or said.get("rule"))
    return Finding(
        check=f"{PREFIX}{name}:{said.get('rule', '')}",
        version=one.version,
        target=one.target,
        state=State(state) if known else State.UNKNOWN,
        why=Why(why) if why in set(Why) else None if known and state != "unknown" else Why.ERROR,
        severity=Severity(severity) if severity in set(Severity) else Severity.MEDIUM,
        reason=Text(zh=f"{one.collector}：{title}", en=f"{one.collector}: {title}"),
        seen=str(said.get("detail") or ""),
        evidence=(one.id,),
    )


def joined(ours: Links, others: Links) -> Links:
    """Both sets of links."""
    return {
        control: {**ours.get(control, {}), **others.get(control, {})}
        for control in dict.fromkeys([*ours, *others])
    }


def kind_of(evidence: Evidence) -> ObjectClass | None:
    """What an imported piece of evidence says its target is."""
    document = evidence.document if isinstance(evidence.document, Mapping) else {}
    kind = document.get("kind")
    if evidence.probe.startswith(PREFIX) and kind in set(ObjectClass):
        return ObjectClass(kind)
    return None
