"""What the core is told about a name: Treatment, Ruling, and the shape of the decision.

Values only; the decision itself is made by `judge`, the adapter to the one pipeline.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple, Protocol

from gateway.dns.wire import Ede
from policies.model import Subject
from rules.model import Facts, Gap

if TYPE_CHECKING:
    from gateway.pipeline import Outcome


class Treatment(Enum):
    """What a DNS answer can do about a verdict."""

    PASS = "pass"  # noqa: S105 - not a password
    REWRITE = "rewrite"  # the strict twin, where one is known
    PAGE = "page"  # the page's address, or an address nobody has


class Ruling(NamedTuple):
    """The decision on one query, ready to be recorded."""

    treatment: Treatment
    facts: Facts
    subject: Subject
    outcome: Outcome
    ede: int = Ede.FILTERED
    label: str = ""  # the deciding categories' titles, for the Extended DNS Error
    counters: tuple[str, ...] = ()  # the quotas on which this minute counts, at depth dns


class Decide(Protocol):
    """The decision as the core asks for it. `targets` are the names an alias leads to."""

    def __call__(
        self, name: str, client: str, *, targets: tuple[str, ...] = (), gap: Gap | None = None
    ) -> Ruling: ...
