"""What was promised about a dataset's people, and how much of it is spent. Pure.

A Declaration is what an officer says once: where the data is, who a subject is, how many rows
one subject may count for, the values of each column, the budget. It stands in the signed book;
what was spent and what was answered stands after it. The account is what the records add up to.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

from audit.lifecycle.people import Actor, actor_of
from gateway.ledger import Checkpoint
from rules.model import Text

OPENED, RAISED = "privacy-budget", "privacy-budget-raised"
SPENT, RELEASED = "privacy-spent", "privacy-released"
OTHER = "其他 other"
LARGEST = Fraction(20)  # beyond it nothing is hidden
FINEST = 10**6  # an epsilon has six digits at most
DELTA = 1e-6


class BudgetError(ValueError):
    """A step that may not be taken, said in both languages."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """The values that a column may have, or cuts between numbers; all else is `other`."""

    values: tuple[str, ...] = ()
    cuts: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if bool(self.values) == bool(self.cuts):
            raise ValueError("a column has `values` or `cuts`")
        if len(set(self.values)) != len(self.values) or OTHER in self.values:
            raise ValueError(f"`values` stand once each, and never {OTHER}")
        if any(low >= high for low, high in zip(self.cuts, self.cuts[1:], strict=False)):
            raise ValueError("`cuts` rise")

    def labels(self) -> tuple[str, ...]:
        """Every label, told without looking at the data."""
        if self.values:
            return (*self.values, OTHER)
        bands = [f"[{low:g},{high:g})" for low, high in zip(self.cuts, self.cuts[1:], strict=False)]
        return (f"<{self.cuts[0]:g}", *bands, f"≥{self.cuts[-1]:g}", OTHER)

    def place(self, text: str) -> int:
        """Which label a value has."""
        if self.values:
            return self.values.index(text) if text in self.values else len(self.values)
        try:
            number = float(text)
        except ValueError:
            return len(self.cuts) + 1
        if not math.isfinite(number):
            return len(self.cuts) + 1
        return sum(cut <= number for cut in self.cuts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """One dataset's promise. `subject` empty: each row is somebody else's (`one_row_each`)."""

    id: str
    title: Text
    source: str
    budget: str  # the sum of epsilon over all answers, ever
    columns: dict[str, Domain]
    table: str = ""
    subject: str = ""
    one_row_each: bool = False
    most: int = 1  # rows that one subject counts for
    largest: str = "1"  # epsilon of one answer
    limits: Text | None = None

    def __post_init__(self) -> None:
        if bool(self.subject) == self.one_row_each:
            raise ValueError("name the `subject` column, or say `one-row-each: true`")
        if not 1 <= self.most <= 1000 or (self.one_row_each and self.most != 1):
            raise ValueError("`most` is from 1 to 1000, and 1 where each row is somebody else's")
        if not self.columns or self.subject in self.columns:
            raise ValueError("`columns` names what is counted by, and never the subject")
        for value in (self.budget, self.largest):
            epsilon(value)


@dataclass(slots=True)
class Account:
    """A dataset's standing: what is promised, spent and answered."""

    declared: dict[str, Any]
    actor: Actor
    budget: Fraction
    spent: list[Fraction] = field(default_factory=list)
    released: dict[str, dict[str, Any]] = field(default_factory=dict)  # query → record

    @property
    def left(self) -> Fraction:
        return self.budget - sum(self.spent, Fraction())


def epsilon(text: str) -> Fraction:
    """A decimal number or a fraction, exactly. Raises BudgetError."""
    try:
        found = Fraction(text.strip()) if len(text) < 40 and "e" not in text.lower() else None
    except (ValueError, ZeroDivisionError):
        found = None
    if found is None or not 0 < found <= LARGEST or found.denominator > FINEST:
        raise BudgetError(f"epsilon 须大于 0、不超过 {LARGEST} more than 0, at most {LARGEST}")
    return found


def accounts(records: Iterable[Checkpoint]) -> dict[str, Account]:
    """Every dataset of a book."""
    found: dict[str, Account] = {}
    for one in records:
        body = one.body
        if one.kind == OPENED:
            found.setdefault(
                body["dataset"],
                Account(
                    declared=body["declared"],
                    actor=actor_of(body),
                    budget=Fraction(body["budget"]),
                ),
            )
        elif one.kind in (RAISED, SPENT, RELEASED) and body["dataset"] in found:
            account = found[body["dataset"]]
            if one.kind == RAISED:
                account.budget = Fraction(body["budget"])
            elif one.kind == SPENT:
                account.spent.append(Fraction(body["epsilon"]))
            else:
                account.released[body["query"]] = {**body, "at": one.time, "seq": one.seq}
    return found


def may_spend(account: Account, wanted: Fraction) -> None:
    """Raises BudgetError where an answer would break the promise."""
    largest = epsilon(account.declared["largest"])
    if wanted > largest:
        raise BudgetError(f"单次 epsilon 不得超过 {largest} one answer may cost {largest} at most")
    if wanted > account.left:
        left = f"{float(account.left):g}"
        raise BudgetError(f"预算不足：剩余 {left} the budget does not allow it: {left} left")


def composed(spent: Sequence[Fraction], delta: float = DELTA) -> dict[str, float]:
    """What all answers together come to: by the sum, which the budget goes by, and two others.

    zCDP: an epsilon gives epsilon²/2 (Bun and Steinke 2016). Advanced: Kairouz, Oh and
    Viswanath 2015, theorem 3.5, as stated for different epsilons.
    """
    each = [float(one) for one in spent]
    rho = sum(one * one for one in each) / 2
    log = math.log(1 / delta)
    squares = sum(one * one for one in each)
    linear = sum(one * math.tanh(one / 2) for one in each)
    return {
        "epsilon": sum(each),
        "rho": rho,
        "delta": delta,
        "epsilon_by_zcdp": rho + 2 * math.sqrt(rho * log),
        "epsilon_by_advanced": linear + math.sqrt(2 * squares * log),
    }
