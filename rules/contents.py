"""What recognisers of content need, compiled into a RuleBase folder: the phrases and the model.

Expanding the lexicons and compiling them takes seconds, and the same ones are compiled again
and again (every node of a district, every rehearsal), so results are kept in the user's cache
folder under the digest of all that goes in; a cache that cannot be written is done without.
A door: it reads data files and writes into the folder it is given.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rules.fingerprint import file_digest, json_digest, path_digest
from rules.lexicon import Placed, lexicon_folders, load_lexicons
from rules.load import DataError, Problem
from rules.model import Category
from rules.phrases import phrases
from rules.recognise.card import Card
from rules.recognise.content import MODEL
from rules.recognise.engines import have_hyperscan
from rules.recognise.model import CARD, WEIGHTS, Model
from rules.recognise.scoring import CURVES, load_curves
from rules.recognise.words import DATABASE, WORDS
from rules.word_files import write

HERE = Path(__file__).parent
MODELS = HERE / "models"
KEPT = 8  # compiled sets of phrases that stay in the cache
_MAKERS = ("lexicon.py", "phrases.py", "spellings.py", "word_files.py")
_FOLDING = ("normal.py", "folding.txt", "splits.txt", "engines.py", "words.py", "scoring.py")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """The lexicons and the model of a build, read and checked; `digest` is over all of it."""

    lexicons: Mapping[str, Placed]
    words: str  # the digest of what the phrases are made of
    model: Path | None
    digest: str


def read_contents(
    data: Path, extra: Sequence[Path], categories: Mapping[str, Category]
) -> Contents:
    """Read the lexicons (ours, then a district's) and find the model: a district's own
    (`<data>/models/`) before ours. Raises DataError with every problem of every file."""
    folders = lexicon_folders(data, extra)
    problems: list[Problem] = []
    lexicons: Mapping[str, Placed] = {}
    try:
        lexicons = load_lexicons(folders, categories)
    except DataError as error:
        problems.extend(error.problems)
    model = find_model(data)
    if model is not None:
        try:
            problems.extend(_unknown(Model.open(model).card, model, categories))
        except DataError as error:
            problems.extend(error.problems)
    if problems:
        raise DataError(problems)
    makers = [*(HERE / name for name in _MAKERS), HERE / "spellings", CURVES]
    makers += [HERE / "recognise" / name for name in _FOLDING]
    words = json_digest(path_digest(folders), path_digest(makers), have_hyperscan())
    weights = file_digest(model / CARD) if model is not None else ""
    return Contents(lexicons=lexicons, words=words, model=model, digest=json_digest(words, weights))


def find_model(data: Path) -> Path | None:
    """The folder of the model in use: the newest of a district's own, else the shipped one."""
    for root in (data / "models", MODELS):
        found = [one.parent for one in root.glob(f"*/{CARD}")]
        if found:
            return max(found, key=lambda one: (one.stat().st_mtime, one.name))
    return None


def _unknown(card: Card, folder: Path, categories: Mapping[str, Category]) -> list[Problem]:
    return [
        Problem(
            file=str(folder / CARD),
            line=1,
            column=1,
            message=f"the model's class `{one.id}` is of the category `{one.category}`, "
            "which does not exist",
        )
        for one in card.heads
        if one.category and one.category not in categories
    ]


def write_contents(fresh: Path, contents: Contents, cache: Path | None = None) -> dict[str, str]:
    """Write phrases and model into a RuleBase folder; the digest of each file that counts.

    `words.hs` is a cache for this kind of processor and does not count.
    """
    kept = cache if cache is not None else cache_folder()
    if not _taken(kept, fresh, contents.words):
        write(fresh, phrases(contents.lexicons.values()), load_curves())
        _keep(kept, fresh, contents.words)
    digests = {WORDS: file_digest(fresh / WORDS)}
    if contents.model is not None:
        (fresh / MODEL).mkdir()
        for name in (CARD, WEIGHTS):
            shutil.copyfile(contents.model / name, fresh / MODEL / name)
            digests[f"{MODEL}/{name}"] = file_digest(fresh / MODEL / name)
    return digests


def cache_folder() -> Path:
    """Where compiled phrases are kept: the XDG cache folder of the user."""
    home = os.environ.get("XDG_CACHE_HOME")
    return (Path(home) if home else Path("~/.cache").expanduser()) / "qinglang" / "words"


def _taken(cache: Path, fresh: Path, digest: str) -> bool:
    """Copy what was compiled before; False where it was not, or cannot be read."""
    source = cache / digest
    try:
        shutil.copyfile(source / WORDS, fresh / WORDS)
        if (source / DATABASE).exists():
            shutil.copyfile(source / DATABASE, fresh / DATABASE)
    except OSError:
        (fresh / WORDS).unlink(missing_ok=True)
        return False
    with suppress(OSError):
        os.utime(source)
    return True


def _keep(cache: Path, fresh: Path, digest: str) -> None:
    """Keep what was compiled, whole or not at all; the oldest go."""
    part = cache / f".{digest}-{os.getpid()}"
    try:
        part.mkdir(parents=True, mode=0o700)
        for name in (WORDS, DATABASE):
            if (fresh / name).exists():
                shutil.copyfile(fresh / name, part / name)
        part.rename(cache / digest)
        others = [one for one in cache.iterdir() if not one.name.startswith(".")]
        for old in sorted(others, key=lambda one: one.stat().st_mtime)[:-KEPT]:
            shutil.rmtree(old, ignore_errors=True)
    except OSError:  # read-only, full, or somebody was quicker
        shutil.rmtree(part, ignore_errors=True)
