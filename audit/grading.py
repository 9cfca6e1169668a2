"""S, A, G: which controls a system is measured by, each at the grade of what it protects.

A system graded S3A2 is level 3, but what keeps it available (电力供应, 数据备份恢复) is measured
at level 2. Which control point is which is data (`audit/scoring/grades.yaml`). Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from audit.model import Control, System
from rules.model import Basis, Text

MLPS = "GBT22239-2019"  # 等保: the only standard that is graded


class Mark(StrEnum):
    """GB/T 22239 annex A: what a control point protects."""

    S = "S"
    A = "A"
    G = "G"


@dataclass(frozen=True, slots=True, kw_only=True)
class Marked:
    """A control point with its mark: `area` is chapter-free, like `1.4` of 8.1.4."""

    area: str
    title: str
    mark: Mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Grades:
    """The marks of all control points; what is not named is G."""

    id: str
    title: Text
    basis: Basis
    marks: tuple[Marked, ...]


def mark_of(control: Control, grades: Grades) -> Mark:
    """Whether a control protects S, A or (all others) G."""
    area = ".".join(control.clause.split(".")[1:3])
    for one in grades.marks:
        if one.area == area and one.title == control.point_title.zh:
            return one.mark
    return Mark.G


def in_scope(
    controls: Iterable[Control], system: System, grades: Grades, standard: str = MLPS
) -> tuple[Control, ...]:
    """The controls a system is measured by: each at the grade of what it protects (S3A2G3)."""
    wanted = {Mark.S: system.s, Mark.A: system.a, Mark.G: max(system.g, system.level)}
    return tuple(
        one
        for one in controls
        if one.standard == standard
        and one.part in system.parts
        and one.level == wanted[mark_of(one, grades)]
    )
