"""Mask policies: `policies/masks/*.yaml` → MaskPolicy, proved by their own examples.

A policy says for one purpose how each kind is masked; what nobody classified falls to
`default`, which only redacts or empties. A door: it reads files.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from fnmatch import fnmatchcase
from pathlib import Path

from policies.masking import Masker, fit
from policies.masks_model import Algorithm, Context, Keys, Mask, Vault
from rules.load import DataError, Problem, load, load_folder, loads, read_text
from rules.model import Basis, Text
from rules.recognise.personal.kinds import Kind

MASKS = Path(__file__).parent / "masks"
HEADERS = Path(__file__).parent.parent / "rules" / "personal" / "mask_headers.yaml"
PROVING = Keys(id="proof", master=bytes(32))  # for examples only
TODAY = date(2026, 1, 1)  # for examples only


class KeyColumns(StrEnum):
    """What becomes of numbers that tables are joined by."""

    PERMUTE = "permute"  # other numbers, one to one
    PASS = "pass"  # noqa: S105


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnRule:
    """Columns by `table.column` (with * and ?): of which kind they are, or how they are masked."""

    match: str
    kind: Kind | None = None
    mask: Mask | None = None
    reason: str = ""

    def __post_init__(self) -> None:
        if self.mask is not None and self.mask.algorithm is Algorithm.PASS and not self.reason:
            raise ValueError("a column that is kept as it is needs a `reason`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A value of a kind, and what its mask looks like (an expression)."""

    kind: Kind
    value: str
    like: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Samples:
    """`hit`: the mask is like this; `miss`: it is not."""

    hit: tuple[Sample, ...] = ()
    miss: tuple[Sample, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskPolicy:
    """How the data of one purpose is masked."""

    id: str
    title: Text
    purpose: str
    basis: tuple[Basis, ...]
    masks: dict[Kind, Mask]
    default: Mask = field(default_factory=lambda: Mask(algorithm=Algorithm.REDACT))
    keys: KeyColumns = KeyColumns.PERMUTE
    roles: tuple[str, ...] = ()
    columns: tuple[ColumnRule, ...] = ()
    subject: tuple[Kind, ...] = (Kind.ID_CARD, Kind.NATIONAL_STUDENT_NUMBER, Kind.STUDENT_NUMBER)
    examples: Samples = field(default_factory=Samples)
    limits: Text | None = None

    def __post_init__(self) -> None:
        if self.default.algorithm not in (Algorithm.REDACT, Algorithm.NULL):
            raise ValueError("`default` masks what nobody classified: redact or null only")
        for kind, mask in self.masks.items():
            wrong = fit(mask, Context(purpose=self.purpose, keys=PROVING, kind=kind, vault=_NO))
            if wrong:
                raise ValueError(f"{kind}: {wrong}")

    def rule(self, table: str, column: str) -> ColumnRule | None:
        """The first rule for a column."""
        place = f"{table}.{column}"
        return next((one for one in self.columns if fnmatchcase(place, one.match)), None)


class _NoVault:
    def tokens(self, domain: str, values: list[str]) -> list[str]:  # noqa: ARG002
        return [f"tok{place}" for place in range(len(values))]


_NO: Vault = _NoVault()


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderFile:
    """The data file `rules/personal/mask_headers.yaml`: words of headers per kind."""

    headers: dict[Kind, tuple[str, ...]]


def load_masks(folder: Path = MASKS) -> dict[str, MaskPolicy]:
    """All shipped policies. Raises DataError."""
    return load_folder(MaskPolicy, folder)


def load_mask(name: str) -> tuple[MaskPolicy, str]:
    """A policy by its id or its file, and the digest of its text. Raises DataError."""
    path = Path(name)
    if not path.suffix and (MASKS / f"{name}.yaml").exists():
        path = MASKS / f"{name}.yaml"
    policy = load(MaskPolicy, path)
    wrong = list(unproved(policy))
    if wrong:
        raise DataError(
            Problem(file=str(path), line=1, column=1, message=one, remedy="mend mask or example")
            for one in wrong
        )
    return policy, hashlib.sha256(read_text(path).encode()).hexdigest()


def load_headers(path: Path = HEADERS) -> dict[str, Kind]:
    """Word of a header, lower case → kind. Raises DataError."""
    return {
        word.lower(): kind
        for kind, words in load(HeaderFile, path).headers.items()
        for word in words
    }


def unproved(policy: MaskPolicy) -> Iterator[str]:
    """Examples that do not hold, named by kind and place, never by value."""
    for expected, samples in ((True, policy.examples.hit), (False, policy.examples.miss)):
        for place, sample in enumerate(samples, 1):
            mask = policy.masks.get(sample.kind, policy.default)
            context = Context(purpose=policy.purpose, keys=PROVING, kind=sample.kind, vault=_NO)
            made = Masker(mask, context, today=TODAY).many([sample.value], ["subject"])[0]
            if (re.fullmatch(sample.like, str(made)) is not None) is not expected:
                side = "hit" if expected else "miss"
                yield f"example {side} {place} of `{sample.kind}` does not hold"


def loads_policy(text: str, file: str) -> MaskPolicy:
    """A policy of YAML text, its examples not tried. Raises DataError."""
    return loads(MaskPolicy, text, file)
