"""What a list is: its sidecar `source.yaml`, where its data lies, how its words map to ours.

A source is a folder `rules/lists/<id>/` (ours), `<DIR>/<id>/` (a district's own, given
with `--rules`) or `<data>/lists/<id>/` (added or fetched), always with a `source.yaml`.
Reads sidecars and mappings through `load`; fetches nothing and imports no lines.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path, PurePosixPath

import yaml

from rules.app_files import app_categories, load_apps
from rules.importers.rows import Flag
from rules.load import DataError, Problem, load, load_folder
from rules.model import Basis, Category, Examples, Layer, Text

HERE = Path(__file__).parent
SHIPPED_LISTS = HERE / "lists"
SHIPPED_CATEGORIES = HERE / "categories"
SHIPPED_MAPPINGS = HERE / "mappings"
SHIPPED_LABELS = HERE / "labels.yaml"
SIDECAR = "source.yaml"
FETCHED = "list"  # the name of fetched or added data in <data>/lists/<id>/

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}").fullmatch
_SHA256 = re.compile(r"[0-9a-f]{64}").fullmatch


NOTHING_KNOWN = Category(
    id="uncategorised",
    title=Text(zh="未分类", en="Uncategorised"),
    layer=Layer.FUNCTIONAL,
    harm=Text(
        zh="没有任何名单认识它：多数无害，但新出现的有害站点也在其中。",
        en="No list knows it: mostly harmless, but every new harmful site starts here.",
    ),
    basis=(),
    loosen=True,
    limits=Text(
        zh="内置类别，只在没有其他识别时出现。",
        en="Built in; present only where nothing else was recognised.",
    ),
    examples=Examples(
        hit=("uncategorised.test.qinglang.invalid", "no-list-knows-this.example"),
        miss=("gambling.test.qinglang.invalid",),
    ),
)


class Format(StrEnum):
    """How a list is written."""

    STARTER = "starter"  # ours: host[/path] category [-category] # comment
    HOSTS = "hosts"  # /etc/hosts
    PLAIN = "plain"  # one name a line
    ADBLOCK = "adblock"  # ||name^
    V2FLY = "v2fly"  # domain-list-community, folder or archive
    RPZ = "rpz"  # response policy zone
    CSV = "csv"  # host, categories; also TSV
    UT1 = "ut1"  # Université Toulouse Capitole, folder or archive


TREES = frozenset((Format.V2FLY, Format.UT1))


class Scope(StrEnum):
    """What one entry covers where its format does not say it itself."""

    SUFFIX = "suffix"  # the name and everything below it
    EXACT = "exact"  # the name alone


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One list: what it is, where it comes from, what its words mean here.

    `registries` are public suffixes that this list may name whole, because not anyone
    may register below them (gov.cn); any other public suffix counts for the very name only.
    """

    id: str
    title: Text
    format: Format
    licence: str
    source: str
    files: tuple[str, ...] = ()
    location: str = ""
    sha256: str = ""
    proxy: str = ""
    category: str = ""
    categories: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    mapping: str = ""
    scope: Scope = Scope.SUFFIX
    registries: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    delimiter: str = ""
    note: str = ""
    basis: tuple[Basis, ...] = ()
    limits: Text | None = None
    examples: Examples = field(default_factory=Examples)

    def __post_init__(self) -> None:
        if not _ID(self.id):
            raise ValueError(f"`{self.id}` is not an id: a-z, 0-9 and hyphens")
        if bool(self.files) == bool(self.location):
            raise ValueError("give either `files` (in this folder) or `location`")
        for name in self.files:
            if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
                raise ValueError(f"file `{name}` is not inside the folder")
        if self.sha256 and not _SHA256(self.sha256):
            raise ValueError("`sha256` is not 64 hexadecimal digits in lower case")

    @property
    def flag(self) -> Flag:
        """The scope as a flag of rows."""
        return Flag.SELF if self.scope is Scope.EXACT else Flag.NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A source and where it stands. `paths` are its data files, which may be missing."""

    source: Source
    folder: Path
    paths: tuple[Path, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Translation:
    """A shipped mapping of another project's category names to ours.

    `map` holds the names we take, `dropped` those we leave out, each with the reason.
    """

    id: str
    title: Text
    source: str
    map: Mapping[str, tuple[str, ...]]
    dropped: Mapping[str, str] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """What self-labels of pages mean here: label → category ids."""

    id: str
    title: Text
    source: str
    labels: Mapping[str, tuple[str, ...]]
    note: str = ""


def list_folders(
    data: Path, extra: Sequence[Path], shipped: Path = SHIPPED_LISTS
) -> tuple[Path, ...]:
    """Where sources stand, later ones replacing earlier ones of the same id."""
    own = [folder / "lists" if (folder / "lists").is_dir() else folder for folder in extra]
    return (shipped, *own, data / "lists")


def load_sources(folders: Iterable[Path], data: Path) -> dict[str, Placed]:
    """Every source of the folders by id, sorted. Raises DataError with all problems."""
    found: dict[str, Placed] = {}
    problems: list[Problem] = []
    for folder in folders:
        for sidecar in sorted(folder.glob(f"*/{SIDECAR}")):
            try:
                source = load(Source, sidecar)
            except DataError as error:
                problems.extend(error.problems)
                continue
            if source.id != sidecar.parent.name:
                problems.append(
                    _problem(
                        sidecar,
                        f"id `{source.id}` is not the folder's name",
                        f"write `id: {sidecar.parent.name}`",
                    )
                )
            found[source.id] = place(source, sidecar.parent, data)
    if problems:
        raise DataError(problems)
    return dict(sorted(found.items()))


def place(source: Source, folder: Path, data: Path) -> Placed:
    """A source with its data files: beside the sidecar, or fetched to `<data>/lists/<id>/`."""
    if source.files:
        return Placed(
            source=source, folder=folder, paths=tuple(folder / name for name in source.files)
        )
    return Placed(source=source, folder=folder, paths=(data / "lists" / source.id / FETCHED,))


def sidecar_text(source: Source) -> str:
    """A sidecar for a list added on the command line."""
    fields = {
        "id": source.id,
        "title": {"zh": source.title.zh, "en": source.title.en},
        "format": source.format.value,
        "location": source.location,
        "category": source.category,
        "mapping": source.mapping,
        "licence": source.licence,
        "source": source.source,
    }
    return yaml.safe_dump(fields, allow_unicode=True, sort_keys=False)


def load_categories(extra: Sequence[Path] = ()) -> dict[str, Category]:
    """Our categories and a district's own (`<DIR>/categories/`) with the apps, sorted by id."""
    found = {NOTHING_KNOWN.id: NOTHING_KNOWN} | load_folder(Category, SHIPPED_CATEGORIES)
    for folder in extra:
        if (folder / "categories").is_dir():
            found |= load_folder(Category, folder / "categories")
    found |= app_categories(load_apps(extra, frozenset(found)).values())
    return dict(sorted(found.items()))


def load_mappings() -> dict[str, Translation]:
    """The shipped mappings of foreign category names, by id."""
    return load_folder(Translation, SHIPPED_MAPPINGS)


def load_labels(known: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """The shipped meaning of content labels. Raises DataError for an unknown category."""
    labels = load(Labels, SHIPPED_LABELS).labels
    missing = {own for owns in labels.values() for own in owns} - set(known)
    if missing:
        raise DataError(
            _problem(SHIPPED_LABELS, f"there is no category `{name}`") for name in sorted(missing)
        )
    return labels


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What foreign names mean here: our ids, and what to say about the rest."""

    ids: tuple[str, ...]
    unknown: tuple[str, ...] = ()


def translator(
    source: Source, mappings: Mapping[str, Translation], known: Iterable[str]
) -> Callable[[tuple[str, ...]], Meaning]:
    """Foreign category names → ours, for one source. No names mean its default category."""
    ours = frozenset(known)
    mapping = mappings.get(source.mapping or source.format.value)
    same = source.categories.get("*") == ("same",) or source.format is Format.STARTER
    table = dict(mapping.map) if mapping else {}
    dropped = mapping.dropped if mapping else {}
    own_words = same or source.format is Format.CSV

    def one(name: str) -> tuple[str, ...] | None:
        if name in source.categories:
            return source.categories[name]
        if own_words and name in ours:
            return (name,)
        return table.get(name, () if name in dropped else None)

    def translate(names: tuple[str, ...]) -> Meaning:
        if not names:
            return Meaning(ids=(source.category,) if source.category else ())
        found = [(name, one(name)) for name in names]
        ids = {own for _, owns in found for own in owns or () if own not in ("-", "")}
        return Meaning(
            ids=tuple(sorted(ids & ours)),
            unknown=tuple(name for name, owns in found if owns is None),
        )

    return translate


def wanted_lists(source: Source, mappings: Mapping[str, Translation]) -> tuple[str, ...]:
    """The v2fly lists a source asks for: its own categories, else the mapping's."""
    own = [name for name in source.categories if name != "*"]
    mapping = mappings.get(source.mapping or source.format.value)
    return tuple(own or (mapping.map if mapping else ()))


def check_words(
    placed: Mapping[str, Placed],
    mappings: Mapping[str, Translation],
    known: Iterable[str],
) -> list[Problem]:
    """Category ids that sidecars and mappings name but that do not exist."""
    ours = frozenset(known)
    problems = []
    for one in placed.values():
        sidecar = one.folder / SIDECAR
        named = [one.source.category] if one.source.category else []
        named += [own for owns in one.source.categories.values() for own in owns]
        for name in named:
            if name not in ours and name not in ("-", "same"):
                problems.append(_problem(sidecar, f"there is no category `{name}`"))
        if one.source.mapping and one.source.mapping not in mappings:
            problems.append(_problem(sidecar, f"there is no mapping `{one.source.mapping}`"))
    for mapping in mappings.values():
        for name in sorted({own for owns in mapping.map.values() for own in owns} - ours):
            path = SHIPPED_MAPPINGS / f"{mapping.id}.yaml"
            problems.append(_problem(path, f"there is no category `{name}`"))
    return problems


def _problem(path: Path, message: str, remedy: str = "") -> Problem:
    return Problem(file=str(path), line=1, column=1, message=message, remedy=remedy)
