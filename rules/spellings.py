"""Other spellings of a phrase: pinyin, initials, one character in pinyin, 谐音.

These are made from the lexicon when a RuleBase is compiled, not undone in the text: 菠菜 is a
vegetable until it stands in a phrase about betting. The tables are data in `rules/spellings/`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rules.lexicon import Choices, Spelling
from rules.load import load
from rules.model import Text

HERE = Path(__file__).parent / "spellings"
PINYIN = HERE / "pinyin.txt"
HOMOPHONES = HERE / "homophones.yaml"
MIN_PINYIN = 6  # letters: a shorter word in pinyin says too little
MIN_INITIALS = 4
MAX_HAN = 6  # a longer phrase is too rare to be respelled character by character


@dataclass(frozen=True, slots=True, kw_only=True)
class Homophones:
    """谐音 and look-alike characters that writers use: character → what they write for it."""

    id: str
    title: Text
    characters: Mapping[str, Choices]
    source: str = ""


def spellings(phrase: str, ways: Iterable[Spelling]) -> tuple[str, ...]:
    """Every other spelling of a normalised phrase, without the phrase itself, sorted."""
    if not phrase or len(phrase) > MAX_HAN * 2:
        return ()
    found: set[str] = set()
    for way in ways:
        match way:
            case Spelling.PINYIN:
                found.update(_pinyin(phrase))
            case Spelling.INITIALS:
                found.update(_initials(phrase))
            case Spelling.MIXED:
                found.update(_mixed(phrase))
            case Spelling.HOMOPHONES:
                found.update(_homophones(phrase))
    return tuple(sorted(found - {phrase}))


def _syllables(phrase: str) -> list[str] | None:
    """The pinyin of each character; None where one is no Chinese character."""
    table = _readings()
    found = [table.get(char, "") for char in phrase]
    return found if all(found) else None


def _pinyin(phrase: str) -> Iterator[str]:
    parts = _syllables(phrase)
    if parts and sum(map(len, parts)) >= MIN_PINYIN:
        yield "".join(parts)
        yield " ".join(parts)


def _initials(phrase: str) -> Iterator[str]:
    parts = _syllables(phrase)
    if parts and len(parts) >= MIN_INITIALS:
        yield "".join(part[0] for part in parts)


def _mixed(phrase: str) -> Iterator[str]:
    table = _readings()
    if len(phrase) > MAX_HAN:
        return
    for at, char in enumerate(phrase):
        if reading := table.get(char):
            yield phrase[:at] + reading + phrase[at + 1 :]
            if len(phrase) > 2:
                yield phrase[:at] + reading[0] + phrase[at + 1 :]


def _homophones(phrase: str) -> Iterator[str]:
    """One character written as another; and all of them, each as the commonest other."""
    table = _others()
    if len(phrase) > MAX_HAN:
        return
    for at, char in enumerate(phrase):
        for other in table.get(char, ()):
            yield phrase[:at] + other + phrase[at + 1 :]
    yield "".join(table[char][0] if char in table else char for char in phrase)


@cache
def _readings() -> Mapping[str, str]:
    found = {}
    for line in PINYIN.read_text(encoding="utf-8").splitlines():
        syllable, _, chars = line.partition(" ")
        if not line.startswith("#"):
            found.update(dict.fromkeys(chars, syllable))
    return found


@cache
def _others() -> Mapping[str, tuple[str, ...]]:
    table = load(Homophones, HOMOPHONES).characters
    return {char: choices.members for char, choices in table.items()}
