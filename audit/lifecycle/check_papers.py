"""流通与记录: shares against the book, contracts, export, and records kept three years. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping

from audit.lifecycle.breaches import breach, unknown
from audit.lifecycle.check_access import over, still
from audit.lifecycle.model import Address, Breach
from audit.lifecycle.reality import Reality
from audit.lifecycle.rules import Dataset, Entrusted, Record, RecordKind, RuleBook, Sharing
from audit.lifecycle.sharing import KEEP_YEARS, Share, Standing
from rules.model import Text

NO_BOOK = Text(zh="未给出簿册：--book 目录", en="no book was given: --book DIR")
_WORDS = {
    RecordKind.ASSESSMENT: Text(zh="个人信息保护影响评估报告", en="impact assessment"),
    RecordKind.SHARING: Text(zh="对外提供处理记录", en="record of sharing"),
    RecordKind.ENTRUSTING: Text(zh="委托处理记录", en="record of entrusting"),
    RecordKind.NOTICE: Text(zh="告知记录", en="record of notice"),
    RecordKind.MINORS: Text(zh="不满十四周岁专门处理规则", en="rule on under-14s"),
    RecordKind.AUDIT: Text(zh="上年度未成年人合规审计", en="yearly audit on minors"),
}


def papered(
    book: RuleBook,
    seen: Mapping[str, Reality],
    shares: Mapping[str, Share] | None,
    at: dt.date,
) -> Iterator[Breach]:
    """Everything that is written somewhere. `shares` None: there was no book to look into."""
    for dataset in book.datasets:
        for one in dataset.sharing:
            yield from _share(dataset, one, shares, seen, at)
        for entrusted in dataset.entrusted:
            yield from _entrusted(dataset, entrusted, seen, at)
        approval = dataset.export.approval
        if dataset.export.allowed and approval and approval.until and approval.until < at:
            yield breach(
                "export-ended", dataset.id, _at(dataset),
                f"出境依据 {approval.number} 已于 {approval.until} 到期",
                f"the ground of export {approval.number} ended on {approval.until}",
                basis=dataset.export.basis,
            )  # fmt: skip
        yield from _records(dataset, at)
    yield from _beyond(book, shares, at)


def _at(dataset: Dataset) -> Address:
    return Address(source=dataset.holds[0].source)


def _share(
    dataset: Dataset,
    one: Sharing,
    shares: Mapping[str, Share] | None,
    seen: Mapping[str, Reality],
    at: dt.date,
) -> Iterator[Breach]:
    where, rule = _at(dataset), f"{dataset.id}/{one.recipient}"
    if one.until < at:
        if one.roles and still(dataset, one.roles, seen) is None:
            why = Text(zh="共享已到期，账号权限未知", en="the share ended; rights are not known")
            yield unknown("share-ended", rule, where, why)
        return  # rights that are left are told with the rights
    if not one.approval:
        yield breach(
            "share-unapproved", rule, where,
            "共享没有审批编号", "the share names no approval", basis=one.basis,
        )  # fmt: skip
        return
    if shares is None:
        yield unknown("share-unapproved", rule, where, NO_BOOK)
        return
    wrong = _wrong(dataset, one, shares.get(one.approval), at)
    if wrong is not None:
        code, zh, en = wrong
        yield breach(code, rule, where, zh, en, basis=one.basis)


def _wrong(
    dataset: Dataset, one: Sharing, share: Share | None, at: dt.date
) -> tuple[str, str, str] | None:
    code, id_ = "share-unapproved", one.approval
    if share is None:
        return code, f"簿册中没有审批 {id_}", f"the book has no share {id_}"
    standing = share.standing(at)
    if standing is Standing.EXPIRED:
        return "share-ended", f"审批 {id_} 已于 {share.until} 到期", f"{id_} ended on {share.until}"
    if standing is not Standing.APPROVED:
        return code, f"审批 {id_} 的状态：{standing}", f"{id_} is {standing}"
    if share.dataset != dataset.id or share.recipient != one.recipient:
        zh, en = "属于另一数据集或接收方", "is of another dataset or recipient"
        return code, f"审批 {id_} {zh}", f"{id_} {en}"
    more = sorted(set(one.fields) - set(share.fields))
    if more:
        listed = ", ".join(more)
        return code, f"审批 {id_} 未含字段 {listed}", f"{id_} does not hold fields {listed}"
    if share.masked != one.masked:
        return (
            code,
            f"审批 {id_} 的脱敏方式是 {share.masked}，规则是 {one.masked}",
            f"{id_} says masked {share.masked}, the rule {one.masked}",
        )
    if one.until > share.until:
        return code, f"审批 {id_} 止于 {share.until}", f"{id_} lasts only until {share.until}"
    return None


def _beyond(book: RuleBook, shares: Mapping[str, Share] | None, at: dt.date) -> Iterator[Breach]:
    """Shares that were approved and stand in no rule."""
    known = {one.approval for dataset in book.datasets for one in dataset.sharing}
    for id_, share in sorted((shares or {}).items()):
        if id_ in known or share.standing(at) is not Standing.APPROVED:
            continue
        dataset = book.dataset(share.dataset)
        where = _at(dataset) if dataset is not None else Address(source="")
        yield breach(
            "share-beyond", dataset.id if dataset else "", where,
            f"簿册中已批准的共享 {id_} 未写入任何规则",
            f"share {id_} was approved and stands in no rule",
        )  # fmt: skip


def _entrusted(
    dataset: Dataset, one: Entrusted, seen: Mapping[str, Reality], at: dt.date
) -> Iterator[Breach]:
    if not over(one, at):
        return
    rule, where = f"{dataset.id}/{one.contractor}", _at(dataset)
    left = still(dataset, one.roles, seen) if one.roles else 0
    number, until = one.contract.number, one.contract.until
    if left or one.returned is None:
        zh = [f"合同 {number} 已于 {until} 到期"]
        en = [f"contract {number} ended on {until}"]
        if left:
            zh.append(f"账号 {'、'.join(one.roles)} 仍有 {left} 项权限")
            en.append(f"its roles still have {left} rights")
        if one.returned is None:
            zh.append("没有返还或删除的证明")
            en.append("nothing proves that data was returned or deleted")
        yield breach(
            "contract-ended", rule, where, "；".join(zh), "; ".join(en),
            count=left, basis=one.basis,
        )  # fmt: skip
    elif left is None:
        why = Text(zh="合同已到期，账号权限未知", en="the contract ended; rights are not known")
        yield unknown("contract-ended", rule, where, why)


def wanted(dataset: Dataset) -> tuple[RecordKind, ...]:
    """The records that a dataset must have."""
    found: list[RecordKind] = []
    if dataset.minors or dataset.sharing or dataset.entrusted or dataset.export.allowed:
        found.append(RecordKind.ASSESSMENT)
    if dataset.minors:
        found += [RecordKind.MINORS, RecordKind.AUDIT]
    if dataset.sharing:
        found.append(RecordKind.SHARING)
    if dataset.entrusted:
        found.append(RecordKind.ENTRUSTING)
    return tuple(found)


def _records(dataset: Dataset, at: dt.date) -> Iterator[Breach]:
    where = _at(dataset)
    for kind in wanted(dataset):
        word = _WORDS[kind]
        there = [one for one in dataset.records if one.kind is kind and _there(one, at)]
        if not there:
            yield breach(
                "record", f"{dataset.id}/{kind}", where,
                f"缺记录：{word.zh}", f"missing: {word.en}",
            )  # fmt: skip
    for one in _short(dataset.records):
        yield breach(
            "record-short", f"{dataset.id}/{one.kind}", where,
            f"{_WORDS[one.kind].zh}只保存 {one.kept}，不足 {KEEP_YEARS} 年",
            f"{_WORDS[one.kind].en} is kept {one.kept} only",
            basis=one.basis,
        )  # fmt: skip


def _there(one: Record, at: dt.date) -> bool:
    """Whether a record says when it was made and where it is kept; an audit, of the last year."""
    dated = one.document.dated
    if dated is None or dated > at or not one.document.place:
        return False
    return one.kind is not RecordKind.AUDIT or dated.year >= at.year - 1


def _short(records: Iterable[Record]) -> Iterator[Record]:
    for one in records:
        if not one.kept.least(KEEP_YEARS):
            yield one
