"""Which exchanges are background: nobody's use of a site, so they cost no minute of a quota.

The list is data (background.yaml). A minute counts as soon as one exchange in it is
not on the list. Pure after loading.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from rules.load import load
from rules.model import Facts

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """background.yaml. Every field lists what is background by itself."""

    categories: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    media: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    endings: tuple[str, ...] = ()
    quiet_bytes: int = 0

    def covers(self, facts: Facts, categories: Iterable[str]) -> bool:
        """Whether this exchange is background. `categories` are those recognised of it."""
        path = facts.path.partition("?")[0]
        return (
            facts.method in self.methods
            or facts.media_type in self.media
            or path.startswith(self.paths)
            or path.endswith(self.endings)
            or not set(self.categories).isdisjoint(categories)
        )


def load_background() -> Background:
    """The shipped list. Raises DataError."""
    return load(Background, HERE / "background.yaml")
