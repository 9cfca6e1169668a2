"""The plan of a masking job: which column of which table is masked how, and why. Pure.

A column's kind comes from the policy's own rules, from an inventory, from its values, or from
its header, in this order; what nobody classified is redacted. Columns that tables are joined
by share one key; columns that must stay unique never get a mask that could make two alike.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from audit.lifecycle.model import By
from policies import masks_keys
from policies.masking import TABLE, Masker, fit
from policies.masks_files import KeyColumns, MaskPolicy
from policies.masks_model import (
    DIRECT,
    Algorithm,
    Context,
    Format,
    Keys,
    Mask,
    Pseudonym,
    Trouble,
    Vault,
)
from policies.masks_plain import REDACTED
from rules.model import Text
from rules.recognise.personal.finder import Finder
from rules.recognise.personal.kinds import Confidence, Kind

SAMPLE = 400  # values of a column that are looked at
SURE = 0.6  # share of them that makes a kind
TEXTS = 24  # mean length from which a column is free text


class Family(StrEnum):
    """What a column can hold."""

    TEXT = "text"
    WHOLE = "whole"
    NUMBER = "number"
    DATE = "date"
    TIME = "time"
    TRUTH = "truth"
    BYTES = "bytes"
    UUID = "uuid"
    OTHER = "other"


BLANK: dict[Family, Any] = {
    Family.TEXT: REDACTED,
    Family.WHOLE: 0,
    Family.NUMBER: 0,
    Family.DATE: date(1970, 1, 1),
    Family.TIME: datetime(1970, 1, 1),  # noqa: DTZ001 - as databases give it
    Family.TRUTH: False,
    Family.BYTES: b"",
    Family.UUID: UUID(int=0),
    Family.OTHER: None,
}
"""What stands where a value of a type may not be empty."""
NUMBER = Family.NUMBER
CHANGED = frozenset({Family.UUID, Family.DATE, Family.TIME})
"""Types of keys that are changed one to one; whole numbers are too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One column as a source describes it. `link` names the columns it is joined with."""

    name: str
    family: Family = Family.TEXT
    nullable: bool = True
    unique: bool = False
    key: bool = False  # primary or foreign
    link: str = ""
    digits: int = 9  # of a whole number: what its type holds; 0: a number with a fraction
    most: int = 0  # of a small whole number: how many values its type holds from 0 on


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """One table, sheet or file."""

    name: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What happens to one column, and why."""

    field: Field
    kind: Kind | None
    by: By
    mask: Mask
    permute: bool = False
    subject: int | None = None
    note: Text | None = None

    @property
    def direct(self) -> bool:
        """Whether no source value may be left anywhere."""
        return self.kind in DIRECT


@dataclass(frozen=True, slots=True, kw_only=True)
class TablePlan:
    """The steps of one table, in the order of its columns; `wrong` stops the job."""

    name: str
    steps: tuple[Step, ...]
    wrong: tuple[str, ...] = ()

    def told(self) -> list[dict[str, Any]]:
        """As a report shows it."""
        return [
            {
                "column": step.field.name,
                "kind": step.kind.value if step.kind else None,
                "by": step.by.value,
                "algorithm": "permute" if step.permute else step.mask.algorithm.value,
                **({"note": {"zh": step.note.zh, "en": step.note.en}} if step.note else {}),
            }
            for step in self.steps
        ]


def judge(
    header: str, values: Iterable[Any], finder: Finder, headers: Mapping[str, Kind]
) -> tuple[Kind | None, By]:
    """The kind of a column by its values, else by its header; free text has none."""
    texts = [str(value).strip() for value in values if value is not None and str(value).strip()]
    texts = texts[:SAMPLE]
    name = header.strip().lower()
    said = headers.get(name)
    if said is not None:
        return said, By.HEADER
    meaning = finder.labels.kinds(header)
    found: Counter[Kind] = Counter()
    for text in texts:
        hit = finder.value(text, header)
        if hit is not None and (hit.confidence is Confidence.VERIFIED or hit.kind is not Kind.NAME):
            found[hit.kind] += 1
    if found:
        kind, count = found.most_common(1)[0]
        if count >= SURE * len(texts):
            return kind, By.BOTH if kind in meaning.kinds else By.VALUES
    named = [kind for kind in Kind if kind in meaning.kinds]
    return (named[0], By.HEADER) if named else (None, By.NOTHING)


def plan(
    shape: Shape,
    policy: MaskPolicy,
    kinds: Mapping[str, tuple[Kind | None, By]],
    *,
    keys: Keys,
    vault: Vault | None = None,
) -> TablePlan:
    """The steps of one table."""
    wrong: list[str] = []
    steps = [_step(shape.name, one, policy, kinds, keys, vault, wrong) for one in shape.fields]
    by_kind = {step.kind: place for place, step in reversed(list(enumerate(steps)))}
    primary = next((place for place, step in enumerate(steps) if step.field.key), None)
    who = next((by_kind[kind] for kind in policy.subject if kind in by_kind), primary)
    steps = [
        replace(step, subject=who) if step.mask.algorithm is Algorithm.SHIFT else step
        for step in steps
    ]
    return TablePlan(name=shape.name, steps=tuple(steps), wrong=tuple(wrong))


def _step(
    table: str,
    one: Field,
    policy: MaskPolicy,
    kinds: Mapping[str, tuple[Kind | None, By]],
    keys: Keys,
    vault: Vault | None,
    wrong: list[str],
) -> Step:
    rule = policy.rule(table, one.name)
    kind, by = kinds.get(one.name, (None, By.NOTHING))
    if rule is not None and rule.kind is not None:
        kind, by = rule.kind, By.OFFICER
    mask, permute, note = policy.default, False, None
    if rule is not None and rule.mask is not None:
        mask, by = rule.mask, By.OFFICER
    elif kind is not None:
        mask = policy.masks.get(kind, policy.default)
    elif one.key:
        if policy.keys is KeyColumns.PASS:
            mask = Mask(algorithm=Algorithm.PASS)
            note = Text(zh="键按策略保留", en="a key, kept as the policy says")
        elif one.family is Family.WHOLE:
            permute = True
    row = TABLE[mask.algorithm]
    bound = (one.unique or one.link or one.key) and not permute
    if bound and not row.joins and mask.algorithm is not Algorithm.PASS:
        note = Text(zh="唯一列或关联列改用假名", en="unique or joined: a pseudonym instead")
        mask = Mask(algorithm=Algorithm.PSEUDONYM, pseudonym=Pseudonym())
    if mask.algorithm is Algorithm.PSEUDONYM and one.family is Family.WHOLE and not permute:
        if (one.digits < 18 and bound) or one.digits < 9:
            permute = True
        else:
            told = Pseudonym(format=Format.DIGITS, length=max(9, min(one.digits, 18)))
            mask = Mask(algorithm=Algorithm.PSEUDONYM, pseudonym=told)
    elif mask.algorithm is Algorithm.PSEUDONYM and one.family is not Family.TEXT and not permute:
        permute = bound and (one.family in CHANGED or (one.family is NUMBER and one.digits > 0))
        if bound and not permute:
            wrong.append(
                f"{table}.{one.name}: 这种类型的键不能脱敏 a key of this type cannot be masked"
            )
        if not permute:
            mask = Mask(algorithm=Algorithm.REDACT)
    context = Context(purpose=policy.purpose, keys=keys, kind=kind, link=one.link, vault=vault)
    unfit = "" if permute else fit(mask, context)
    if unfit:
        wrong.append(f"{table}.{one.name}: {unfit}")
    return Step(field=one, kind=kind, by=by, mask=mask, permute=permute, note=note)


class Worker:
    """The maskers of one table over batches of columns."""

    def __init__(
        self,
        table: TablePlan,
        policy: MaskPolicy,
        *,
        keys: Keys,
        today: date,
        finder: Finder,
        vault: Vault | None = None,
    ) -> None:
        self.steps = table.steps
        self.rows = self._batch = 0
        self._maskers = [
            masker_of(table.name, step, policy, keys, today, finder, vault) for step in table.steps
        ]

    def columns(self, batch: Sequence[Sequence[Any]]) -> list[list[Any]]:
        """One batch, column by column; every value has the type of its column."""
        self._batch += 1
        self.rows += len(batch[0]) if batch else 0
        made = []
        for place, (step, masker) in enumerate(zip(self.steps, self._maskers, strict=True)):
            subjects = batch[step.subject] if step.subject is not None else None
            found = masker.many(batch[place], subjects, self._batch)
            made.append(typed(found, step))
        return made

    def skip(self, rows: int) -> None:
        """A batch that was masked before: what depends on its number goes on as if here."""
        self._batch += 1
        self.rows += rows

    def recall(self, troubles: Mapping[str, Mapping[str, int]]) -> None:
        """What gave trouble in batches that were masked before."""
        for step, one in zip(self.steps, self._maskers, strict=True):
            for name, count in troubles.get(step.field.name, {}).items():
                one.troubles[Trouble(name)] += count

    def troubles(self) -> dict[str, dict[str, int]]:
        """Column → what could not be masked as told, counted."""
        return {
            step.field.name: {trouble.value: count for trouble, count in one.troubles.items()}
            for step, one in zip(self.steps, self._maskers, strict=True)
            if one.troubles
        }


def context_of(
    table: str, step: Step, policy: MaskPolicy, keys: Keys, vault: Vault | None = None
) -> Context:
    """What the masker of a column works with."""
    return Context(
        purpose=policy.purpose,
        keys=keys,
        dataset=table,
        column=step.field.name,
        kind=step.kind,
        link=step.field.link,
        vault=vault,
    )


def masker_of(
    table: str,
    step: Step,
    policy: MaskPolicy,
    keys: Keys,
    today: date,
    finder: Finder,
    vault: Vault | None,
) -> Masker:
    """The masker of one column."""
    context = context_of(table, step, policy, keys, vault)
    if step.permute:
        match step.field.family:
            case Family.UUID:
                many = masks_keys.uuids(context)
            case Family.DATE | Family.TIME:
                many = masks_keys.moved(context)
            case _:
                many = masks_keys.permute(context, step.field.digits, step.field.most)
        return Masker(Mask(algorithm=Algorithm.PSEUDONYM), context, today=today, batch=many)
    return Masker(step.mask, context, today=today, finder=finder)


def typed(values: list[Any], step: Step) -> list[Any]:
    family, algorithm = step.field.family, step.mask.algorithm
    if algorithm is Algorithm.NULL:
        blank = None if step.field.nullable else BLANK[family]
        return [blank] * len(values)
    if family is Family.TEXT:
        return values
    blank = None if step.field.nullable and not step.field.unique else BLANK[family]
    if algorithm is Algorithm.PASS:
        return values
    found = []
    for value in values:
        if isinstance(value, str):
            value = _of(value, family, blank)  # noqa: PLW2901
        found.append(value)
    return found


def _of(text: str, family: Family, blank: Any) -> Any:
    """A mask that is text, in a column that is not."""
    try:
        match family:
            case Family.WHOLE:
                return int(text)
            case Family.NUMBER:
                return float(text)
            case Family.DATE:
                return date.fromisoformat(text)
            case Family.UUID:
                return UUID(text)
            case _:
                return blank
    except ValueError:
        return blank
