"""The nouns of verification: what is examined, by which clause, what was seen, what follows.

Values only. A Control is one clause of a standard; a Check is a probe with an expectation;
Evidence is what a probe saw; a Finding is one Check on one Target; an ItemResult is one
Control on one Target, then over all of them. What could not be looked at is `unknown` with
a reason and never reads as a pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from rules.model import Basis, Status, Text


class State(StrEnum):
    """What came of looking. 符合 · 部分符合 · 不符合 · 不适用 · 未知."""

    PASS = "pass"  # noqa: S105
    PARTIAL = "partial"
    FAIL = "fail"
    NOT_APPLICABLE = "not_applicable"
    UNKNOWN = "unknown"


class Why(StrEnum):
    """Why a state is unknown: it stays in the denominator and blocks a conclusion."""

    NOT_CHECKED = "not_checked"  # nobody and nothing has looked
    ERROR = "error"  # looking failed: unreachable, refused, unreadable
    PENDING = "pending"  # evidence is there; a person has to decide


class Part(StrEnum):
    """Which part of GB/T 22239 (general requirements or an extension)."""

    GENERAL = "general"
    CLOUD = "cloud"
    MOBILE = "mobile"
    IOT = "iot"
    ICS = "ics"
    BIGDATA = "bigdata"  # annex H: informative, shown and unscored


class Tier(StrEnum):
    """六层: the district's six layers."""

    PHYSICAL = "physical"
    NETWORK = "network"
    HOST = "host"
    APPLICATION = "application"
    DATA = "data"
    MANAGEMENT = "management"


class Defence(StrEnum):
    """六防. Naming a clause with one of them is our own construction."""

    DYNAMIC = "dynamic"  # 动态防御
    ACTIVE = "active"  # 主动防御
    DEPTH = "depth"  # 纵深防御
    PRECISE = "precise"  # 精准防护
    OVERALL = "overall"  # 整体防控
    JOINT = "joint"  # 联防联控


class ObjectClass(StrEnum):
    """What a clause is examined on (测评对象)."""

    ROOM = "room"  # 机房与物理环境
    NETWORK = "network"  # 网络整体、区域边界
    NETWORK_DEVICE = "network-device"
    SECURITY_DEVICE = "security-device"
    SERVER = "server"
    TERMINAL = "terminal"
    DATABASE = "database"
    MIDDLEWARE = "middleware"
    APPLICATION = "application"
    DATA = "data"
    MANAGEMENT_PLATFORM = "management-platform"
    PEOPLE = "people"  # 人员访谈、制度与记录


class Severity(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


class Ask(StrEnum):
    """How a person finds out what no probe can."""

    INTERVIEW = "interview"  # 访谈
    DOCUMENT = "document"  # 核查文档与记录
    OBSERVE = "observe"  # 现场查看
    TEST = "test"  # 测试验证


class Link(StrEnum):
    """What a check says about a control."""

    DECIDES = "decides"  # its finding is the answer (for what it covers)
    CONTRIBUTES = "contributes"  # evidence; a person decides what remains


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked or looked at by a person, and what evidence is wanted."""

    ask: Ask
    text: Text
    evidence: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One clause of a standard, in our own words. Its key is (standard, level, clause).

    `clause` is written like `8.1.4.1.a`; `point` is the control point, like `8.1.4.1`.
    `tiers` maps an object class to its layer, because one clause lies in several.
    An unverified Control is shown and not scored.
    """

    standard: str
    level: int
    part: Part
    clause: str
    point: str
    point_title: Text
    section: Text
    text: Text
    objects: tuple[ObjectClass, ...]
    tiers: Mapping[ObjectClass, Tier]
    defences: tuple[Defence, ...] = ()
    questions: tuple[Question, ...] = ()
    remedy: Text | None = None
    weight: float = 1.0
    high_risk: tuple[str, ...] = ()
    unit: str = ""  # GB/T 28448 unit id, where known; never computed
    basis: Basis
    scored: bool = True

    @property
    def id(self) -> str:
        return f"{self.standard}:{self.level}:{self.clause}"

    @property
    def status(self) -> Status:
        return self.basis.status


@dataclass(frozen=True, slots=True, kw_only=True)
class Serves:
    """One link of a check to a control (by clause of one standard and level)."""

    control: str  # GBT22239-2019:3:8.1.4.1.a
    link: Link
    remains: Text | None = None  # what is still to be asked, where it only contributes


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """What should be seen: an operator on the value at `path` of the evidence, or a combination.

    The set of operators is closed (`audit.operators`). `path` walks keys and indexes of the
    probe's document, `users.*.shell` over all items. Without `op` only the combinations count.
    """

    op: str = ""
    path: str = ""
    value: Any = None
    all: tuple[Expectation, ...] = ()
    any: tuple[Expectation, ...] = ()
    none: tuple[Expectation, ...] = ()
    when: tuple[Expectation, ...] = ()  # otherwise not_applicable


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A check's own example: this document must come to this state."""

    title: str
    document: Any
    state: State


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A probe, an expectation, and what a failure means. Its id is its file's name."""

    id: str
    title: Text
    probe: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    objects: tuple[ObjectClass, ...]
    platforms: tuple[str, ...] = ()  # os ids or families; empty: all
    expect: Expectation
    partial: Expectation | None = None  # where `expect` fails but this holds: partial
    severity: Severity
    problem: Text  # what a failure says
    remedy: Text
    serves: tuple[Serves, ...]
    examples: tuple[Sample, ...]
    basis: tuple[Basis, ...] = ()
    limits: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation:
    """District, school or another unit; `above` is the id of the one it belongs to."""

    id: str
    name: str
    above: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """定级对象: what is graded and filed. S, A, G are the grades of 业务信息, 系统服务, 通用."""

    id: str
    name: str
    organisation: str
    s: int
    a: int
    g: int
    parts: tuple[Part, ...] = (Part.GENERAL,)
    filing: str = ""  # 备案证明编号
    filed: str = ""  # ISO date
    filing_expires: str = ""
    owner: str = ""
    vendor: str = ""
    assessed: str = ""  # ISO date of the last 等级测评

    @property
    def level(self) -> int:
        """The level of the system: the higher of S and A (GB/T 22240)."""
        return max(self.s, self.a)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One thing that can be looked at. How it is reached is `access` (never a password)."""

    id: str
    name: str
    system: str
    kind: ObjectClass
    platform: str = ""  # os id (debian, openeuler, kylin …), postgresql, vrp, …
    address: str = ""
    access: Mapping[str, str] = field(default_factory=dict)
    count: int = 1  # how many like it (for sampling)
    exposed: bool = False  # reachable from the internet


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was seen: by which probe, when, how; with the digest of its canonical bytes.

    `document` is a JSON value, secrets redacted before hashing. `problem` says why there
    is none: then every check on it is unknown.
    """

    id: str
    target: str
    probe: str
    method: str  # commands run or file read, in words
    taken: float  # Unix seconds by our clock
    dated: float  # the evidence's own date
    expires: float = 0.0
    collector: str = ""
    version: str = ""
    document: Any = None
    problem: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check on one target."""

    check: str
    version: str  # digest of the check's content
    target: str
    state: State
    why: Why | None = None
    severity: Severity
    reason: Text
    seen: str = ""  # what was seen, short, redacted
    evidence: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Compensation:
    """整体测评: another control makes good for this one, and why."""

    by: str
    reason: str
    approver: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemResult:
    """One control on one target (`target` empty: over all of them)."""

    control: str
    target: str
    state: State
    why: Why | None = None
    findings: tuple[Finding, ...] = ()
    answers: tuple[str, ...] = ()  # ids of interview or document answers
    reason: Text | None = None
    compensation: Compensation | None = None
    severity: Severity | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """One System in one period: catalog version, scope, sample."""

    id: str
    system: str
    level: int
    begins: str
    ends: str
    catalog: str  # digest of the catalog in force
    targets: tuple[str, ...]
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """Accepted until `expires` (end of that day, Asia/Shanghai). Never rewrites history."""

    id: str
    control: str
    target: str
    reason: str
    approver: str
    granted: str
    expires: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HighRiskRule:
    """高风险判例: trigger, levels, and what may lower it."""

    id: str
    title: Text
    levels: tuple[int, ...]
    controls: tuple[str, ...]
    trigger: Text
    mitigations: tuple[Text, ...] = ()
    checks: tuple[str, ...] = ()  # one that fails proves the trigger as worded
    indicates: tuple[str, ...] = ()  # one that fails makes a candidate; a person decides
    never_lowered: Text | None = None
    never: tuple[str, ...] = ()  # the same for machines: always, exposed, platform:NAME
    part: Part = Part.GENERAL
    basis: Basis


class RepairState(StrEnum):
    OPEN = "open"
    SENT = "sent"
    DONE = "done"  # the school says so
    VERIFIED = "verified"  # probed again
    REFUSED = "refused"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """整改: what must be mended. Its identity is stable over years."""

    id: str
    control: str
    target: str
    check: str = ""
    source: str  # assessment, imported list, 通报
    opened: str
    due: str
    owner: str
    state: RepairState
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The sum: 符合率 and the conclusion by the 2025 template, a weighted score beside it."""

    passed: int
    partial: int
    failed: int
    not_applicable: int
    unknown: int
    rate: float | None  # None: not everything is known
    weighted: float | None
    high_risks: int
    hazards: int
    conclusion: Text
    settings: Mapping[str, Any] = field(default_factory=dict)
    code: str = ""  # meets, mostly, fails, none
    floor: float = 0.0  # 符合率 if all that is unknown failed
    ceiling: float = 1.0  # and if all of it passed
    rates: Mapping[str, float] = field(default_factory=dict)  # by what a partial item counts
    unscored: int = 0  # shown, not counted: unverified clauses
    compensated: int = 0  # 整体测评
    reasons: tuple[Text, ...] = ()
