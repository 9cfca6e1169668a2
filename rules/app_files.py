"""Apps as data: `rules/apps/<id>.yaml` ↔ categories, rows of the table and `apps.json`.

A door to files. What an app's names and URLs are stands in the table of hosts, each with the
bit of the app and those of its categories, so that a look-up costs nothing more and works at
every depth. What its program says of itself (User-Agent, ALPN, JA4) becomes the `AppBook`.
A district's file (`<DIR>/apps/`) replaces ours of the same id. Help is never an app.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from rules.base import CURRENT
from rules.hosts import canonical
from rules.importers.rows import Flag, entry
from rules.load import DataError, Problem, WorldError, load_folder
from rules.model import APP, CLIENT, Basis, Category, Examples, Layer, Status, Text
from rules.recognise.apps import AppBook, AppRow
from rules.table import PATHS, TableBuilder, tag

APPS = "apps.json"
FORMAT = 1
SHIPPED = Path(__file__).parent / "apps"

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}").fullmatch
_JA4 = re.compile(r"[tqd](?:1[0-3]|[sd][123]|00)[di]\d{4}[0-9a-zA-Z]{2}_[0-9a-f]{12}_[0-9a-f]{12}")
CLAIMS = ("agent:", "alpn:", "ja4:")
"""How an example begins that is no host or URL, but what a program says."""

_LEAST = 4  # characters of a User-Agent's mark


@dataclass(frozen=True, slots=True, kw_only=True)
class Print:
    """A JA4 that was published for this app: only those, each with its source."""

    ja4: str
    source: str
    status: Status = Status.UNVERIFIED

    def __post_init__(self) -> None:
        if not _JA4.fullmatch(self.ja4):
            raise ValueError(f"`{self.ja4}` is not a JA4")


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """One app: what it is for, and by what it is known.

    `hosts` are names with all below them, `=name` this name only; `urls` are `host/path`
    prefixes on a host of somebody else's. `agents` are marks in the User-Agent that begin a
    word; `browser` says that with them the app may be showing anybody's pages, so that they
    tell the app but not what the page is for. `packages` only inform.
    """

    id: str
    title: Text
    categories: tuple[str, ...]
    hosts: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    agents: tuple[str, ...] = ()
    browser: bool = False
    alpn: tuple[str, ...] = ()
    ja4: tuple[Print, ...] = ()
    packages: tuple[str, ...] = ()
    basis: tuple[Basis, ...] = ()
    limits: Text | None = None
    examples: Examples = field(default_factory=Examples)

    def __post_init__(self) -> None:
        if not _ID(self.id):
            raise ValueError(f"`{self.id}` is not an id: a-z, 0-9 and hyphens")
        if not self.categories:
            raise ValueError("an app needs at least one category")
        if not (self.hosts or self.urls or self.client):
            raise ValueError("an app needs hosts, urls, agents, alpn or ja4")
        for host in self.hosts:
            name = host.removeprefix("=")
            if canonical(name) != name or "." not in name:
                raise ValueError(f"`{host}` is not a host as it is looked up")
        for url in self.urls:
            host, slash, path = url.partition("/")
            if not slash or not path or canonical(host) != host:
                raise ValueError(f"`{url}` is not host/path")
        for mark in self.agents:
            if len(mark) < _LEAST or mark != mark.strip() or not mark.isascii():
                raise ValueError(f"`{mark}` is no mark of a User-Agent: at least {_LEAST} letters")
        for name in (*self.examples.hit, *self.examples.miss):
            if not name.startswith(CLAIMS):
                canonical(name.partition("/")[0])

    @property
    def client(self) -> bool:
        """Whether anything is known of the program itself."""
        return bool(self.agents or self.alpn or self.ja4)


def load_apps(extra: Sequence[Path] = (), known: frozenset[str] | None = None) -> Mapping[str, App]:
    """Our apps and a district's, by id. Raises DataError with every problem of every file."""
    folders = (SHIPPED, *(folder / "apps" for folder in extra))
    found = _apps(folders, tuple(_stamp(path) for one in folders for path in one.glob("*.yaml")))
    if known is not None:
        problems = _unknown(found, known)
        if problems:
            raise DataError(problems)
    return found


def _stamp(path: Path) -> tuple[str, int, int]:
    seen = path.stat()
    return str(path), seen.st_mtime_ns, seen.st_size


@lru_cache(maxsize=2)
def _apps(folders: tuple[Path, ...], _stamps: object) -> Mapping[str, App]:
    """Read once per process and state of the files: many builds of one process share it."""
    found: dict[str, App] = {}
    problems: list[Problem] = []
    for folder in folders:
        try:
            found |= load_folder(App, folder)
        except DataError as error:
            problems += error.problems
    owner: dict[str, str] = {}
    for app in found.values():
        for name in (*app.hosts, *app.urls):
            other = owner.setdefault(name, app.id)
            if other != app.id:
                problems.append(_problem(app.id, f"`{name}` is already a name of `{other}`"))
    if problems:
        raise DataError(problems)
    return dict(sorted(found.items()))


def _unknown(found: Mapping[str, App], known: frozenset[str]) -> list[Problem]:
    return [
        _problem(app.id, f"there is no category `{name}`", "see docs/taxonomy.md")
        for app in found.values()
        for name in app.categories
        if name not in known
    ]


def _problem(name: str, message: str, remedy: str = "") -> Problem:
    file = f"apps/{name}.yaml"
    return Problem(file=file, line=1, column=1, message=message, remedy=remedy)


# -- categories ------------------------------------------------------------------------


def app_categories(apps: Iterable[App]) -> dict[str, Category]:
    """`app:<id>` of every app, and `client:<id>` where the program itself can be known."""
    found: dict[str, Category] = {}
    for app in apps:
        found[APP + app.id] = _category(
            APP + app.id,
            app.title,
            Text(
                zh="应用本身；影响见其所属类别。", en="The app itself; see its categories for harm."
            ),
            app.categories,
            app.limits,
        )
        if app.client:
            own = () if app.browser else app.categories
            found[CLIENT + app.id] = _category(
                CLIENT + app.id,
                Text(zh=f"{app.title.zh}（客户端）", en=f"{app.title.en} (the program)"),
                Text(
                    zh="程序自称或看起来是这个应用，只用于从严。",
                    en="A program that says or looks so; only ever used to tighten.",
                ),
                (APP + app.id, *own),
                None,
            )
    return found


def _category(
    name: str, title: Text, harm: Text, of: tuple[str, ...], limits: Text | None
) -> Category:
    made = Category(
        id=name,
        title=title,
        layer=Layer.APP,
        harm=harm,
        basis=(),
        loosen=True,
        limits=limits,
        of=of,
    )
    return replace(made, examples=Examples(hit=(made.marker,), miss=("example.com",)))


# -- rows of the table -----------------------------------------------------------------

APPS_LIST: Mapping[str, Any] = {
    "id": "apps",
    "title": {"zh": "应用", "en": "apps"},
    "licence": "own compilation of facts; part of the names: v2fly/domain-list-community, MIT",
    "source": "rules/apps",
    "sha256": "",
}
"""How the apps stand among the lists of a RuleBase's manifest: the last of them."""


def add_apps(
    table: TableBuilder, number: int, apps: Iterable[App], index: Mapping[str, int]
) -> None:
    """Put every name of an app into the table, with the app's bit and its categories'."""
    keys: list[bytes] = []
    marks: list[int] = []
    deep: set[bytes] = set()
    for app in apps:
        places = [index[name] for name in (APP + app.id, *app.categories)]
        for name in (*app.hosts, *app.urls):
            flag = Flag.SELF if name.startswith("=") else Flag.NONE
            key = entry(name.removeprefix("=").encode())
            keys.append(key)
            marks.append(table.word(tuple(tag(place, number, flag) for place in places)))
            if b"/" in key:
                deep.add(key.partition(b"/")[0])
    if keys:
        table.add(keys, marks)
    if deep:
        table.add(sorted(deep), [table.word((PATHS,))] * len(deep))


# -- the book of programs --------------------------------------------------------------


def apps_document(apps: Iterable[App]) -> str:
    """What a build stores as `apps.json`: the signatures of programs."""
    rows = [
        [app.id, sorted(app.agents), sorted(app.alpn), sorted(one.ja4 for one in app.ja4)]
        for app in sorted(apps, key=lambda app: app.id)
        if app.client
    ]
    return json.dumps({"format": FORMAT, "apps": rows}, ensure_ascii=False, sort_keys=True)


def open_apps(path: Path) -> AppBook:
    """The book of a RuleBase folder, or of the one `current` points to. Raises WorldError."""
    folder = path / CURRENT if (path / CURRENT).exists() else path
    try:
        document = json.loads((folder / APPS).read_bytes())
        if document["format"] != FORMAT:
            raise WorldError(f"规则库格式不符 {APPS} of {folder} has another format")
        return AppBook(
            AppRow(id=name, agents=tuple(agents), alpn=tuple(alpn), ja4=tuple(prints))
            for name, agents, alpn, prints in document["apps"]
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WorldError(
            f"无法打开规则库 cannot open {APPS} of {path}: {error}; run `qinglang rules build`"
        ) from error
