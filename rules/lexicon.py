"""What a lexicon is: weighted phrases of one category, with what must and must not stand nearby.

A file `rules/lexicons/<id>.yaml` (ours), `<DIR>/lexicons/<id>.yaml` (a district's, given with
`--rules`) or `<data>/lexicons/<id>.yaml` (imported). Phrases stand in rows, several to a row:
`赌球 <lure>送(彩金|礼金)=6`, where `<lure>` is a set of the file, `(a|b)` are alternatives, `_` is
a space and `=6` a weight of its own. A plain word list of a district stands beside its sidecar.
Points: 1 says little, 3 is rarely said by others, 6 says it all. Loads and checks; `phrases.py`
spells out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Self

import yaml

from rules.load import DataError, Problem, load_folder
from rules.model import Basis, Status, Text

SHIPPED_LEXICONS = Path(__file__).parent / "lexicons"
MAX_WEIGHT = 20.0
SOFT = 1.0
MAX_PHRASE = 64  # characters
MAX_WORDS = 200_000  # lines of one imported list
MAX_FILE = 16 * 1024 * 1024  # bytes of one imported list

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}").fullmatch
_NUMBER = re.compile(r"\d{1,3}(?:\.\d{1,3})?").fullmatch


class Part(StrEnum):
    """What the phrases of a lexicon say of a text."""

    HARM = "harm"  # its category is meant
    HOOK = "hook"  # somebody wants to be contacted: strengthens whatever else was found
    CONTEXT = "context"  # news, law, medicine, teaching: weakens


class Spelling(StrEnum):
    """Other ways a phrase is written to pass filters, made when the RuleBase is compiled."""

    PINYIN = "pinyin"  # 博彩 → bocai, bo cai
    INITIALS = "initials"  # 博彩 → bc
    MIXED = "mixed"  # 博彩 → bo彩, 博cai, b彩
    HOMOPHONES = "homophones"  # 谐音: 博彩 → 菠菜


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One phrase or template as it stands in a row."""

    text: str
    weight: float | None


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a lexicon."""

    written: tuple[Written, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ValueError."""
        found = []
        for word in text.split():
            phrase, mark, number = word.rpartition("=")
            if not mark:
                phrase, number = word, ""
            elif not _NUMBER(number) or not 0 < float(number) <= MAX_WEIGHT:
                raise ValueError(f"`{word}`: a weight is a number up to {MAX_WEIGHT:g}")
            if not phrase or phrase.count("(") != phrase.count(")"):
                raise ValueError(f"`{word}`: brackets must be pairs around something")
            found.append(Written(text=phrase, weight=float(number) if number else None))
        if not found:
            raise ValueError("a row without a phrase")
        return cls(tuple(found))


@dataclass(frozen=True, slots=True)
class Choices:
    """The members of a set, separated by spaces; `_` is a space, `-` alone means nothing."""

    members: tuple[str, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        """Raises ValueError."""
        members = tuple("" if one == "-" else one for one in text.split())
        if not members:
            raise ValueError("a set without members")
        return cls(members)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Phrases that share weight, surroundings and spellings.

    `needs`: one of these must stand within `within` characters; `forbids`: none may.
    """

    weight: float
    phrases: tuple[Row, ...]
    needs: tuple[Choices, ...] = ()
    forbids: tuple[Choices, ...] = ()
    within: int = 24
    spell: frozenset[Spelling] = frozenset()

    def __post_init__(self) -> None:
        if not 0 < self.weight <= MAX_WEIGHT:
            raise ValueError(f"`weight` lies between 0 and {MAX_WEIGHT:g}")
        if not 0 < self.within <= 500:
            raise ValueError("`within` lies between 1 and 500 characters")


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Texts that must be recognised and texts that must not; run by one generic test."""

    hit: tuple[str, ...] = ()
    miss: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Lexicon:
    """One file of weighted phrases."""

    id: str
    title: Text
    part: Part = Part.HARM
    category: str = ""
    groups: tuple[Group, ...] = ()
    sets: Mapping[str, Choices] = field(default_factory=dict)
    soft: Choices | None = None  # phrases that ordinary text uses too: at most SOFT points
    words: str = ""  # the name of a plain word list beside this file
    weight: float = 10.0  # of the words of that list that give none
    source: str = ""
    status: Status = Status.UNVERIFIED
    basis: tuple[Basis, ...] = ()
    limits: Text | None = None
    examples: Said = field(default_factory=Said)

    def __post_init__(self) -> None:
        if not _ID(self.id):
            raise ValueError(f"`{self.id}` is not an id: a-z, 0-9 and hyphens")
        if (self.part is Part.HARM) != bool(self.category):
            raise ValueError("`category` belongs to `part: harm`, and only to it")
        if not self.groups and not self.words:
            raise ValueError("give `groups` or `words`")
        if self.words and (Path(self.words).name != self.words):
            raise ValueError("`words` is the name of a file in this folder")


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A lexicon, where it came from, and the words of its plain list."""

    lexicon: Lexicon
    path: Path
    plain: tuple[tuple[str, float], ...] = ()


def lexicon_folders(data: Path | None, extra: Sequence[Path] = ()) -> tuple[Path, ...]:
    """Where lexicons stand, later ones replacing earlier ones of the same id."""
    own = [folder / "lexicons" for folder in extra]
    return (SHIPPED_LEXICONS, *own, *((data / "lexicons",) if data is not None else ()))


def load_lexicons(folders: Iterable[Path], known: Iterable[str]) -> dict[str, Placed]:
    """Every lexicon by id, sorted. `known` are category ids. Raises one DataError for all."""
    categories = frozenset(known)
    found: dict[str, Placed] = {}
    problems: list[Problem] = []
    for folder in folders:
        try:
            read = load_folder(Lexicon, folder)
        except DataError as error:
            problems.extend(error.problems)
            continue
        for name, lexicon in read.items():
            path = folder / f"{name}.yaml"
            if lexicon.category and lexicon.category not in categories:
                message = f"there is no category `{lexicon.category}`"
                problems.append(Problem(file=str(path), line=1, column=1, message=message))
            try:
                plain = read_words(folder / lexicon.words, lexicon.weight) if lexicon.words else ()
            except DataError as error:
                problems.extend(error.problems)
                continue
            found[name] = Placed(lexicon=lexicon, path=path, plain=plain)
    if problems:
        raise DataError(problems)
    return dict(sorted(found.items()))


def read_words(path: Path, weight: float) -> tuple[tuple[str, float], ...]:
    """A plain word list from a file. Raises DataError with every bad line."""
    try:
        if path.stat().st_size > MAX_FILE:
            raise _wrong(path, 1, f"the file is larger than {MAX_FILE} bytes")
        return words_of(path.read_bytes(), str(path), weight)
    except OSError as error:
        raise _wrong(path, 1, f"cannot be read: {error.strerror}") from error


def words_of(content: bytes, file: str, weight: float) -> tuple[tuple[str, float], ...]:
    """One phrase a line, then perhaps a tab or spaces and a weight; `#` and `//` are comments.

    UTF-8 or GB18030. Phrases come once each, in order. Raises DataError with every bad line.
    """
    found: dict[str, float] = {}
    problems: list[Problem] = []
    lines = _decoded(content, file).splitlines()
    if len(lines) > MAX_WORDS:
        raise _wrong(file, MAX_WORDS + 1, f"more than {MAX_WORDS} lines")
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.lstrip().startswith(("#", "//")):
            continue
        try:
            phrase, points = _word(line, weight)
        except ValueError as error:
            problems.append(Problem(file=file, line=number, column=1, message=str(error)))
            continue
        found[phrase] = points
    if problems:
        raise DataError(problems)
    return tuple(found.items())


def _word(line: str, weight: float) -> tuple[str, float]:
    phrase, mark, number = line.strip().rpartition("\t" if "\t" in line.strip() else " ")
    if not mark or ("\t" not in line and not _NUMBER(number)):
        phrase, number = line.strip(), ""
    if number and (not _NUMBER(number.strip()) or not 0 < float(number) <= MAX_WEIGHT):
        raise ValueError(f"`{number[:32]}` is no weight: a number up to {MAX_WEIGHT:g}")
    phrase = " ".join(phrase.split())
    if not 2 <= len(phrase) <= MAX_PHRASE:
        raise ValueError(f"a phrase has 2 to {MAX_PHRASE} characters")
    return phrase, float(number) if number else weight


def _decoded(content: bytes, file: str) -> str:
    for charset in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(charset)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            raise _wrong(file, 1, "not a text file: it holds NUL bytes", "save it as UTF-8")
        return text
    raise _wrong(file, 1, "neither UTF-8 nor GB18030", "save the file as UTF-8")


def problem_at(placed: Placed, text: str, message: str) -> Problem:
    """A problem with what a lexicon says, at the place where the text first stands in its file."""
    try:
        lines = placed.path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        lines = []
    for number, line in enumerate(lines, 1):
        if text in line:
            column = line.index(text) + 1
            return Problem(file=str(placed.path), line=number, column=column, message=message)
    return Problem(file=str(placed.path), line=1, column=1, message=message)


def sidecar_text(lexicon: Lexicon) -> str:
    """The sidecar of an imported word list."""
    fields = {
        "id": lexicon.id,
        "title": {"zh": lexicon.title.zh, "en": lexicon.title.en},
        "category": lexicon.category,
        "words": lexicon.words,
        "weight": lexicon.weight,
        "source": lexicon.source,
    }
    return yaml.safe_dump(fields, allow_unicode=True, sort_keys=False)


def _wrong(file: Path | str, line: int, message: str, remedy: str = "") -> DataError:
    return DataError([Problem(file=str(file), line=line, column=1, message=message, remedy=remedy)])
