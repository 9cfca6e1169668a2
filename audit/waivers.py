"""Waivers: accepted for a time, with approver and reason; shown always, rewriting nothing.

A waiver is in force until the end of its last day, Asia/Shanghai. It changes no state and no
score: a waived failure is a failure that does not alarm while the waiver lasts, and one whose
waiver has ended or is revoked is open again by itself. Pure; the time comes in.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from audit.model import ItemResult, State, Waiver
from audit.scope import SHANGHAI, day


class Standing(StrEnum):
    IN_FORCE = "in_force"
    FUTURE = "future"
    EXPIRED = "expired"
    REVOKED = "revoked"


WORDS = {
    Standing.IN_FORCE: "有效", Standing.FUTURE: "未生效", Standing.EXPIRED: "已过期",
    Standing.REVOKED: "已撤销",
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Revoked:
    """Whose waiver ended early, when, by whom and why."""

    waiver: str
    at: float
    by: str
    reason: str


def faults(waiver: Waiver) -> list[str]:
    """Why this may not be granted."""
    wrong = []
    for name, value in (("reason", waiver.reason), ("approver", waiver.approver)):
        if not value.strip():
            wrong.append(f"`{name}` 不能为空 / may not be empty")
    for name, value in (("granted", waiver.granted), ("expires", waiver.expires)):
        try:
            day(value)
        except ValueError:
            wrong.append(f"`{name}`: `{value[:40]}` 不是日期 / is no date like 2026-12-31")
    if not wrong and waiver.expires < waiver.granted:
        wrong.append("到期早于批准 / it expires before it is granted")
    return wrong


def ends(waiver: Waiver) -> float:
    """The first moment at which it is no longer in force."""
    last = datetime.strptime(waiver.expires, "%Y-%m-%d").replace(tzinfo=SHANGHAI)
    return (last + timedelta(days=1)).timestamp()


def standing(waiver: Waiver, now: float, revoked: Iterable[Revoked] = ()) -> Standing:
    """How it stands at a moment; a later revoking does not reach back."""
    if any(one.waiver == waiver.id and one.at <= now for one in revoked):
        return Standing.REVOKED
    begins = datetime.strptime(waiver.granted, "%Y-%m-%d").replace(tzinfo=SHANGHAI)
    if now < begins.timestamp():
        return Standing.FUTURE
    return Standing.IN_FORCE if now < ends(waiver) else Standing.EXPIRED


def in_force(
    waivers: Iterable[Waiver], now: float, revoked: Iterable[Revoked] = ()
) -> tuple[Waiver, ...]:
    """Those that hold at a moment."""
    gone = tuple(revoked)
    return tuple(one for one in waivers if standing(one, now, gone) is Standing.IN_FORCE)


def covering(waivers: Iterable[Waiver], control: str, target: str) -> Waiver | None:
    """The waiver for a control on a target; one without a target is for all of them."""
    return next(
        (one for one in waivers if one.control == control and one.target in ("", target)), None
    )


def unwaived(single: Iterable[ItemResult], waivers: Iterable[Waiver]) -> tuple[ItemResult, ...]:
    """What lacks something and nobody accepted."""
    held = tuple(waivers)
    return tuple(
        one
        for one in single
        if one.state in (State.FAIL, State.PARTIAL)
        and covering(held, one.control, one.target) is None
    )
