"""What a report says, before any format: a Run with all that is told beside it. Values only.

A report is 自查/预评估: it carries no report number and no seal of a 测评机构, and says so on
every page (`MARK`). Catalog data (controls, checks, rules) stays what it is; what came from
targets and people is cleaned by the renderers and can be masked (`audit.reports.mask`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from audit.items import Answer
from audit.matrix import CellState, Matrix, Ways
from audit.model import (
    Assessment,
    Check,
    Organisation,
    Repair,
    Severity,
    State,
    System,
    Tier,
    Waiver,
)
from audit.rectification import Rectified
from audit.risk import Risk
from audit.run import Run
from rules.model import Basis, Text

MARK = Text(
    zh="自查/预评估报告，不构成等级测评结论",
    en="Self-assessment report; not a conclusion of a graded assessment (等级测评)",
)
LABEL = "内部资料"


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How many results of one group (a section, a layer) stand in which state."""

    id: str
    title: Text
    passed: int = 0
    partial: int = 0
    failed: int = 0
    not_applicable: int = 0
    unknown: int = 0

    @property
    def total(self) -> int:
        """All that apply."""
        return self.passed + self.partial + self.failed + self.unknown

    @property
    def share(self) -> float | None:
        """Passed over all that apply: what is unknown is not passed."""
        return self.passed / self.total if self.total else None

    @property
    def known(self) -> float | None:
        return (self.total - self.unknown) / self.total if self.total else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An issue on one target: what was seen there."""

    target: str
    state: State
    seen: str
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """安全问题 T001 …: one failing check (or a person's answer) wherever it fails."""

    number: str
    check: str  # empty: a person's answer
    controls: tuple[str, ...]
    places: tuple[Place, ...]
    severity: Severity
    problem: Text
    remedy: Text | None
    risks: tuple[str, ...] = ()  # high-risk rules that name the check


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """An earlier run, for the trend."""

    id: str
    taken: float
    floor: float
    ceiling: float
    failed: int
    unknown: int
    high_risks: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A source that the report rests on, how sure it is, and how many items rest on it."""

    basis: Basis
    used: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All of it. `layers` are results by (item, object class), `sections` items by section."""

    made: float
    organisation: Organisation
    above: str
    system: System
    assessment: Assessment | None
    run: Run
    checks: Mapping[str, Check]
    high: tuple[Risk, ...]
    hazards: tuple[Risk, ...]
    high_count: Rectified
    hazard_count: Rectified
    matrix: Matrix
    cells: tuple[CellState, ...]
    ways: Ways
    layers: tuple[Share, ...]
    sections: tuple[Share, ...]
    issues: tuple[Issue, ...]
    sources: tuple[Source, ...]
    answers: tuple[Answer, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    repairs: tuple[Repair, ...] = ()
    earlier: tuple[Earlier, ...] = ()
    label: str = LABEL
    masked: bool = False


TIERS = {
    Tier.PHYSICAL: Text(zh="物理", en="physical"),
    Tier.NETWORK: Text(zh="网络", en="network"),
    Tier.HOST: Text(zh="主机", en="host"),
    Tier.APPLICATION: Text(zh="应用", en="application"),
    Tier.DATA: Text(zh="数据", en="data"),
    Tier.MANAGEMENT: Text(zh="管理", en="management"),
}
