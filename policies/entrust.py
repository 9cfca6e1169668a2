"""What the district entrusts to others: Delegation, Care, and until when.

Parts of a policy file; what they mean for a clause or Order is `policies.delegation`,
who is told of what `gateway.care`. Values only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from policies.model import Office
from policies.moment import end_of
from rules.model import Basis, Text


class Until(str):
    """When something ends: `2027-07-15` (with that day) or `2027-07-15T18:00`, Asia/Shanghai."""

    __slots__ = ()

    @classmethod
    def parse(cls, text: str) -> Self:
        end_of(text)
        return cls(text.strip())

    @property
    def timestamp(self) -> float:
        """The first moment after the end, Unix seconds."""
        return end_of(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """What the district lets others loosen, in clauses of their files or by Orders.

    `clauses` (`junior/ai`, `kindergarten/otherwise`) and `categories` may be loosened,
    `sites` are single sites, `monitor` and `inspection` those keys of a file. `policies`
    are the files it is for (none: all). Without `standing`, whatever is loosened must
    expire, at the latest `until`. `minutes` is the longest Order, `approvals` how many
    people beside its issuer must have approved it.
    """

    id: str
    title: Text
    to: tuple[Office, ...] = (Office.SCHOOL,)
    policies: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    clauses: tuple[str, ...] = ()
    sites: bool = False
    monitor: bool = False
    inspection: bool = False
    standing: bool = False
    until: Until | None = None
    minutes: int = 0  # of one Order; 0: any
    approvals: int = 0
    basis: tuple[Basis, ...] = ()

    def __post_init__(self) -> None:
        if self.minutes < 0 or self.approvals < 0:
            raise ValueError("`minutes` and `approvals` cannot be negative")
        if self.standing and self.until is not None:
            raise ValueError("`standing` and `until` contradict each other")
        if not self.to or Office.DISTRICT in self.to:
            raise ValueError("`to` names `school`, `teacher` or both")


@dataclass(frozen=True, slots=True, kw_only=True)
class Care:
    """Whom a school tells when a pupil may need somebody: people, never a punishment.

    Alerts name a code, a stage, a category and a time. They are written to a file of
    the school's and, with `webhook`, sent there signed.
    """

    to: tuple[str, ...]
    categories: tuple[str, ...] = ("self-harm", "cyberbullying-venues")
    webhook: str = ""

    def __post_init__(self) -> None:
        if not self.to:
            raise ValueError("`to` names the people who are told")
        secure = self.webhook.startswith("https://")
        local = self.webhook.startswith(("http://127.0.0.1", "http://[::1]", "http://localhost"))
        if self.webhook and not (secure or local):
            raise ValueError(f"`{self.webhook}` is not an https address")
