"""A grammar: a few templates and slot lists that stand for thousands of training lines.

Spam is written from moulds, so moulds are the honest way to write more of it than a
person would type. A grammar is a data file; expansion is pure: the source of chance is
an argument, and the same seed gives the same lines. Hand-written lines matter more:
what a grammar repeats, a model learns by heart, so a caller takes a bounded sample.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from math import prod
from random import Random

from rules.model import Text

_SLOT = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_TRIES = 8  # draws per wanted line before a small grammar counts as exhausted


@dataclass(frozen=True, slots=True, kw_only=True)
class Grammar:
    """Templates with `{slot}`s; a slot's values may name further slots, never themselves."""

    id: str
    title: Text
    slots: Mapping[str, tuple[str, ...]]
    templates: tuple[str, ...]

    def __post_init__(self) -> None:
        faults = [*_faults(self)] or [*_unused(self)]
        if faults:
            raise ValueError("; ".join(faults))


def _names(text: str) -> list[str]:
    return _SLOT.findall(text)


def _faults(grammar: Grammar) -> list[str]:
    faults = [] if grammar.templates else ["`templates` is empty"]
    faults += [f"slot `{name}` is empty" for name, values in grammar.slots.items() if not values]
    faults += [
        f"`{name}` is no slot name: small letters, digits and `_`"
        for name in grammar.slots
        if not _SLOT.fullmatch(f"{{{name}}}")
    ]
    pieces = [*grammar.templates, *(v for values in grammar.slots.values() for v in values)]
    for piece in pieces:
        unknown = [name for name in _names(piece) if name not in grammar.slots]
        faults += [f"unknown slot `{name}` in `{piece}`" for name in unknown]
        if set("{}") & set(_SLOT.sub("", piece)):
            faults.append(f"a brace without its slot in `{piece}`")
    looping = _looping(grammar.slots)
    return faults + ([f"slots contain themselves: {', '.join(looping)}"] if looping else [])


def _looping(slots: Mapping[str, tuple[str, ...]]) -> list[str]:
    """The slots that contain themselves, and those that lead to one that does."""
    open_ = {
        name: {inner for value in values for inner in _names(value) if inner in slots}
        for name, values in slots.items()
    }
    while ready := {name for name, needs in open_.items() if not needs & open_.keys()}:
        open_ = {name: needs for name, needs in open_.items() if name not in ready}
    return sorted(open_)


def _unused(grammar: Grammar) -> list[str]:
    reached: set[str] = set()
    waiting = [name for template in grammar.templates for name in _names(template)]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting += [inner for value in grammar.slots[name] for inner in _names(value)]
    return [f"slot `{name}` is used by no template" for name in grammar.slots.keys() - reached]


def size(grammar: Grammar) -> int:
    """How many ways there are to fill the templates (lines that look alike counted apart)."""

    def ways(piece: str) -> int:
        return prod(sum(map(ways, grammar.slots[name])) for name in _names(piece))

    return sum(map(ways, grammar.templates))


def expand(grammar: Grammar, count: int, chance: Random) -> tuple[str, ...]:
    """Up to `count` different lines, drawn by `chance`; fewer where the grammar is small."""
    lines: dict[str, None] = {}
    for _ in range(count * _TRIES):
        if len(lines) >= count:
            break
        filled = _fill(chance.choice(grammar.templates), grammar.slots, chance)
        lines[" ".join(filled.split())] = None  # an empty slot leaves no blank behind
    return tuple(line for line in lines if line)


def _fill(piece: str, slots: Mapping[str, tuple[str, ...]], chance: Random) -> str:
    return _SLOT.sub(lambda found: _fill(chance.choice(slots[found[1]]), slots, chance), piece)
