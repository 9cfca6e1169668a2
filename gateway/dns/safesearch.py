"""SafeSearch by DNS: which strict twin stands for a search or video name. Data and one look-up.

Whether it applies is not decided here: policy says `rewrite` for the name first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from gateway.dns.wire import wire_of
from rules.load import load
from rules.model import Basis, Examples, Text


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """Another twin for some stages (学段)."""

    stages: tuple[str, ...]
    target: str

    def __post_init__(self) -> None:
        wire_of(self.target)


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """One service: its names, its strict twin, milder twins for older pupils."""

    target: str
    names: tuple[str, ...]
    basis: Basis
    variants: tuple[Variant, ...] = ()

    def __post_init__(self) -> None:
        wire_of(self.target)


@dataclass(frozen=True, slots=True, kw_only=True)
class Engines:
    """The data file `safesearch.yaml`."""

    id: str
    title: Text
    engines: tuple[Engine, ...]
    limits: Text
    examples: Examples


class SafeSearch:
    """Name → twin, as a dict."""

    __slots__ = ("_engines",)

    def __init__(self, engines: Iterable[Engine]) -> None:
        self._engines = {name: engine for engine in engines for name in engine.names}

    @classmethod
    def load(cls, path: Path) -> Self:
        """Raises DataError."""
        return cls(load(Engines, path).engines)

    def target(self, name: str, stage: str) -> bytes | None:
        """The twin's name on the wire for a subject of this stage, or None."""
        engine = self._engines.get(name)
        if engine is None:
            return None
        for variant in engine.variants:
            if stage in variant.stages:
                return wire_of(variant.target)
        return wire_of(engine.target)
