"""Inventory × rules as data → a Grade for each column and table, with reasons and basis. Pure.

A column's grade follows its kind (and what is mixed in; where values and header disagree, the
higher of both); a table's is the highest of its columns (就高从严), then raised by how many
people it is about. Everything about pupils under 14 is sensitive, and so is a table of pupils
of unknown age. An officer's override says who and why, and never disappears into the result.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from audit.lifecycle.links import PUPILS
from audit.lifecycle.model import Address, Grade, Inventory, Judged, Table
from rules.model import Basis, Text
from rules.recognise.personal.kind_words import WORDS
from rules.recognise.personal.kinds import Kind

LOWEST, IMPORTANT = 1, 5


@dataclass(frozen=True, slots=True, kw_only=True)
class KindRule:
    """The class and the level of some kinds."""

    id: str
    kinds: tuple[Kind, ...]
    level: int
    sensitive: bool
    group: Text
    reason: Text
    basis: tuple[Basis, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TogetherRule:
    """Kinds of which each group is in one table: their union says more than each."""

    id: str
    all_of: tuple[tuple[Kind, ...], ...]
    level: int
    reason: Text
    basis: tuple[Basis, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleRule:
    """So many subjects raise a table to a level, or want an officer's look."""

    id: str
    subjects: int
    reason: Text
    basis: tuple[Basis, ...]
    level: int | None = None
    sensitive_only: bool = False
    review: bool = False  # nothing is raised: a person must decide


@dataclass(frozen=True, slots=True, kw_only=True)
class MinorRule:
    """Everything about subjects under 14."""

    level: int
    reason: Text
    unknown: Text  # pupils whose age is not known
    basis: tuple[Basis, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GradingFile:
    """The data file `rules/personal/grading.yaml`."""

    levels: Mapping[int, Text]
    kinds: tuple[KindRule, ...]
    together: tuple[TogetherRule, ...]
    scale: tuple[ScaleRule, ...]
    minors: MinorRule
    highest: Text  # 就高从严
    highest_basis: tuple[Basis, ...]
    plain: Text
    plain_group: Text
    unknown: Text
    limits: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """An officer's word on some columns or tables. Names may hold `*`."""

    table: str
    by: str
    reason: str
    column: str = ""  # "" : the table itself
    schema: str = "*"
    source: str = "*"
    level: int | None = None
    sensitive: bool | None = None
    until: str = ""  # YYYY-MM-DD


@dataclass(frozen=True, slots=True, kw_only=True)
class OverrideFile:
    """What an officer writes: YAML with `overrides:`."""

    overrides: tuple[Override, ...]

    def __post_init__(self) -> None:
        for one in self.overrides:
            if not one.by.strip() or not one.reason.strip():
                raise ValueError("人工定级须写明 by 与 reason: an override says who and why")
            if one.level is not None and not LOWEST <= one.level <= 6:
                raise ValueError("级别为 1 至 6: a level is 1 to 6")


@dataclass(frozen=True, slots=True, kw_only=True)
class TableGrade:
    """A table's grade with those of its columns."""

    table: Grade
    columns: tuple[Grade, ...]
    review: tuple[Text, ...] = ()  # what a person must decide
    known: bool = True  # False: the table could not be read


@dataclass(slots=True)
class _Making:
    level: int
    sensitive: bool
    group: Text
    reasons: list[Text] = field(default_factory=list)
    basis: list[Basis] = field(default_factory=list)

    def because(self, reason: Text, basis: Iterable[Basis]) -> None:
        if reason not in self.reasons:
            self.reasons.append(reason)
        self.basis.extend(one for one in basis if one not in self.basis)

    def grade(self, at: Address, **extra: str) -> Grade:
        return Grade(
            at=at,
            level=self.level,
            group=self.group,
            sensitive=self.sensitive,
            reasons=tuple(self.reasons),
            basis=tuple(self.basis),
            extra=extra,
        )


def grade(
    inventory: Inventory, rules: GradingFile, overrides: Iterable[Override] = (), today: str = ""
) -> tuple[TableGrade, ...]:
    """Every table of an inventory, graded. `today` (YYYY-MM-DD) ends overrides."""
    valid = [one for one in overrides if not (one.until and today and one.until < today)]
    by_kind = {kind: rule for rule in rules.kinds for kind in rule.kinds}
    return tuple(_table(table, rules, by_kind, valid) for table in inventory.tables)


def concerned(column: Judged) -> tuple[Kind, ...]:
    """Every kind that a column's grade must cover."""
    kinds = [column.kind, *column.mixed]
    if column.conflict:
        kinds += [column.header_says, column.values_say]
    return tuple(dict.fromkeys(kind for kind in kinds if kind is not None))


def _table(
    table: Table,
    rules: GradingFile,
    by_kind: Mapping[Kind, KindRule],
    overrides: list[Override],
) -> TableGrade:
    columns = [_column(one, rules, by_kind) for one in table.columns]
    top = max(columns, key=lambda one: (one.level, one.sensitive), default=None)
    personal = {kind for one in table.columns for kind in concerned(one)}
    young = _young(table, personal)
    if young is not None:
        for place, (one, column) in enumerate(zip(columns, table.columns, strict=True)):
            if concerned(column):
                columns[place] = replace(
                    one,
                    sensitive=True,
                    level=max(one.level, rules.minors.level),
                    reasons=(*one.reasons, rules.minors.reason if young else rules.minors.unknown),
                    basis=(*one.basis, *rules.minors.basis),
                )
    columns = [_overridden(one, overrides) for one in columns]
    at = Address(source=table.source, schema=table.schema, table=table.name)
    making = _Making(
        level=max((one.level for one in columns), default=LOWEST),
        sensitive=any(one.sensitive for one in columns),
        group=top.group if top else rules.plain_group,
    )
    if top is not None and personal:
        making.because(rules.highest, rules.highest_basis)
        reason = Text(zh=f"最高的列：{top.at.column}", en=f"highest column: {top.at.column}")
        making.because(reason, top.basis)
    elif table.problem is None:
        making.because(rules.plain, ())
    for rule in rules.together:
        if all(personal & set(group) for group in rule.all_of) and making.level < rule.level:
            making.level = rule.level
            making.because(rule.reason, rule.basis)
    review = _scaled(table, making, rules, personal)
    if table.problem is not None:
        making.because(rules.unknown, ())
        review.append(rules.unknown)
    whole = _overridden(
        making.grade(at, rows=str(table.rows if table.rows is not None else "")), overrides
    )
    return TableGrade(
        table=whole, columns=tuple(columns), review=tuple(review), known=table.problem is None
    )


def _young(table: Table, personal: set[Kind]) -> bool | None:
    """True: subjects under 14; False: pupils of unknown age; None: neither."""
    if not personal:
        return None
    if table.minors is not None:
        return True if table.minors > 0 else None
    return False if table.subjects == PUPILS else None


def _column(column: Judged, rules: GradingFile, by_kind: Mapping[Kind, KindRule]) -> Grade:
    found = [by_kind[kind] for kind in concerned(column) if kind in by_kind]
    if not found:
        return _Making(LOWEST, False, rules.plain_group, [rules.plain]).grade(column.at)
    top = max(found, key=lambda rule: (rule.level, rule.sensitive))
    making = _Making(top.level, any(rule.sensitive for rule in found), top.group)
    for kind in concerned(column):
        rule = by_kind.get(kind)
        if rule is not None:
            word = WORDS[kind]
            making.because(
                Text(zh=f"{word.zh}：{rule.reason.zh}", en=f"{word.en}: {rule.reason.en}"),
                rule.basis,
            )
    if column.conflict:
        making.because(
            Text(zh="值与表头不符，从高定级", en="values and header disagree: the higher"), ()
        )
    return making.grade(column.at, kind=column.kind.value if column.kind else "")


def _scaled(table: Table, making: _Making, rules: GradingFile, personal: set[Kind]) -> list[Text]:
    review: list[Text] = []
    if not personal or table.rows is None:
        return review
    for rule in rules.scale:
        if table.rows < rule.subjects or (rule.sensitive_only and not making.sensitive):
            continue
        if rule.level is not None and rule.level > making.level:
            making.level = rule.level
            making.because(rule.reason, rule.basis)
        if rule.review:
            review.append(rule.reason)
    return review


def _overridden(one: Grade, overrides: Iterable[Override]) -> Grade:
    for said in overrides:
        pairs = (
            (one.at.source, said.source),
            (one.at.schema, said.schema),
            (one.at.table, said.table),
            (one.at.column, said.column),
        )
        if all(fnmatch.fnmatchcase(value, wanted) for value, wanted in pairs):
            words = f"{said.by}: {said.reason}"
            if said.until:
                words += f" (until {said.until})"
            one = replace(
                one,
                level=one.level if said.level is None else said.level,
                sensitive=one.sensitive if said.sensitive is None else said.sensitive,
                overridden=words,
                extra={**one.extra, "was": str(one.level)},
            )
    return one
