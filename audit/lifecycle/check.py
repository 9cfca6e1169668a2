"""Reality against dataset rules: every breach, and everything that could not be looked at. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

from audit.lifecycle.breaches import rank
from audit.lifecycle.check_access import accessed
from audit.lifecycle.check_keeping import kept
from audit.lifecycle.check_papers import papered
from audit.lifecycle.check_scope import scoped
from audit.lifecycle.model import Breach, Inventory
from audit.lifecycle.reality import Reality
from audit.lifecycle.rules import RuleBook
from audit.lifecycle.sharing import Share
from rules.recognise.personal.kinds import Kind


def checked(
    book: RuleBook,
    seen: Mapping[str, Reality],
    *,
    at: dt.date,
    means: Callable[[str], Kind | None],
    inventory: Inventory | None = None,
    shares: Mapping[str, Share] | None = None,
) -> tuple[Breach, ...]:
    """What differs, known and grave first. `means` tells a kind by a column's name."""
    found = (
        *scoped(book, seen, inventory, means),
        *accessed(book, seen, at),
        *kept(book, seen, at),
        *papered(book, seen, shares, at),
    )
    return tuple(sorted(found, key=rank))
