"""Lexicons → phrases: templates spelled out, other spellings added, everything folded.

What comes out is what the matcher looks for: each text once, with all that it says. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from rules.lexicon import SOFT, Choices, Group, Lexicon, Part, Placed, Written, problem_at
from rules.load import DataError, Problem
from rules.recognise.normal import normalise
from rules.spellings import spellings

MAX_ROW = 4_000  # phrases out of one template
MAX_PHRASES = 400_000
BETWEEN = "\n\n"  # nothing is read across an empty line
EVASIVE = 0.5  # points more for a spelling that nobody uses by accident

_PIECE = re.compile(r"<([a-z0-9-]+)>|\(([^()]*)\)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """What must and must not stand within so many characters. Folded like the text."""

    needs: tuple[str, ...]
    forbids: tuple[str, ...]
    within: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """What a phrase says: which part it plays, of which category, how strongly, where from."""

    part: Part
    category: str
    weight: float
    condition: Condition | None
    lexicon: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """Everything the lexicons look for: text → what it says; and how much was written by hand."""

    sayings: Mapping[str, tuple[Saying, ...]]
    written: int


def phrases(placed: Iterable[Placed]) -> Phrases:
    """Spell all lexicons out. Raises DataError with every template that cannot be."""
    found: dict[str, dict[tuple[Part, str], Saying]] = {}
    problems: list[Problem] = []
    written = 0
    for one in placed:
        lexicon = one.lexicon
        written += sum(len(row.written) for group in lexicon.groups for row in group.phrases)
        written += len(one.plain)
        for text, saying in _of_lexicon(one, problems):
            _keep(found, text, saying)
        for text, (_, weight) in zip(
            _all_folded([w for w, _ in one.plain]), one.plain, strict=False
        ):
            _keep(found, text, _saying(lexicon, weight, None))
    found.pop("", None)
    found = {text: kept for text, said in found.items() if (kept := _needed(text, said, found))}
    if len(found) > MAX_PHRASES:
        message = f"{len(found)} phrases, at most {MAX_PHRASES} are taken"
        problems.append(Problem(file="lexicons", line=1, column=1, message=message))
    if problems:
        raise DataError(problems)
    return Phrases(
        sayings={text: tuple(said.values()) for text, said in sorted(found.items())},
        written=written,
    )


def _keep(found: dict[str, dict[tuple[Part, str], Saying]], text: str, saying: Saying) -> None:
    """Said twice of a category, the stronger counts."""
    known = found.setdefault(text, {})
    key = (saying.part, saying.category)
    if key not in known or known[key].weight < saying.weight:
        known[key] = saying


def _needed(
    text: str,
    said: dict[tuple[Part, str], Saying],
    found: Mapping[str, Mapping[tuple[Part, str], Saying]],
) -> dict[tuple[Part, str], Saying]:
    """Without what a phrase inside this one says as strongly, whatever stands around it."""
    inner = [
        found[part]
        for start in range(len(text) - 1)
        for end in range(start + 2, len(text) + 1)
        if (part := text[start:end]) != text and part in found and not _bounded(part)
    ]

    def told(key: tuple[Part, str], saying: Saying) -> bool:
        shorter = (other[key] for other in inner if key in other)
        return any(one.condition is None and one.weight >= saying.weight for one in shorter)

    return {key: saying for key, saying in said.items() if not told(key, saying)}


def _bounded(text: str) -> bool:
    """Is the phrase looked for as whole words only, at one of its ends?"""
    return any(char.isascii() and char.isalnum() for char in (text[0], text[-1]))


def _of_lexicon(placed: Placed, problems: list[Problem]) -> Iterator[tuple[str, Saying]]:
    lexicon = placed.lexicon
    soft = frozenset(map(_folded, lexicon.soft.members)) if lexicon.soft else frozenset()
    for group in lexicon.groups:
        try:
            condition = _condition(group, lexicon.sets)
        except ValueError as error:
            problems.append(problem_at(placed, "needs", str(error)))
            continue
        for row in group.phrases:
            for written in row.written:
                try:
                    texts = _texts(written, lexicon)
                except ValueError as error:
                    problems.append(problem_at(placed, written.text, str(error)))
                    continue
                weight = written.weight or group.weight
                plain = _saying(lexicon, weight, condition)
                other = _saying(lexicon, weight + EVASIVE, condition)
                for text in texts:
                    if text in soft:
                        yield text, _saying(lexicon, min(weight, SOFT), condition)
                        continue
                    yield text, plain
                    for spelled in spellings(text, sorted(group.spell)):
                        yield spelled, other


def _texts(written: Written, lexicon: Lexicon) -> tuple[str, ...]:
    """Raises ValueError where the template cannot be spelled out or says too little."""
    texts = tuple(_all_folded(expanded(written.text, lexicon.sets)))
    short = [text for text in texts if len(text) < 2]
    if short:
        raise ValueError(f"`{written.text}` gives `{short[0]}`: too short to look for")
    return texts


def _saying(lexicon: Lexicon, weight: float, condition: Condition | None) -> Saying:
    return Saying(
        part=lexicon.part,
        category=lexicon.category,
        weight=weight,
        condition=condition,
        lexicon=lexicon.id,
    )


def expanded(template: str, sets: Mapping[str, Choices]) -> tuple[str, ...]:
    """Every phrase of a template. Raises ValueError for an unknown set or too many."""
    pieces: list[tuple[str, ...]] = []
    total, at = 1, 0
    for match in _PIECE.finditer(template):
        pieces.append((template[at : match.start()],))
        name = match[1]
        if name is not None and name not in sets:
            raise ValueError(f"`{template}`: there is no set `{name}`")
        members = sets[name].members if name is not None else tuple(match[2].split("|"))
        pieces.append(members)
        total *= len(members)
        at = match.end()
        if total > MAX_ROW:
            raise ValueError(f"`{template}` gives more than {MAX_ROW} phrases")
    pieces.append((template[at:],))
    return tuple("".join(parts).replace("_", " ") for parts in product(*pieces))


def _condition(group: Group, sets: Mapping[str, Choices]) -> Condition | None:
    def texts(choices: tuple[Choices, ...]) -> tuple[str, ...]:
        words = (word for one in choices for word in one.members)
        return tuple(dict.fromkeys(_folded(t) for word in words for t in expanded(word, sets)))

    if not group.needs and not group.forbids:
        return None
    return Condition(needs=texts(group.needs), forbids=texts(group.forbids), within=group.within)


def _folded(text: str) -> str:
    return normalise(text).strip()


def _all_folded(texts: Sequence[str]) -> list[str]:
    """Many at once: one reading costs little more than one of a single phrase."""
    return [text.strip() for text in normalise(BETWEEN.join(texts)).split(BETWEEN)]
