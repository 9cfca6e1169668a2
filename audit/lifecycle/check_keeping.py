"""存储与周期: kept too long, without a day, unencrypted, or under a hold that ended. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping

from audit.lifecycle.breaches import breach, unknown
from audit.lifecycle.check_scope import NOT_GIVEN
from audit.lifecycle.model import Address, Breach
from audit.lifecycle.reality import Reality, ageless, agreed, due, undated
from audit.lifecycle.rules import Consent, Dataset, Hold, Retention, RuleBook, Sealed, TableName
from rules.model import Text

_THEN = {
    "destroy": Text(zh="应删除", en="to be destroyed"),
    "anonymise": Text(zh="应匿名化", en="to be anonymised"),
    "archive": Text(zh="应归档移出", en="to be archived"),
}
_UNSEEN = Text(
    zh="卷加密在数据库中看不到，须现场核查", en="a database can not see the encryption of its disk"
)
_NOT_COUNTED = Text(zh="没有计数", en="it was not counted")


def kept(book: RuleBook, seen: Mapping[str, Reality], at: dt.date) -> Iterator[Breach]:
    """Everything about how long and how safely."""
    for dataset in book.datasets:
        for retention in dataset.retention:
            yield from _retention(book, dataset, retention, seen)
        for hold in dataset.legal_holds:
            yield from _hold(dataset, hold, at)
        yield from _sealed(dataset, seen)
        yield from _consents(dataset, seen)


def _place(dataset: Dataset, table: TableName, column: str = "") -> Address:
    source = dataset.source_of(table)
    return Address(source=source, schema=table.schema, table=table.table, column=column)


def _count(seen: Mapping[str, Reality], source: str, key: str) -> int | Text:
    reality = seen.get(source)
    if reality is None:
        return NOT_GIVEN
    return reality.problem or reality.counts.get(key, _NOT_COUNTED)


def _retention(
    book: RuleBook, dataset: Dataset, one: Retention, seen: Mapping[str, Reality]
) -> Iterator[Breach]:
    rule = f"{dataset.id}/{one.id}"
    period = book.period(one)
    if one.since is not None:
        at = _place(dataset, one.since.of, one.since.column)
    else:
        at = Address(source=dataset.holds[0].source, table=", ".join(one.files))
    if period is None:
        title = book.parameter_of(one.parameter).title
        yield breach(
            "period", rule, at,
            f"保存期限未定：{title}", f"the period is not fixed: parameter {one.parameter}",
            basis=one.basis,
        )  # fmt: skip
        why = Text(zh="保存期限未定", en="the period is not fixed")
        yield unknown("overdue", rule, at, why)
    elif not period.permanent:
        found = _count(seen, at.source, due(dataset.id, one.id))
        if isinstance(found, Text):
            yield unknown("overdue", rule, at, found)
        elif found:
            then = _THEN[one.then]
            what = ("行", "rows") if one.since is not None else ("个文件", "files")
            yield breach(
                "overdue", rule, at,
                f"{found} {what[0]}超过保存期限（{period}），{then.zh}",
                f"{found} {what[1]} beyond {period}, {then.en}",
                count=found, basis=one.basis,
            )  # fmt: skip
    if one.since is not None and not one.may_be_empty:
        found = _count(seen, at.source, undated(dataset.id, one.id))
        if isinstance(found, Text):
            yield unknown("undated", rule, at, found)
        elif found:
            yield breach(
                "undated", rule, at,
                f"{found} 行没有可用的起算日期，永不到期",
                f"{found} rows without a usable day to count from: they are never due",
                count=found, basis=one.basis,
            )  # fmt: skip


def _hold(dataset: Dataset, hold: Hold, at: dt.date) -> Iterator[Breach]:
    if hold.until is not None and hold.until < at:
        where = Address(source=dataset.holds[0].source)
        yield breach(
            "hold-ended", f"{dataset.id}/{hold.id}", where,
            f"保全已于 {hold.until} 结束（{hold.document.number}），不再阻止销毁",
            f"the hold ended on {hold.until} ({hold.document.number}) and keeps nothing any more",
        )  # fmt: skip


def _sealed(dataset: Dataset, seen: Mapping[str, Reality]) -> Iterator[Breach]:
    storage = dataset.storage
    first = Address(source=dataset.holds[0].source)
    if Sealed.VOLUME in storage.encrypted:
        yield unknown("plain", dataset.id, first, _UNSEEN)
    if Sealed.DATABASE in storage.encrypted:
        for held in dataset.holds:
            reality = seen.get(held.source)
            if reality is None or reality.problem is not None:
                why = NOT_GIVEN if reality is None else reality.problem or NOT_GIVEN
                yield unknown("plain", dataset.id, Address(source=held.source), why)
                continue
            for name in held.tables:
                yield from _table(dataset, reality, name)
    for column in storage.columns:
        at = _place(dataset, column.of, column.column)
        reality = seen.get(at.source)
        found: bool | Text = NOT_GIVEN
        if reality is not None:
            found = reality.problem or reality.fields.get(str(column), _NOT_COUNTED)
        if isinstance(found, Text):
            yield unknown("plain", dataset.id, at, found)
        elif not found:
            yield breach(
                "plain", dataset.id, at,
                "该列应为密文，抽样见到明文", "the column should be ciphertext; a sample is not",
                count=1, basis=storage.basis,
            )  # fmt: skip


def _table(dataset: Dataset, reality: Reality, name: TableName) -> Iterator[Breach]:
    for table in reality.named(name):
        at = Address(source=reality.source, schema=table.schema, table=table.name)
        if table.form == "view":
            continue
        if table.sealed is None:
            why = Text(zh="看不到该表是否加密", en="whether the table is encrypted can not be told")
            yield unknown("plain", dataset.id, at, why)
        elif not table.sealed:
            yield breach(
                "plain", dataset.id, at,
                "规则要求数据库加密，该表未加密",
                "the rule wants database encryption, and the table has none",
                count=1, basis=dataset.storage.basis,
            )  # fmt: skip


def _consents(dataset: Dataset, seen: Mapping[str, Reality]) -> Iterator[Breach]:
    legal = dataset.legal
    for code, consent in (("consent", legal.consent), ("guardian", legal.guardian)):
        if consent is not None:
            yield from _consent(dataset, code, consent, seen)


def _consent(
    dataset: Dataset, code: str, consent: Consent, seen: Mapping[str, Reality]
) -> Iterator[Breach]:
    at = _place(dataset, consent.recorded.of, consent.recorded.column)
    found = _count(seen, at.source, agreed(dataset.id, code))
    if isinstance(found, Text):
        yield unknown(code, dataset.id, at, found)
    elif found:
        whose = (
            Text(zh=f"不满 {consent.under} 周岁且无监护人有效同意的 {found} 人",
                 en=f"{found} subjects under {consent.under} without a guardian's consent")
            if code == "guardian"
            else Text(zh=f"无有效同意记录的 {found} 人", en=f"{found} subjects without consent")
        )  # fmt: skip
        yield breach(
            code, dataset.id, at, whose.zh, whose.en, count=found, basis=dataset.legal.basis
        )
    if code != "guardian":
        return
    young = _count(seen, at.source, ageless(dataset.id))
    if isinstance(young, int) and young:
        why = Text(
            zh=f"{young} 人出生日期不明且无监护人同意",
            en=f"{young} subjects of unknown age without a guardian's consent",
        )
        yield unknown(code, dataset.id, at, why, count=young)
