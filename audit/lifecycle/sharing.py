"""Sharing of data: asked for by one person, approved by another, until a day, on record.

The state of a share is what the records of the book add up to; nothing is overwritten.
Basis: 网络数据安全管理条例 art. 12, 个人信息保护法 art. 23, 55, 56.
Records are kept at least three years. Pure.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from audit.lifecycle.people import Actor, Way, actor_of, apart
from gateway.ledger import Checkpoint

KEEP_YEARS = 3
NOBODY = Actor(id="", way=Way.CLAIMED, account="")


class Standing(StrEnum):
    """How a share stands on a day."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"
    REVOKED = "revoked"
    EXPIRED = "expired"


class SharingError(ValueError):
    """A step that may not be taken, said in both languages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """One request and what became of it."""

    id: str
    by: str
    recipient: str
    dataset: str
    purpose: str
    fields: tuple[str, ...]
    masked: str  # how: a policy's name, or `none`
    until: dt.date
    asked: float
    step: Standing = Standing.PENDING
    decided_by: str = ""
    decided: float = 0.0
    reason: str = ""
    asker: Actor = NOBODY

    def standing(self, at: dt.date) -> Standing:
        """The standing on a day; an approval lasts through its last day."""
        open_ = self.step in (Standing.APPROVED, Standing.PENDING)
        return Standing.EXPIRED if open_ and at > self.until else self.step

    def keep_until(self) -> dt.date:
        """The day until which the record must be kept: three years after the last use."""
        year = self.until.year + KEEP_YEARS
        try:
            return self.until.replace(year=year)
        except ValueError:  # 29 February
            return dt.date(year, 3, 1)


_STEPS = {
    "share-approved": Standing.APPROVED,
    "share-rejected": Standing.REJECTED,
    "share-revoked": Standing.REVOKED,
}


def shares(records: Iterable[Checkpoint]) -> dict[str, Share]:
    """Every share of a book by id."""
    found: dict[str, Share] = {}
    for one in records:
        body = one.body
        if one.kind == "share-requested":
            made = Share(
                id=f"S{one.seq}",
                by=body["by"],
                recipient=body["recipient"],
                dataset=body["dataset"],
                purpose=body["purpose"],
                fields=tuple(body["fields"]),
                masked=body["masked"],
                until=dt.date.fromisoformat(body["until"]),
                asked=one.time,
                asker=actor_of(body),
            )
            found[made.id] = made
        elif one.kind in _STEPS and body["share"] in found:
            found[body["share"]] = replace(
                found[body["share"]],
                step=_STEPS[one.kind],
                decided_by=body["by"],
                decided=one.time,
                reason=body["reason"],
            )
    return found


def may_ask(fields: tuple[str, ...], until: dt.date, at: dt.date) -> None:
    """Raises SharingError for a request that names nothing or is over before it begins."""
    if not fields:
        raise SharingError("未列出字段 no fields are named")
    if until < at:
        raise SharingError("截止日期已过 the last day has passed")


def may_step(share: Share, step: Standing, by: Actor, at: dt.date) -> None:
    """Raises SharingError where this person may not take this step now."""
    now = share.standing(at)
    if step is Standing.REVOKED:
        if now is not Standing.APPROVED:
            raise SharingError(
                f"只有已批准的共享可以撤回 only an approved share is revoked: {now.value}"
            )
        return
    if now is not Standing.PENDING:
        raise SharingError(f"该申请不在待批状态 the request is not pending: {now.value}")
    alike = apart(share.asker, by)
    if alike:
        raise SharingError(
            f"申请人不得审批自己的申请 the requester may not decide on the request: {alike}"
        )


def same_person(one: str, other: str) -> bool:
    """Names differ only in case or spaces. People are told apart by `people.apart`, not by this."""
    return "".join(one.split()).casefold() == "".join(other.split()).casefold()
