"""The counted queries of dataset rules: what is due, undated, without consent. Builds, runs none.

Only `count(*)` leaves the database, never a row. Names are quoted and days are parameters. A
rule that names what is not there is a Text that says so, instead of a statement.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    cast,
    column,
    exists,
    false,
    func,
    literal,
    not_,
    or_,
    select,
    table,
    true,
)
from sqlalchemy.sql.expression import TableClause

from audit.lifecycle.reality import Reality, SeenTable, ageless, agreed, due, undated
from audit.lifecycle.rule_times import FIRST, ZONE
from audit.lifecycle.rules import (
    ColumnName,
    Consent,
    Dataset,
    Form,
    Hold,
    Period,
    Retention,
    RuleBook,
    TableName,
)
from policies.masks_plain import REDACTED
from rules.model import Text

type Order = Select[int] | Text


class _AbsentError(Exception):
    """A table or column that the rule names and the source lacks."""

    def __init__(self, why: Text) -> None:
        super().__init__(why.en)
        self.why = why


def orders(book: RuleBook, reality: Reality, at: dt.date) -> Iterator[tuple[str, Order]]:
    """(key of the count, its statement) for every dataset in a source."""
    for dataset in book.datasets:
        for one in dataset.retention:
            if one.since is None or dataset.source_of(one.since.of) != reality.source:
                continue
            period = book.period(one)
            if period is not None and not period.permanent:
                yield due(dataset.id, one.id), _tried(_due, dataset, one, period, reality, at)
            if not one.may_be_empty:
                yield undated(dataset.id, one.id), _tried(_undated, one, reality)
        for which in ("consent", "guardian"):
            consent: Consent | None = getattr(dataset.legal, which)
            if consent is None or dataset.source_of(consent.recorded.of) != reality.source:
                continue
            yield agreed(dataset.id, which), _tried(_missing, consent, which, reality, at)
            if which == "guardian":
                yield ageless(dataset.id), _tried(_ageless, consent, reality)


def _tried(build: Callable[..., Order], *given: object) -> Order:
    try:
        return build(*given)
    except _AbsentError as error:
        return error.why


def found(reality: Reality, name: TableName) -> SeenTable:
    """The one table a rule means. Raises _AbsentError."""
    tables = [one for one in reality.named(name) if one.form != "view"] or reality.named(name)
    if len(tables) == 1:
        return tables[0]
    if not tables:
        raise _AbsentError(Text(zh=f"没有表 {name}", en=f"there is no table {name}"))
    raise _AbsentError(
        Text(
            zh=f"{len(tables)} 个模式中都有表 {name}，规则须写明模式",
            en=f"{len(tables)} schemas have a table {name}: the rule must name one",
        )
    )


def _column(reality: Reality, name: ColumnName) -> tuple[TableClause, ColumnElement[str]]:
    seen = found(reality, name.of)
    if name.column not in seen.columns:
        raise _AbsentError(Text(zh=f"没有列 {name}", en=f"there is no column {name}"))
    schema = None if reality.kind == "sqlite" else seen.schema or None
    made = table(seen.name, column(name.column), schema=schema)
    return made, made.c[name.column]


def _of(made: TableClause, reality: Reality, name: ColumnName) -> ColumnElement[str]:
    """Another column of a table that stands in the statement already."""
    if name.column not in found(reality, name.of).columns:
        raise _AbsentError(Text(zh=f"没有列 {name}", en=f"there is no column {name}"))
    if name.column not in made.c:
        made.append_column(column(name.column))
    return made.c[name.column]


def _day(reality: Reality, at: dt.date) -> ColumnElement[object]:
    """A day as the database compares it; SQLite has days as text."""
    return literal(at.isoformat() if reality.kind == "sqlite" else at)


def _before(
    reality: Reality, one: ColumnElement[str], form: Form, at: dt.date
) -> ColumnElement[bool]:
    """Whether a column's day is before a day, where it has one."""
    if form is Form.UNIX:
        moment = dt.datetime(at.year, at.month, at.day, tzinfo=ZONE)
        return and_(one < literal(int(moment.timestamp())), not_(_dayless(reality, one, form)))
    if form is Form.DATE:
        return and_(one < _day(reality, at), not_(_dayless(reality, one, form)))
    if form is Form.TEXT:
        return and_(func.substr(one, 1, 10) < at.isoformat(), one.like("____-__-__%"))
    short = func.substr(cast(one, String(20)), 1, 8)
    return and_(short < f"{at:%Y%m%d}", func.length(short) == 8)


def _dayless(reality: Reality, one: ColumnElement[str], form: Form) -> ColumnElement[bool]:
    if form is Form.UNIX:
        return or_(one.is_(None), one <= literal(0))
    if form is Form.DATE:
        return or_(one.is_(None), one < _day(reality, FIRST))
    if form is Form.TEXT:
        return or_(one.is_(None), not_(one.like("____-__-__%")))
    return or_(one.is_(None), func.length(cast(one, String(20))) < 8)


def _due(dataset: Dataset, one: Retention, period: Period, reality: Reality, at: dt.date) -> Order:
    cut, since = period.before(at), one.since
    if cut is None or since is None:
        raise _AbsentError(Text(zh="不计时", en="nothing to count from"))
    made, day = _column(reality, since)
    held = [_held(hold, one, reality, made) for hold in dataset.legal_holds if hold.stands(at)]
    still = [_still(name, one, reality, made) for name in one.anonymise]
    return (
        select(func.count())
        .select_from(made)
        .where(_before(reality, day, one.since_form, cut), *(not_(part) for part in held),
               *((or_(*still),) if still else ()))
    )  # fmt: skip


def _still(
    name: ColumnName, one: Retention, reality: Reality, root: TableClause
) -> ColumnElement[bool]:
    """Whether something to be emptied is still there; what was emptied is not overdue."""
    if one.since is not None and name.of == one.since.of:
        return _full(_of(root, reality, name))
    made, own = _column(reality, name)
    return _climbed(name.of, made, _full(own), one, reality, root)


def _full(one: ColumnElement[str]) -> ColumnElement[bool]:
    return and_(one.is_not(None), cast(one, String(200)) != REDACTED)


def _undated(one: Retention, reality: Reality) -> Order:
    if one.since is None:
        raise _AbsentError(Text(zh="不计时", en="nothing to count from"))
    made, day = _column(reality, one.since)
    return select(func.count()).select_from(made).where(_dayless(reality, day, one.since_form))


def _held(hold: Hold, one: Retention, reality: Reality, root: TableClause) -> ColumnElement[bool]:
    """Whether a row of the root, or one that goes with it, is held."""
    if hold.whole:
        return true()
    parts = [
        _above(rows.column, rows.values, one, reality, root)
        for rows in hold.rows
        if rows.column.source in ("", reality.source)
    ]
    return or_(false(), *parts)


def _above(
    name: ColumnName,
    values: tuple[str, ...],
    one: Retention,
    reality: Reality,
    root: TableClause,
) -> ColumnElement[bool]:
    """Rows of the root for which the held column of a table below has one of the values."""
    if one.since is not None and name.of == one.since.of:
        held = _of(root, reality, name)
        return func.coalesce(cast(held, String(200)).in_(values), false())
    made, held = _column(reality, name)
    condition: ColumnElement[bool] = cast(held, String(200)).in_(values)
    return _climbed(name.of, made, condition, one, reality, root)


def _climbed(
    of: TableName,
    made: TableClause,
    condition: ColumnElement[bool],
    one: Retention,
    reality: Reality,
    root: TableClause,
) -> ColumnElement[bool]:
    found_ = [child for child in one.children if child.column.of == of]
    if not found_:
        return false()  # a table that does not go with these rows
    parts: list[ColumnElement[bool]] = []
    for child in found_:
        own = _of(made, reality, child.column)
        if one.since is not None and child.parent.of == one.since.of:
            key = _of(root, reality, child.parent)
            parts.append(exists().where(and_(condition, own == key)).correlate(root))
        else:
            parent, key = _column(reality, child.parent)
            within = exists().where(and_(condition, own == key)).correlate(parent)
            parts.append(_climbed(child.parent.of, parent, within, one, reality, root))
    return or_(false(), *parts)


def _subjects(consent: Consent, reality: Reality) -> tuple[TableClause, ColumnElement[bool]]:
    """The table of subjects, and whether one of them has agreed."""
    made, recorded = _column(reality, consent.recorded)
    given: list[ColumnElement[bool]] = [recorded.is_not(None)]
    if consent.given:
        given.append(cast(recorded, String(200)).in_(consent.given))
    if consent.withdrawn is not None:
        given.append(_of(made, reality, consent.withdrawn).is_(None))
    if consent.subject is None or consent.key is None:
        return made, func.coalesce(and_(*given), false())
    key = _of(made, reality, consent.key)
    subjects, subject = _column(reality, consent.subject)
    return subjects, exists().where(and_(*given, key == subject)).correlate(subjects)


def _missing(consent: Consent, which: str, reality: Reality, at: dt.date) -> Order:
    subjects, given = _subjects(consent, reality)
    wanted = [not_(given)]
    if which == "guardian" and consent.born is not None:
        cut = Period(years=consent.under).before(at)
        if cut is None:
            raise _AbsentError(Text(zh="不计时", en="nothing to count from"))
        born = _of(subjects, reality, consent.born)
        day_after = cut + dt.timedelta(days=1)
        wanted += [
            not_(_before(reality, born, consent.born_form, day_after)),
            not_(_dayless(reality, born, consent.born_form)),
        ]
    return select(func.count()).select_from(subjects).where(*wanted)


def _ageless(consent: Consent, reality: Reality) -> Order:
    subjects, given = _subjects(consent, reality)
    if consent.born is None:
        raise _AbsentError(Text(zh="未写出生日期列", en="no column of birth"))
    born = _of(subjects, reality, consent.born)
    return (
        select(func.count())
        .select_from(subjects)
        .where(not_(given), _dayless(reality, born, consent.born_form))
    )
