"""Education applications whose answers are masked by role: `applications/<id>.yaml`. Pure.

An Application says how each kind of personal data is masked, which roles see which of it
plain, and what stands under which path. A role is known by claims of a verified token alone;
whoever brings none has the least. Each file is one locked `mask` clause of the district's for
its hosts, so that deciding, explaining and simulating know it like any other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from functools import lru_cache
from urllib.parse import unquote

from policies.masking import TABLE, Masker, fit
from policies.masks_model import Algorithm, Context, Keys, Mask
from policies.model import Action
from policies.policy import Clause, When
from rules.hosts import canonical
from rules.model import Basis, Text
from rules.recognise.personal.kinds import Kind

PROVING = Keys(id="proof", master=bytes(32))  # for examples only
TODAY = date(2026, 1, 1)  # for examples only
BODY = 8 * 1024 * 1024  # bytes of an answer that are masked at most, unless said otherwise
MOST_BODY = 64 * 1024 * 1024
NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,47}").fullmatch
SINGLE = frozenset({
    Algorithm.KEEP, Algorithm.REDACT, Algorithm.NULL, Algorithm.FAKE, Algorithm.PSEUDONYM,
    Algorithm.FF1, Algorithm.SEAL, Algorithm.GENERALISE, Algorithm.PASS,
})  # fmt: skip
"""Algorithms that need one value only: an answer is no column, and there is no vault."""
PLACE = "{scope}"


class Unknown(StrEnum):
    """What becomes of a field that nothing says a word of."""

    MASK = "mask"  # masked like anything else: only what is named is seen
    SCAN = "scan"  # read by the recognisers; what they find is masked


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """Fields by their name at any depth (`phone`), or by their whole path (`students.*.phone`)
    where `match` has a dot. Lists do not count. One of `kind`, `mask`, `plain`, `scan`."""

    match: str
    kind: Kind | None = None
    mask: Mask | None = None
    plain: str = ""  # why everybody may see it
    scan: bool = False  # free text: what is recognised in it is masked

    def __post_init__(self) -> None:
        said = (self.kind is not None, self.mask is not None, bool(self.plain), self.scan)
        if sum(said) != 1:
            raise ValueError(f"`{self.match}`: one of kind, mask, plain and scan is wanted")
        if not self.match:
            raise ValueError("`match` is empty")
        if self.mask is not None and self.mask.algorithm is Algorithm.PASS:
            raise ValueError(f"`{self.match}`: what everybody sees is `plain`, with its reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Plain only in records of one's own: where `field` holds one of the claim's values. Under
    a path with `{scope}` that part of the path says whose record it is, where no field does."""

    claim: str
    field: str


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """What one role sees plain. All of `claims` must hold, each by any of its values."""

    id: str
    title: Text
    claims: Mapping[str, tuple[str, ...]]
    plain: tuple[Kind, ...] = ()
    fields: tuple[str, ...] = ()  # plain for this role, written like `match`
    everything: str = ""  # why this role's answers are not touched at all
    scope: Scope | None = None

    def __post_init__(self) -> None:
        if not self.claims or not all(self.claims.values()):
            raise ValueError(f"role `{self.id}`: a role is known by `claims` with values")
        if self.everything and self.scope is not None:
            raise ValueError(f"role `{self.id}`: `everything` has no `scope`")

    def held(self, claims: Mapping[str, tuple[str, ...]]) -> bool:
        """Whether the (flat) claims of a verified token are this role's."""
        return all(
            not set(wanted).isdisjoint(claims.get(name, ())) for name, wanted in self.claims.items()
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Addresses of an application, the first that fits; what fits none is not passed on.

    `*` is one part of the path, `**` all the rest, `{scope}` one part that names a scope.
    """

    path: str
    methods: tuple[str, ...] = ()  # none: all
    unknown: Unknown = Unknown.MASK
    fields: tuple[Field, ...] = ()
    untouched: str = ""  # why these answers pass as they are (pictures, scripts, style)
    largest: int = BODY

    def __post_init__(self) -> None:
        if not self.path.startswith("/") or self.path.count(PLACE) > 1:
            raise ValueError(f"`{self.path}` begins with / and names a scope once at most")
        if "**" in self.path.removesuffix("**"):
            raise ValueError(f"`{self.path}`: `**` stands at the end alone")
        if not 1024 <= self.largest <= MOST_BODY:
            raise ValueError(f"`largest` is from 1024 to {MOST_BODY}")

    def fits(self, method: str, path: str) -> str | None:
        """The scope that the (clean, decoded) path names, maybe "", or None: it fits not."""
        if self.methods and method not in self.methods:
            return None
        found = pattern(self.path).fullmatch(path)
        return None if found is None else found.groupdict().get("scope", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A value of a kind, and what everybody else sees of it (an expression)."""

    kind: Kind
    value: str
    like: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """`hit`: the mask is like this; `miss`: it is not."""

    hit: tuple[Sample, ...] = ()
    miss: tuple[Sample, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """One application: its hosts, how its data is masked, and who sees what."""

    id: str
    title: Text
    hosts: tuple[str, ...]
    reason: Text
    basis: tuple[Basis, ...]
    masks: dict[Kind, Mask]
    parts: tuple[Part, ...]
    roles: tuple[View, ...] = ()
    default: Mask = field(default_factory=lambda: Mask(algorithm=Algorithm.REDACT))
    purpose: str = ""
    examples: Samples = field(default_factory=Samples)
    limits: Text | None = None

    def __post_init__(self) -> None:
        """Raises ValueError with one sentence for what cannot be."""
        if not NAME(self.id):
            raise ValueError(f"`{self.id}` cannot be the id of an application")
        if not self.hosts or not self.parts:
            raise ValueError("`hosts` and `parts` are wanted")
        for host in self.hosts:
            if canonical(host) != host:
                raise ValueError(f"`{host}` is not a host as it is looked up: {canonical(host)}")
        if self.default.algorithm not in (Algorithm.REDACT, Algorithm.NULL):
            raise ValueError("`default` masks what nobody classified: redact or null only")
        names = [view.id for view in self.roles]
        if len(set(names)) != len(names) or not all(map(NAME, names)):
            raise ValueError("roles have ids of a-z, 0-9 and -, each once")
        if "least" in names:
            raise ValueError("`least` is the role of whoever has none")
        for kind, mask in self._all():
            if mask.algorithm not in SINGLE:
                title = TABLE[mask.algorithm].title.en
                raise ValueError(f"`{mask.algorithm}` ({title}) does not work on single answers")
            if wrong := fit(mask, context(self, kind, PROVING)):
                raise ValueError(f"{kind or 'field'}: {wrong}")
        if wrong := "; ".join(unproved(self)):
            raise ValueError(wrong)

    def _all(self) -> Iterator[tuple[Kind | None, Mask]]:
        yield from self.masks.items()
        for part in self.parts:
            yield from ((None, one.mask) for one in part.fields if one.mask is not None)

    def view(self, claims: Mapping[str, tuple[str, ...]]) -> View | None:
        """The first role that the claims of a verified token hold; None: the least."""
        return next((view for view in self.roles if view.held(claims)), None)

    def part(self, method: str, path: str) -> tuple[int, str] | None:
        """Number and named scope of the first part that fits a path; None where none does."""
        for number, part in enumerate(self.parts):
            scope = part.fits(method, path)
            if scope is not None:
                return number, scope
        return None


def context(application: Application, kind: Kind | None, keys: Keys) -> Context:
    """What the masker of a kind needs; a purpose of its own, so nothing joins other copies."""
    purpose = application.purpose or f"application:{application.id}"
    return Context(purpose=purpose, keys=keys, dataset=application.id, column="", kind=kind)


def unproved(application: Application) -> Iterator[str]:
    """Examples that do not hold, by kind and place, never by value."""
    for expected, samples in (
        (True, application.examples.hit),
        (False, application.examples.miss),
    ):
        for place, sample in enumerate(samples, 1):
            mask = application.masks.get(sample.kind, application.default)
            masker = Masker(mask, context(application, sample.kind, PROVING), today=TODAY)
            made = masker.many([sample.value])[0]
            if (re.fullmatch(sample.like, str(made)) is not None) is not expected:
                side = "hit" if expected else "miss"
                yield f"example {side} {place} of `{sample.kind}` does not hold"


def clause(application: Application) -> Clause:
    """The district's clause that an application stands for."""
    return Clause(
        id=f"app-{application.id}",
        title=application.title,
        action=Action.MASK,
        reason=application.reason,
        when=When(hosts=tuple(f"={host}" for host in application.hosts)),
        locked=True,
        basis=application.basis,
    )


@lru_cache(512)
def pattern(path: str) -> re.Pattern[str]:
    """The expression of a part's path."""
    made = re.escape(path).replace(re.escape(PLACE), r"(?P<scope>[^/]+)")
    made = made.replace(r"\*\*", ".*").replace(r"\*", "[^/]*")
    return re.compile(made, re.DOTALL)


_ODD = re.compile(r"%(?:2[eEfF]|5[cC]|25|3[bB]|[01][0-9a-fA-F]|7[fF])|[\\;\x00-\x20\x7f-\uffff]")


def clean_path(target: str) -> str | None:
    """The decoded path of a request, where every server reads it alike; None where not."""
    path = target.partition("?")[0]
    if not path.startswith("/") or "//" in path or _ODD.search(path) is not None:
        return None
    parts = path.split("/")
    if "." in parts or ".." in parts:
        return None
    try:
        return unquote(path, errors="strict")
    except UnicodeDecodeError:
        return None
