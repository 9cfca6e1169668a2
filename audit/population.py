"""What a catalog must hold: the census of a standard, and the comparison of both.

Public catalogs of these standards repeat a section, lose another, invent items and print
level-3 wording at level 2. So the counts by control point are data of their own
(`audit/controls/*/population*.yaml`), and every such defect is a sentence here. Pure, but
for reading those files.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from audit.catalog import CONTROLS, Catalog
from audit.model import Control, Part
from rules.load import load_folder
from rules.model import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Census:
    """The items of one level and part: by section, the count of each point in order."""

    standard: str
    part: Part
    level: int
    status: Status
    sections: Mapping[str, tuple[int, ...]]
    absent: tuple[str, ...] = ()  # words of a higher level
    differs: tuple[str, ...] = ()  # clauses worded otherwise than at the next level up

    @property
    def total(self) -> int:
        return sum(map(sum, self.sections.values()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """One file of censuses."""

    id: str
    censuses: tuple[Census, ...]


def load_population(folder: Path = CONTROLS) -> tuple[Census, ...]:
    """All censuses below `folder`. Raises DataError."""
    return tuple(
        census
        for inner in sorted(path for path in folder.glob("*") if path.is_dir())
        for one in load_folder(Population, inner, "population*.yaml").values()
        for census in one.censuses
    )


def verify(catalog: Catalog, censuses: Iterable[Census]) -> Iterator[str]:
    """Every way in which the catalog is not what the censuses say, or not itself in order."""
    known: dict[tuple[str, int, Part], set[str]] = defaultdict(set)
    for census in censuses:
        known[census.standard, census.level, census.part] |= {*census.sections}
        yield from _counted(catalog, census)
        yield from _worded(catalog, census)
    for (standard, level, part), sections in known.items():
        controls = catalog.select(standard=standard, level=level, part=part)
        yield from _placed(controls, sections, known)
        yield from _layered(controls)
        yield from _repeated(controls)
    yield from _lettered(catalog.controls.values())


def _counted(catalog: Catalog, census: Census) -> Iterator[str]:
    controls = catalog.select(standard=census.standard, level=census.level, part=census.part)
    found = Counter(one.point for one in controls)
    for section, counts in census.sections.items():
        inside = [point for point in found if _section(point) == section]
        if not inside:
            yield f"{section}: the section is missing (level {census.level})"
            continue
        for number, wanted in enumerate(counts, start=1):
            point = f"{section}.{number}"
            if found[point] != wanted:
                yield f"{point}: {found[point]} items, {wanted} wanted"
        extra = {*inside} - {f"{section}.{number}" for number in range(1, len(counts) + 1)}
        yield from (f"{point}: no such control point" for point in sorted(extra))


def _worded(catalog: Catalog, census: Census) -> Iterator[str]:
    """Wording of a higher level: by the words that only it uses, or by being the same."""
    for one in catalog.select(standard=census.standard, level=census.level, part=census.part):
        if _section(one.point) not in census.sections:
            continue
        spoken = " ".join(
            (one.point_title.zh, one.text.zh, *(question.text.zh for question in one.questions))
        )
        yield from (
            f"{one.id}: `{word}` belongs to a higher level"
            for word in census.absent
            if word in spoken
        )
    for clause in census.differs:
        family = catalog.same(f"{census.standard}:{census.level}:{clause}")
        if not family:
            yield f"{clause}: listed as differing, but not in the catalog"
        yield from (
            f"{lower.id}: has the wording of level {upper.level}"
            for lower, upper in pairwise(family)
            if lower.level == census.level and lower.text.zh == upper.text.zh
        )


def _placed(
    controls: Iterable[Control],
    sections: set[str],
    known: Mapping[tuple[str, int, Part], set[str]],
) -> Iterator[str]:
    """Items whose clause lies in another level's section."""
    for one in controls:
        section = _section(one.point)
        if section in sections:
            continue
        for (standard, level, part), others in known.items():
            if standard == one.standard and section in others:
                yield f"{one.id}: {section} is level {level}, {part.value}"


def _layered(controls: Iterable[Control]) -> Iterator[str]:
    """Object classes that lie in no layer; items that nobody can look at or ask about."""
    for one in controls:
        missing = [kind.value for kind in one.objects if kind not in one.tiers]
        if missing:
            yield f"{one.id}: no layer for {', '.join(missing)}"
        if not one.objects:
            yield f"{one.id}: no object class"
        if not one.questions:
            yield f"{one.id}: no question"


def _repeated(controls: Iterable[Control]) -> Iterator[str]:
    """The same words twice at one level, or the same point title twice in one section."""
    first: dict[str, Control] = {}
    titles: dict[tuple[str, str], str] = {}
    for one in controls:
        earlier = first.setdefault(one.text.zh, one)
        if earlier is not one:
            yield f"{one.id}: the same text as {earlier.clause}"
        point = titles.setdefault((_section(one.point), one.point_title.zh), one.point)
        if point != one.point:
            yield f"{one.point}: `{one.point_title.zh}` is the title of {point} already"


def _lettered(controls: Iterable[Control]) -> Iterator[str]:
    """Letters without holes; none where a point asks one thing."""
    points: dict[tuple[str, int, str], list[str]] = defaultdict(list)
    for one in controls:
        points[one.standard, one.level, one.point].append(one.clause)
    for (standard, level, point), clauses in points.items():
        wanted = [point]
        if len(clauses) > 1:
            wanted = [f"{point}.{chr(ord('a') + number)}" for number in range(len(clauses))]
        if sorted(clauses) != wanted:
            yield f"{standard}:{level}:{point}: letters {', '.join(clauses)}"


def _section(point: str) -> str:
    return point.rpartition(".")[0]
