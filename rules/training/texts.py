"""The texts we wrote ourselves: `benign/` and `harm/<class>/`, read and checked.

Layout below the training folder: `benign/<kind>.txt`, `harm/<class>/<kind>.txt`, one text
a line, opened by `# ` comments that say where it comes from; beside them
`grammar/<id>.yaml` (see grammar). The folder's name is the class. Every fault of every
file is reported at once by file and line, a text that stands twice among them: the same
words in the part that is trained and the part that is measured would flatter the model.
This module is a door: it reads files and does nothing else with the world.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

from rules.load import DataError, Problem, load_folder, read_text
from rules.training.grammar import Grammar, expand

BENIGN = "benign"
HARM = "harm"
GRAMMAR = "grammar"
LONGEST = 800  # characters of one text; longer pages are composed of texts


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """One training text: its class, the file it stands in (below the training folder)."""

    text: str
    label: str
    file: str
    line: int = 0  # 0: drawn from a grammar


@dataclass(frozen=True, slots=True, kw_only=True)
class Mould:
    """One grammar and the class its lines belong to."""

    grammar: Grammar
    label: str
    file: str


def hand_written(folder: Path) -> tuple[Written, ...]:
    """Every hand-written text, in the order of files and lines. Raises DataError."""
    found: list[Written] = []
    problems: list[Problem] = []
    for label, room in _rooms(folder):
        for path in sorted(room.glob("*.txt")):
            name = path.relative_to(folder).as_posix()
            try:
                text = read_text(path)
            except DataError as error:
                problems.extend(error.problems)
                continue
            problems.extend(_head(text, name))
            for written in _lines(text, label, name):
                found.append(written)
                problems.extend(_faults(written))
    problems.extend(_repeated(found))
    if problems:
        raise DataError(problems)
    return tuple(found)


def moulds(folder: Path) -> tuple[Mould, ...]:
    """Every grammar with its class, in the order of files. Raises DataError."""
    found: list[Mould] = []
    problems: list[Problem] = []
    for label, room in _rooms(folder):
        place = room / GRAMMAR
        try:
            grammars = load_folder(Grammar, place)
        except DataError as error:
            problems.extend(error.problems)
            continue
        for name, grammar in grammars.items():
            file = (place / f"{name}.yaml").relative_to(folder).as_posix()
            found.append(Mould(grammar=grammar, label=label, file=file))
    if problems:
        raise DataError(problems)
    return tuple(found)


def drawn(mould: Mould, count: int, seed: int) -> tuple[Written, ...]:
    """Up to `count` lines of one grammar; the seed and the file decide which."""
    chance = Random(f"{seed}:{mould.file}")
    return tuple(
        Written(text=text, label=mould.label, file=mould.file)
        for text in expand(mould.grammar, count, chance)
    )


def _rooms(folder: Path) -> Iterator[tuple[str, Path]]:
    yield BENIGN, folder / BENIGN
    for room in sorted(path for path in (folder / HARM).glob("*") if path.is_dir()):
        yield room.name, room


def _comment(line: str) -> bool:
    """A comment is `# ` or a lone `#`; `#话题#` is a text."""
    return line == "#" or line.startswith("# ")


def _head(text: str, file: str) -> Iterator[Problem]:
    if not _comment(text.split("\n", 1)[0].rstrip("\r")):
        message = "the file does not say where its texts come from"
        yield _problem(file, 1, message, "open it with `# written for Qinglang: …`")


def _lines(text: str, label: str, file: str) -> Iterator[Written]:
    for number, line in enumerate(text.split("\n"), 1):
        bare = line.rstrip("\r")
        if bare.strip() and not _comment(bare):
            yield Written(text=bare, label=label, file=file, line=number)


def _faults(written: Written) -> Iterator[Problem]:
    text, file, line = written.text, written.file, written.line
    if text != text.strip():
        yield _problem(file, line, "blanks around the text", "take them away")
    if not 2 <= len(text) <= LONGEST:
        yield _problem(file, line, f"{len(text)} characters; a text has 2 to {LONGEST}")
    strange = sorted({f"U+{ord(c):04X}" for c in text if _is_strange(c)})
    if strange:
        yield _problem(file, line, f"control or unassigned characters: {', '.join(strange)}")


def _is_strange(char: str) -> bool:
    return char == "\ufffd" or unicodedata.category(char) in ("Cc", "Co", "Cn", "Cs")


def _repeated(found: list[Written]) -> Iterator[Problem]:
    first: dict[str, Written] = {}
    for written in found:
        earlier = first.setdefault("".join(written.text.split()).casefold(), written)
        if earlier is not written:
            message = f"stands already in {earlier.file}:{earlier.line}"
            yield _problem(written.file, written.line, message, "keep one of the two")


def _problem(file: str, line: int, message: str, remedy: str = "") -> Problem:
    return Problem(file=file, line=line, column=1, message=message, remedy=remedy)
