"""What was searched for: (host, path, body) → Query, from one data file per engine. Pure.

A place says where an engine's searches live and where the words stand: in parameters, in
the path (`/search/{}`), or in a posted form or JSON document. Words are decoded as the
engine would (`ie=gbk`, %-escapes of any depth). What the words mean is `terms.py`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

from rules.hosts import normal_path
from rules.model import Status, Text
from rules.recognise.parameters import pairs, text_of, values
from rules.recognise.sites import Sites

MOST_WORDS = 512  # characters of a query that are judged


class Kind(StrEnum):
    """What is searched."""

    WEB = "web"
    IMAGE = "image"
    VIDEO = "video"
    NEWS = "news"
    FORUM = "forum"  # 贴吧、社区
    ANSWERS = "answers"  # 知道、问答
    REFERENCE = "reference"  # 百科、文库、学术、词典
    SOCIAL = "social"
    SHOP = "shop"
    MUSIC = "music"
    APPS = "apps"
    BOOKS = "books"
    CODE = "code"
    MAP = "map"
    TRANSLATION = "translation"
    SUGGEST = "suggest"  # what is offered while somebody types


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """One search: by which engine, for what words, of what kind."""

    engine: str
    words: str
    kind: Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an engine's words stand.

    `hosts` are suffixes, `paths` whole-segment prefixes (`/` is the root alone; none:
    every path). `words` are parameters, `template` a path with `{}` for the words, `form`
    and `json` the fields of a posted body. `charset` is the parameter that names one.
    """

    hosts: tuple[str, ...]
    kind: Kind = Kind.WEB
    paths: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    template: str = ""
    form: tuple[str, ...] = ()
    json: tuple[str, ...] = ()
    charset: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not (self.words or self.template or self.form or self.json):
            raise ValueError("a place needs `words`, `template`, `form` or `json`")
        if self.template and self.template.count("{}") != 1:
            raise ValueError("`template` holds `{}` once")
        if any(not path.startswith("/") for path in self.paths):
            raise ValueError("a path begins with `/`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A URL without scheme, perhaps with a posted body, and the words it asks for."""

    url: str
    words: str
    kind: Kind = Kind.WEB
    body: str = ""
    media: str = "application/x-www-form-urlencoded"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """What must be read, and what is no search."""

    hit: tuple[Hit, ...]
    miss: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """One search service: rules/search/engines/<id>.yaml."""

    id: str
    title: Text
    source: str
    places: tuple[Place, ...]
    examples: Cases
    status: Status = Status.UNVERIFIED
    limits: Text | None = None


@dataclass(frozen=True, slots=True)
class _Row:
    engine: str
    place: Place
    template: re.Pattern[str] | None
    paths: tuple[str, ...] = field(default=())


class SearchBook:
    """The engines by host."""

    def __init__(self, engines: tuple[tuple[str, tuple[Place, ...]], ...]) -> None:
        self._sites = Sites(
            (host, _row(name, place))
            for name, places in engines
            for place in places
            for host in place.hosts
        )

    def query(self, host: str, path: str) -> Query | None:
        """What a URL searches for. None where it is no search."""
        rows = self._sites.at(host)
        if not rows:
            return None
        where, _, query = path.partition("#")[0].partition("?")
        plain = normal_path(where or "/")
        for row in rows:
            if not _within(plain, row.paths):
                continue
            words = _words(row, where, query)
            if words:
                return Query(engine=row.engine, words=words, kind=row.place.kind)
        return None

    def takes_body(self, host: str, path: str) -> bool:
        """Whether searches are posted here."""
        rows = self._sites.at(host)
        if not rows:
            return False
        plain = normal_path(path.partition("?")[0] or "/")
        return any((one.place.form or one.place.json) and _within(plain, one.paths) for one in rows)

    def posted(self, host: str, path: str, fields: tuple[tuple[str, str], ...]) -> Query | None:
        """What a posted body searches for; `fields` are (name or JSON path, value)."""
        plain = normal_path(path.partition("?")[0] or "/")
        for row in self._sites.at(host):
            wanted = {name.lower() for name in (*row.place.form, *row.place.json)}
            if not wanted or not _within(plain, row.paths):
                continue
            found = [value for name, value in fields if name.lower() in wanted]
            words = " ".join(dict.fromkeys(filter(None, found)))[:MOST_WORDS]
            if words:
                return Query(engine=row.engine, words=words, kind=row.place.kind)
        return None


def _row(name: str, place: Place) -> _Row:
    template = None
    if place.template:
        before, _, after = place.template.partition("{}")
        template = re.compile(
            f"{re.escape(before)}([^/?]+?){re.escape(after)}(?:/|$)", re.IGNORECASE
        )
    return _Row(name, place, template, tuple(path.lower() for path in place.paths))


def _within(path: str, prefixes: tuple[str, ...]) -> bool:
    if not prefixes:
        return True
    for prefix in prefixes:
        if prefix == "/":
            if path == "/":
                return True
        elif path.startswith(prefix) and path[len(prefix) : len(prefix) + 1] in ("", "/", "="):
            return True
    return False


def _words(row: _Row, where: str, query: str) -> str:
    place = row.place
    charset = ""
    if place.charset and query:
        named = dict(reversed([*pairs(query)]))
        charset = next((named[name] for name in place.charset if named.get(name)), "")
    if row.template is not None:
        found = row.template.match(where)
        if found:
            return text_of(found[1], charset)[:MOST_WORDS]
    if place.words and query:
        return " ".join(values(query, place.words, charset))[:MOST_WORDS]
    return ""
