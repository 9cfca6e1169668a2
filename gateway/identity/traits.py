"""What a directory or an OIDC provider says of a person → school, stage, role, group. Data.

The same rows serve LDAP attributes and OIDC claims: `when` such a name has such a value
(`*` stands for anything), these fields are so; `=` takes the value itself. The first row
that says a field wins. `cases` in the same file say what must come out, and are run when
the file is loaded, so that a slip shows before anybody logs in. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from fnmatch import fnmatchcase

from gateway.identity.pseudonyms import SCHOOL
from policies.model import Role
from policies.policy import SchoolStage, Tier

ITSELF = "="
LONGEST = 128  # characters of a value that is taken over
_ALLOWED = {
    "stage": frozenset(map(str, SchoolStage)),
    "role": frozenset(map(str, Role)),
    "tier": frozenset(map(str, Tier)),
}

type Said = Mapping[str, Sequence[str]]
"""Attributes or claims: names (in lower case) and their values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What is known of a person where no roster knows them; empty: not said."""

    school: str = ""
    stage: str = ""
    role: str = ""
    group: str = ""
    tier: str = ""
    name: str = ""

    def told(self) -> dict[str, str]:
        """What is said, as plain values."""
        return {name: value for name, value in asdict(self).items() if value}


NO_TRAITS = Traits()
FIELDS = tuple(Traits.__dataclass_fields__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of the mapping. `value` is compared without case."""

    when: str
    value: str = "*"
    school: str = ""
    stage: str = ""
    role: str = ""
    group: str = ""
    tier: str = ""
    name: str = ""

    def __post_init__(self) -> None:
        said = {one: getattr(self, one) for one in FIELDS}
        if not self.when or not any(said.values()):
            raise ValueError("a row says `when`, and at least one of: " + ", ".join(FIELDS))
        for one, value in said.items():
            if value not in ("", ITSELF) and not _fits(one, value):
                raise ValueError(f"{one}: `{value}` is not known")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """An example: with `said` these fields come out, and no other."""

    said: Mapping[str, tuple[str, ...]]
    expect: Mapping[str, str] = field(default_factory=dict)


def traits(rows: Iterable[Row], said: Said) -> Traits:
    """What these attributes mean. A value that cannot be a field's is passed over."""
    plain = {name.lower(): tuple(values) for name, values in said.items()}
    found: dict[str, str] = {}
    for row in rows:
        pattern = row.value.casefold()
        hits = [
            value
            for value in plain.get(row.when.lower(), ())
            if fnmatchcase(value.casefold(), pattern)
        ]
        for one in FIELDS:
            wanted = getattr(row, one)
            if not wanted or one in found or not hits:
                continue
            values = [hit.strip() for hit in hits] if wanted == ITSELF else [wanted]
            fitting = [value for value in values if _fits(one, value)]
            if fitting:
                found[one] = fitting[0]
    return Traits(**found)


def failures(rows: Sequence[Row], cases: Iterable[Case]) -> list[str]:
    """The cases that do not hold, in one sentence each."""
    found = []
    for number, case in enumerate(cases, 1):
        came = traits(rows, case.said).told()
        if came != dict(case.expect):
            found.append(f"cases {number}: expected {dict(case.expect)}, came {came}")
    return found


def _fits(one: str, value: str) -> bool:
    if not value or len(value) > LONGEST or not value.isprintable():
        return False
    if one == "school":
        return bool(SCHOOL(value))
    return value in _ALLOWED.get(one, (value,))
