"""What a message must carry for an outflow rule: kinds, counts, people, what was not read. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from rules.recognise.personal.carried import PERSONAL, Carried, Opaque
from rules.recognise.personal.kinds import FINDABLE, Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Carries:
    """Every field that is given must hold.

    `kinds` are those that count (none: all that tell of people). `at_least` different values of
    them, a suspected one for only `suspected` of one. `people` and `under_14` are different
    people. `unread` holds where a part could not be read for one of these reasons; given alone
    it asks for no find.
    """

    kinds: tuple[Kind, ...] = ()
    at_least: int | None = None
    suspected: float = 0.25
    people: int = 0
    under_14: int = 0
    unread: tuple[Opaque, ...] = ()

    def __post_init__(self) -> None:
        if self.at_least is not None and not 1 <= self.at_least <= 1_000_000:
            raise ValueError("at_least must be from 1 to 1000000")
        if not 0 <= self.suspected <= 1:
            raise ValueError("suspected: a suspected find counts for 0 to 1 of a verified one")
        for name, value in (("people", self.people), ("under_14", self.under_14)):
            if not 0 <= value <= 1_000_000:
                raise ValueError(f"{name} must be from 0 to 1000000")
        wrong = [kind for kind in self.kinds if kind not in FINDABLE]
        if wrong:
            raise ValueError(f"`{wrong[0]}` is not found in messages: it is told by columns")

    def holds(self, carried: Carried) -> bool:
        """Whether a message carries that much."""
        if self.unread and not set(self.unread) & set(carried.unread):
            return False
        if carried.people < self.people or carried.under_14 < self.under_14:
            return False
        bare = self.at_least is None and not self.kinds
        if bare and (self.unread or self.people or self.under_14):
            return True
        least = 1 if self.at_least is None else self.at_least
        kinds = self.kinds or PERSONAL
        weight = sum(
            carried.verified.get(kind, 0) + self.suspected * carried.suspected.get(kind, 0)
            for kind in kinds
        )
        return weight >= least - 1e-9
