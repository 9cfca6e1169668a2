"""A Run limited to what one school may see: its own targets, aggregated and scored anew.

A report is an attack map, so what belongs to others is not hidden but gone: their targets,
evidence, findings and answers. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from audit.aggregate import Aggregation, aggregate
from audit.items import item
from audit.model import Organisation, System
from audit.run import Run
from audit.score import Scoring, score


def below(organisations: Iterable[Organisation], top: str) -> frozenset[str]:
    """A unit and all that stand below it, however deep; a circle ends where it began."""
    units = tuple(organisations)
    found = {top}
    while more := {one.id for one in units if one.above in found} - found:
        found |= more
    return frozenset(found)


def own(
    run: Run, top: str, organisations: Iterable[Organisation], systems: Iterable[System]
) -> frozenset[str]:
    """The targets of a run that belong to a unit or to one below it."""
    units = below(organisations, top)
    theirs = {one.id for one in systems if one.organisation in units}
    return frozenset(one.id for one in run.targets if one.system in theirs)


def narrow(run: Run, keep: Iterable[str], *, aggregation: Aggregation, scoring: Scoring) -> Run:
    """The same run with these targets only. Every item is still there."""
    chosen = frozenset(keep)
    kept = [one for one in run.single if one.target in chosen]
    have = {one.control for one in kept}
    by_control = {one.control: one for one in run.single if not one.target}
    single = []
    for control in run.controls:
        single += [one for one in kept if one.control == control.id]
        if control.id not in have:
            single.append(by_control.get(control.id) or item(control, "", (), None))
    items = aggregate(single, aggregation)
    theirs = chosen | {""}
    return replace(
        run,
        answers=tuple(one for one in run.answers if one.target in theirs),
        compensations=tuple(one for one in run.compensations if one.target in theirs),
        waivers=tuple(one for one in run.waivers if one.target in theirs),
        high=(),  # judged anew on what is left
        hazards=(),
        yardsticks="",
        targets=tuple(one for one in run.targets if one.id in chosen),
        evidence=tuple(one for one in run.evidence if one.target in chosen),
        findings=tuple(one for one in run.findings if one.target in chosen),
        single=tuple(single),
        items=items,
        score=score(items, run.controls, scoring=scoring),
    )
