"""Catalogs: what a standard asks, clause by clause, read from `audit/controls/*/*.yaml`.

A file holds one section of one standard. Its entries are requirements: what is asked,
once, with the levels at which it stands and the number and letter it carries at each,
because numbers shift between levels (7.1.4.8 is not 8.1.4.8). At load every requirement
becomes one Control per level. Nothing here knows what was found on a target, and no
clause is quoted: the wording is ours (docs: audit/controls/README.md).
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from audit.model import Control, Defence, Link, ObjectClass, Part, Question, Serves, Tier
from rules.load import DataError, Problem, loads, read_text
from rules.model import Basis, Status, Text

CONTROLS = Path(__file__).parent / "controls"


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One thing asked. `at` says at which levels, and with which letter there.

    A letter is left out of the clause where the point asks one thing only (8.1.4.6), as the
    standard does. `reads` and `asks` replace `text` and `questions` at a level that asks
    less or more; `status` and `units` (GB/T 28448) are by level too.
    """

    at: Mapping[int, str]
    text: Text
    reads: Mapping[int, Text] = field(default_factory=dict)
    objects: tuple[ObjectClass, ...] = ()
    tiers: Mapping[ObjectClass, Tier] = field(default_factory=dict)
    defences: tuple[Defence, ...] = ()
    questions: tuple[Question, ...] = ()
    asks: Mapping[int, tuple[Question, ...]] = field(default_factory=dict)
    remedy: Text | None = None
    weight: float | None = None
    high_risk: tuple[str, ...] = ()
    units: Mapping[int, str] = field(default_factory=dict)
    status: Mapping[int, Status] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One control point; `at` gives its number at each level, `titles` a title of its own."""

    title: Text
    at: Mapping[int, str]
    items: tuple[Requirement, ...]
    titles: Mapping[int, Text] = field(default_factory=dict)
    objects: tuple[ObjectClass, ...] = ()
    tiers: Mapping[ObjectClass, Tier] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One file: a section of a standard. `at` gives its number at each level (8.1.4).

    A standard without levels uses level 0. `objects`, `tiers`, `weight` and `status`
    hold for all entries that say nothing of their own.
    """

    id: str
    standard: str
    part: Part
    title: Text
    at: Mapping[int, str]
    basis: Basis
    points: tuple[Point, ...]
    status: Mapping[int, Status] = field(default_factory=dict)
    objects: tuple[ObjectClass, ...] = ()
    tiers: Mapping[ObjectClass, Tier] = field(default_factory=dict)
    weight: float = 1.0
    scored: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """All Controls by (standard, level, clause), in the order of the standard."""

    controls: Mapping[tuple[str, int, str], Control]
    kin: Mapping[str, tuple[str, ...]]  # control id → the same requirement at every level
    digest: str

    def get(self, name: str) -> Control | None:
        """The Control of an id like `GBT22239-2019:3:8.1.4.1.a`.

        The `.a` of a point with one item may be written or left out.
        """
        parts = name.split(":", 2)
        if len(parts) != 3 or not parts[1].isdecimal():
            return None
        standard, level, clause = parts[0], int(parts[1]), parts[2]
        return self.controls.get((standard, level, clause)) or self.controls.get(
            (standard, level, clause.removesuffix(".a"))
        )

    def same(self, name: str) -> tuple[Control, ...]:
        """The requirement of this Control at every level at which it stands, lowest first."""
        control = self.get(name)
        if control is None:
            return ()
        found = (self.get(one) for one in self.kin[control.id])
        return tuple(one for one in found if one is not None)

    def select(
        self, *, standard: str = "", level: int | None = None, part: Part | None = None
    ) -> tuple[Control, ...]:
        """The Controls of a standard, level and part, in order; what is left out is open."""
        return tuple(
            one
            for one in self.controls.values()
            if (not standard or one.standard == standard)
            and (level is None or one.level == level)
            and (part is None or one.part is part)
        )

    @property
    def standards(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(standard for standard, _, _ in self.controls))


def reach(catalog: Catalog, serves: Iterable[Serves]) -> dict[str, Link]:
    """What a check says about each Control, the same requirement at other levels included.

    At a level that the check does not name itself, it decides only where the wording is
    that of the clause it was written for; where less or more is asked, it contributes.
    """
    named = {one.id: link.link for link in serves if (one := catalog.get(link.control))}
    found = dict(named)
    for name, link in named.items():
        written = catalog.get(name)
        for one in catalog.same(name):
            if one.id in named or written is None:
                continue
            decides = link is Link.DECIDES and one.text == written.text
            if found.get(one.id) is not Link.DECIDES:
                found[one.id] = Link.DECIDES if decides else Link.CONTRIBUTES
    return found


def load_catalog(folder: Path = CONTROLS) -> Catalog:
    """Read every section below `folder`. Raises one DataError with all problems."""
    sections: list[tuple[str, Section]] = []
    problems: list[Problem] = []
    digest = hashlib.sha256()
    for path in sorted(folder.glob("*/*.yaml")):
        if path.stem.startswith("population"):  # what must be there: audit/population.py
            continue
        try:
            text = read_text(path)
            digest.update(f"{path.relative_to(folder)}\0{text}\0".encode())
            section = loads(Section, text, str(path))
        except DataError as error:
            problems.extend(error.problems)
            continue
        if section.id != path.stem:
            problems.append(
                _problem(
                    str(path),
                    f"id `{section.id}` is not the file name",
                    f"write `id: {path.stem}`",
                )
            )
        sections.append((str(path), section))
    catalog, more = assemble(sections, digest.hexdigest())
    if problems or more:
        raise DataError([*problems, *more])
    return catalog


def assemble(
    sections: Iterable[tuple[str, Section]], digest: str = ""
) -> tuple[Catalog, list[Problem]]:
    """Expand sections (each with the file it came from) and find clauses given twice."""
    controls: dict[tuple[str, int, str], Control] = {}
    kin: dict[str, tuple[str, ...]] = {}
    origin: dict[tuple[str, int, str], str] = {}
    problems: list[Problem] = []
    for file, section in sections:
        problems += [_problem(file, message) for message in misplaced(section)]
        for family in expand(section):
            names = tuple(one.id for one in family)
            for one in family:
                key = (one.standard, one.level, one.clause)
                if key in controls:
                    problems.append(
                        _problem(file, f"{one.id} stands twice (also in {origin[key]})")
                    )
                controls[key] = one
                origin[key] = file
                kin[one.id] = names
    ordered = dict(sorted(controls.items(), key=lambda pair: _order(pair[1])))
    return Catalog(controls=ordered, kin=kin, digest=digest), problems


def misplaced(section: Section) -> Iterator[str]:
    """Levels that an entry names but the point or section above it does not have."""
    for point in section.points:
        yield from (
            f"{point.title.zh}: level {level} is not among the levels of the section"
            for level in point.at
            if level not in section.at
        )
        for level in point.at:
            if not any(level in item.at for item in point.items):
                yield f"{point.title.zh}: stands at level {level} without an item"
        for item in point.items:
            named = {*item.at, *item.reads, *item.asks, *item.units, *item.status}
            yield from (
                f"{point.title.zh}: an item names level {level}, the point does not"
                for level in sorted(named)
                if level not in point.at
            )
            yield from (
                f"{point.title.zh}: an item says what level {level} reads, but is not there"
                for level in sorted({*item.reads, *item.asks} & {*point.at} - {*item.at})
            )


def expand(section: Section) -> Iterator[tuple[Control, ...]]:
    """Each requirement of the section as its Controls, lowest level first."""
    for point in section.points:
        alone = Counter(level for item in point.items for level in item.at)
        for item in point.items:
            yield tuple(
                _control(section, point, item, level, alone=alone[level] == 1)
                for level in sorted(item.at)
                if level in point.at and level in section.at
            )


def _control(
    section: Section, point: Point, item: Requirement, level: int, *, alone: bool
) -> Control:
    place = _joined(section.at[level], point.at[level])
    clause = place if alone else _joined(place, item.at[level])
    status = item.status.get(level) or section.status.get(level) or section.basis.status
    objects = item.objects or point.objects or section.objects
    tiers = {**section.tiers, **point.tiers, **item.tiers}
    return Control(
        standard=section.standard,
        level=level,
        part=section.part,
        clause=clause,
        point=place,
        point_title=point.titles.get(level, point.title),
        section=section.title,
        text=item.reads.get(level, item.text),
        objects=objects,
        tiers={one: tiers[one] for one in objects if one in tiers},
        defences=item.defences,
        questions=item.asks.get(level, item.questions),
        remedy=item.remedy,
        weight=section.weight if item.weight is None else item.weight,
        high_risk=item.high_risk,
        unit=item.units.get(level, ""),
        basis=replace(
            section.basis, clause=clause, status=status, note=item.note or section.basis.note
        ),
        scored=section.scored and status is not Status.UNVERIFIED,
    )


def _joined(*parts: str) -> str:
    return ".".join(part for part in parts if part)


def _order(control: Control) -> tuple[str, int, tuple[tuple[int, int, str], ...]]:
    """Clauses as people count them: 8.1.4.2 before 8.1.4.10, a before b."""
    pieces = control.clause.split(".")
    return (
        control.standard,
        control.level,
        tuple((0, int(one), "") if one.isdecimal() else (1, 0, one) for one in pieces),
    )


def _problem(file: str, message: str, remedy: str = "") -> Problem:
    return Problem(file=file, line=1, column=1, message=message, remedy=remedy)
