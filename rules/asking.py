"""The books of search engines, terms, wrappers and AI services: data files ↔ the RuleBase.

A door to files. `asking` reads and checks the YAML of ours and of a district (`<DIR>/search/`,
`<DIR>/wrappers/`, `<DIR>/ai/`; a district's file replaces ours of the same id) and gives the
one document that a build stores as `asked.json`; `open_asked` makes an `Asked` of it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import lru_cache
from pathlib import Path
from typing import Any

from rules.base import CURRENT
from rules.fingerprint import path_digest
from rules.load import DataError, Problem, WorldError, load, load_folder
from rules.recognise import prompts, search, wrappers
from rules.recognise.asked import Asked
from rules.recognise.prompts import PromptBook, Service
from rules.recognise.search import Engine, SearchBook
from rules.recognise.terms import Finder, Study, TermFile, TermRow, Terms
from rules.recognise.wrappers import Wrapper, WrapperBook

ASKED = "asked.json"
HERE = Path(__file__).parent
FORMAT = 1

_FOLDERS = ("search/engines", "search/terms", "wrappers", "ai")


def asking(extra: Sequence[Path] = (), *, categories: frozenset[str] | None = None) -> str:
    """The document of all books. Raises DataError with every problem of every file."""
    roots = (HERE, *extra)
    digest = path_digest([root / name for root in roots for name in ("search", "wrappers", "ai")])
    text, used = _asking(roots, digest)
    if categories is not None:
        wrong = [
            Problem(
                file=str(place),
                line=1,
                column=1,
                message=f"`{name}` is no category",
                remedy="see docs/taxonomy.md",
            )
            for place, name in used
            if name not in categories
        ]
        if wrong:
            raise DataError(wrong)
    return text


@lru_cache(maxsize=2)
def _asking(roots: tuple[Path, ...], _digest: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Read once per process and content: many builds of one process share it."""
    problems: list[Problem] = []
    engines = _folders(Engine, roots, "search/engines", problems)
    terms = _folders(TermFile, roots, "search/terms", problems)
    families = _folders(Wrapper, roots, "wrappers", problems)
    services = _folders(Service, roots, "ai", problems)
    study: list[str] = []
    for root in roots:
        path = root / "search" / "study.yaml"
        try:
            study += load(Study, path).words if path.is_file() else ()
        except DataError as error:
            problems += error.problems
    if problems:
        raise DataError(problems)
    document = {
        "format": FORMAT,
        "engines": [[one.id, [asdict(place) for place in one.places]] for one in engines.values()],
        "terms": [asdict(TermRow.of(one)) for one in terms.values()],
        "study": study,
        "wrappers": [
            [one.id, [asdict(place) for place in one.places]] for one in families.values()
        ],
        "services": [
            [one.id, one.hosts, [asdict(ask) for ask in one.asks], asdict(one.answer)]
            for one in services.values()
        ],
    }
    used = [(f"search/terms/{one.id}.yaml", one.category) for one in terms.values()]
    used += [(f"ai/{one.id}.yaml", one.category) for one in services.values()]
    return json.dumps(document, ensure_ascii=False, sort_keys=True), tuple(used)


def _folders[T](
    kind: type[T], roots: Sequence[Path], name: str, problems: list[Problem]
) -> dict[str, T]:
    found: dict[str, T] = {}
    for root in roots:
        try:
            found |= load_folder(kind, root / name)
        except DataError as error:
            problems += error.problems
    return dict(sorted(found.items()))


def open_asked(path: Path, more: Sequence[Finder] = ()) -> Asked:
    """The books of a RuleBase folder, or of the one `current` points to. Raises WorldError."""
    folder = path / CURRENT if (path / CURRENT).exists() else path
    try:
        document = json.loads((folder / ASKED).read_bytes())
        if document["format"] != FORMAT:
            raise WorldError(f"规则库格式不符 {ASKED} of {folder} has another format")
        return asked_of(document, more)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WorldError(
            f"无法打开规则库 cannot open {ASKED} of {path}: {error}; run `qinglang rules build`"
        ) from error


def asked_of(document: dict[str, Any], more: Sequence[Finder] = ()) -> Asked:
    """The books of a document; `more` also judges search words and prompts."""
    rows = tuple(
        TermRow(
            one["name"],
            one["category"],
            one["confidence"],
            one["study"],
            tuple(map(tuple, one["words"])),
        )
        for one in document["terms"]
    )
    return Asked(
        search=SearchBook(
            tuple((name, tuple(map(_place, places))) for name, places in document["engines"])
        ),
        wrappers=WrapperBook(
            tuple((name, tuple(map(_wrapped, places))) for name, places in document["wrappers"])
        ),
        prompts=PromptBook(
            (name, tuple(hosts), tuple(map(_ask, asks)), _answer(answer))
            for name, hosts, asks, answer in document["services"]
        ),
        finders=(Terms(rows, tuple(document["study"])), *more),
    )


def _tuples(value: dict[str, Any]) -> dict[str, Any]:
    return {name: tuple(one) if isinstance(one, list) else one for name, one in value.items()}


def _place(value: dict[str, Any]) -> search.Place:
    return search.Place(**_tuples({**value, "kind": search.Kind(value["kind"])}))


def _wrapped(value: dict[str, Any]) -> wrappers.Place:
    code = value["host_code"]
    return wrappers.Place(**_tuples({**value, "host_code": code and wrappers.HostCode(code)}))


def _ask(value: dict[str, Any]) -> prompts.Ask:
    return prompts.Ask(**_tuples(value))


def _answer(value: dict[str, Any]) -> prompts.Answer:
    return prompts.Answer(
        frame=prompts.Frame(value["frame"]),
        text=tuple(value["text"]),
        telling=prompts.Telling(value["telling"]),
    )
