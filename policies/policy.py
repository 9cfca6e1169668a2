"""The shape of a policy file: Policy, Clause, When, Case. The schema is these classes.

Nothing is decided here, and nothing that happens at run time lives here: values of
deciding (Subject, Verdict, Order) are in `policies.model`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_network
from typing import TYPE_CHECKING, Self

from policies.calendar import DayKind, Year
from policies.carries import Carries
from policies.entrust import Care, Delegation, Until
from policies.hours import Window
from policies.learning import Learning
from policies.model import Action, Depth, Period, Role, Subject
from policies.moment import at
from policies.schoolyear import SchoolYear
from rules.model import APP, Basis, Gap, Layer, Text
from rules.recognise.personal.carried import Carried

if TYPE_CHECKING:
    from policies.answers import Answers
    from policies.applications import Application


class Scope(StrEnum):
    """On which level a policy stands. Nearer levels are asked first."""

    DISTRICT = "district"
    PRESET = "preset"  # 学段 or role: kindergarten … senior, teacher, visitor
    SCHOOL = "school"
    GROUP = "group"


class Mode(StrEnum):
    ENFORCE = "enforce"
    MONITOR = "monitor"  # decide and record, but let pass (locked safety clauses stay)


class SchoolStage(StrEnum):
    """学段"""

    KINDERGARTEN = "kindergarten"
    PRIMARY_LOWER = "primary-lower"
    PRIMARY_UPPER = "primary-upper"
    JUNIOR = "junior"
    SENIOR = "senior"


class Tier(StrEnum):
    """Age tiers of the minors'-mode guideline (2024-11-15), in years."""

    UNDER_3 = "0-3"
    FROM_3 = "3-8"
    FROM_8 = "8-12"
    FROM_12 = "12-16"
    FROM_16 = "16-18"


class UnknownYear(StrEnum):
    """What a clause about holidays does in a year whose dates are not announced."""

    SKIP = "skip"
    MATCH = "match"


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Which subjects: every field that is given must hold; none given: everybody."""

    schools: tuple[str, ...] = ()
    stages: tuple[SchoolStage, ...] = ()
    tiers: tuple[Tier, ...] = ()
    roles: tuple[Role, ...] = ()
    groups: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """When a clause matches: every field that is given must hold, by any of its values.

    `categories`, `layers` and `apps` are one condition: any category named by one of them.
    `hosts` holds names of host groups, or hosts themselves (with a dot in them).
    """

    categories: tuple[str, ...] = ()
    layers: tuple[Layer, ...] = ()
    apps: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    gaps: tuple[Gap, ...] = ()
    schools: tuple[str, ...] = ()
    stages: tuple[SchoolStage, ...] = ()
    tiers: tuple[Tier, ...] = ()
    roles: tuple[Role, ...] = ()
    groups: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    hours: tuple[Window, ...] = ()
    days: tuple[DayKind, ...] = ()
    unknown_year: UnknownYear = UnknownYear.SKIP

    @property
    def kinds(self) -> tuple[str, ...]:
        """The ids of all categories and apps it names, layers aside."""
        return (*self.categories, *(APP + name for name in self.apps))

    @property
    def who(self) -> Who:
        return Who(
            schools=self.schools,
            stages=self.stages,
            tiers=self.tiers,
            roles=self.roles,
            groups=self.groups,
            segments=self.segments,
        )


class Within(StrEnum):
    """What happens to an exchange while its quota is not used up."""

    PASS = "pass"  # noqa: S105 - it is let through: the clause decides
    NEXT = "next"  # the clauses below decide: the quota only tightens


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """How much of what the clause matches, together, per person (device) and period.

    A minute counts if it had at least one exchange that is no background. Clauses
    with the same `counter` share one; without, each clause has its own. `exempt`
    categories are neither counted nor limited by this clause.
    """

    minutes: int = 0
    megabytes: int = 0
    per: Period = Period.DAY
    within: Within = Within.PASS
    counter: str = ""
    exempt: tuple[str, ...] = ()
    warn_at: int = 80  # per cent of the minutes at which a notice is shown once; 0: never

    def __post_init__(self) -> None:
        most = 1440 * (7 if self.per is Period.WEEK else 1)
        if not 0 <= self.minutes <= most:
            raise ValueError(f"minutes must be from 1 to {most}")
        if not 0 <= self.megabytes <= 10_000_000:
            raise ValueError("megabytes must be from 1 to 10000000")
        if not self.minutes and not self.megabytes:
            raise ValueError("a quota needs `minutes` or `megabytes`")
        if not 0 <= self.warn_at < 100:
            raise ValueError("warn_at is a percentage from 0 to 99")


@dataclass(frozen=True, slots=True, kw_only=True)
class Clause:
    """One rule: when → action, and why, in words for the person who meets it.

    After `expires` it is as if it were not there: what a school loosens, it loosens for a time.
    """

    id: str
    title: Text
    action: Action
    reason: Text
    when: When = field(default_factory=When)
    locked: bool = False
    quota: Quota | None = None
    basis: tuple[Basis, ...] = ()
    expires: Until | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutflowRule:
    """What happens to a message that leaves for where `when` says and carries that much.

    `allow` and `observe` let it pass, `mask` after its finds were replaced, `warn` once its
    sender has read what was found, `block` never.
    """

    id: str
    title: Text
    action: Action
    reason: Text
    when: When = field(default_factory=When)
    carries: Carries = field(default_factory=Carries)
    locked: bool = False
    basis: tuple[Basis, ...] = ()
    expires: Until | None = None

    @property
    def clause(self) -> Clause:
        """The same without what must be carried."""
        return Clause(
            id=f"outflow/{self.id}",
            title=self.title,
            action=self.action,
            reason=self.reason,
            when=self.when,
            locked=self.locked,
            basis=self.basis,
            expires=self.expires,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """Where personal data may go: any host, app or category of these."""

    hosts: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    apps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outflow:
    """Personal data on its way out. Rules are asked nearest first, the district's locked before;
    the first that holds decides. Only the district approves and says how much is held."""

    approved: Approved = field(default_factory=Approved)
    largest: int = 16  # MiB of a body that are held and read
    rules: tuple[OutflowRule, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= self.largest <= 64:
            raise ValueError("largest must be from 1 to 64 (MiB)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Otherwise:
    """What happens to whatever no clause matched.

    In the district's file it is the default. In any other file it must be `block`:
    the allow-list-only mode, in which only what a clause allows is reachable.
    """

    action: Action
    title: Text
    reason: Text
    basis: tuple[Basis, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """How deep to look. The nearest file that gives `depth` or `open` is followed.

    `never_open` adds up over all levels: those categories are passed undecrypted.
    `open`, where given, is the short list of categories that are opened at all
    (whatever is uncategorised is opened always). `unread` adds up as well: pages of those
    categories are opened but not read by the recognisers of content. What one only thinks probable
    counts from `certainty` on, a probability; `certain` says it for single categories.
    """

    depth: Depth | None = None
    never_open: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    certainty: float | None = None
    certain: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, value in {"certainty": self.certainty, **self.certain}.items():
            if value is not None and not 0.5 <= value <= 1:
                raise ValueError(f"{name}: {value} is not a probability from 0.5 to 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefix:
    """Who is behind an address range of a school."""

    prefix: str
    stage: SchoolStage | None = None
    tier: Tier | None = None
    role: Role = Role.PUPIL
    group: str = ""
    segment: str = ""

    def __post_init__(self) -> None:
        try:
            ip_network(self.prefix)
        except ValueError as error:
            raise ValueError(f"`{self.prefix}` is not a prefix like 10.1.0.0/16: {error}") from None

    def subject(self, school: str) -> Subject:
        """Whoever has an address of this range."""
        return Subject(
            school=school,
            stage=self.stage or "",
            tier=self.tier or "",
            role=self.role,
            group=self.group,
            segment=self.segment,
            source="prefix",
        )


class At(str):
    """A time of a case, `2026-09-01T10:00`, Asia/Shanghai."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        at(text)
        return cls(text.strip())


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An example in the policy's own file: this subject, this address or these
    categories, at this time, must come to this action (and clause)."""

    title: str
    expect: Action
    at: At
    subject: Subject = field(default_factory=Subject)
    url: str = ""
    categories: tuple[str, ...] = ()
    gap: Gap | None = None
    clause: str = ""
    inspect: bool | None = None
    used_minutes: int = 0  # on every counter
    used_megabytes: int = 0
    carries: Carried | None = None  # what the message carries: outflow rules are asked as well


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """One policy file. `id` is the file name; a school's id is the school's."""

    id: str
    title: Text
    scope: Scope
    applies: Who = field(default_factory=Who)
    mode: Mode = Mode.ENFORCE
    inspection: Inspection = field(default_factory=Inspection)
    otherwise: Otherwise | None = None
    default_subject: Subject | None = None
    prefixes: tuple[Prefix, ...] = ()
    hosts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    clauses: tuple[Clause, ...] = ()
    calendar: SchoolYear | None = None
    cases: tuple[Case, ...] = ()
    basis: tuple[Basis, ...] = ()
    limits: Text | None = None
    signatures: int = 1  # the district's: how many people must sign a bundle
    delegates: tuple[Delegation, ...] = ()
    care: Care | None = None
    learning: Learning | None = None
    outflow: Outflow = field(default_factory=Outflow)

    @property
    def allow_only(self) -> bool:
        """Whether only what a clause allows is reachable."""
        return self.scope is not Scope.DISTRICT and self.otherwise is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class SchoolCalendar:
    """A file policies/calendar/<id>.yaml that is no announced year: a 校历 for `applies`."""

    id: str
    title: Text
    applies: Who = field(default_factory=Who)
    year: SchoolYear
    basis: tuple[Basis, ...] = ()
    limits: Text | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The file a policy was read from, for errors that say where.

    Clauses from number `own` on came from a register, whose file and lines `rows` are.
    """

    file: str
    text: str
    own: int = 0
    rows: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySet:
    """All policies and calendars of one place, as loaded.

    `sources` are by policy id; a school calendar's stands under `calendar/<id>`.
    """

    policies: tuple[Policy, ...]
    years: tuple[Year, ...] = ()
    calendars: tuple[SchoolCalendar, ...] = ()
    sources: Mapping[str, Source] = field(default_factory=dict)
    answers: tuple[Answers, ...] = ()
    applications: tuple[Application, ...] = ()
