"""SafeSearch at the content depth: which search requests to change, and how. Pure.

Each engine of safesearch.yaml says where its searches live and what makes them
safe: query parameters, a request header, or another name to connect to. What the
client wrote about those parameters is dropped however it was spelt; everything
else keeps its bytes and order, and a request that is safe already is left alone.
The same at the DNS depth (safe names in answers) belongs to gateway/dns.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import unquote

from rules.load import load
from rules.model import Basis, Facts, Stage, Text

SOURCE = Path(__file__).with_name("safesearch.yaml")

_NAME = re.compile(r"[a-z0-9_.-]*")
_TOKEN = re.compile(r"[A-Za-z0-9_.-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """`given` is a URL without scheme; it must become `becomes` (the same: header only)."""

    given: str
    becomes: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineExamples:
    """URLs without scheme that must be changed, and that must be left alone."""

    hit: tuple[Hit, ...] = ()
    miss: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """One search service and its documented switch.

    `hosts` are suffixes. `paths` are prefixes by whole segments ("/" = the root
    alone); none = every path. `set` are query parameters, `drop` those that would
    loosen them, `headers` request headers, `connect` a name to connect to while
    Host and SNI stay.
    """

    id: str
    title: Text
    hosts: tuple[str, ...]
    basis: tuple[Basis, ...]
    examples: EngineExamples
    paths: tuple[str, ...] = ()
    set: Mapping[str, str] = field(default_factory=dict)
    drop: tuple[str, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    connect: str = ""
    limits: Text | None = None

    def __post_init__(self) -> None:
        if not (self.set or self.headers or self.connect):
            raise ValueError(f"engine `{self.id}` changes nothing: give set, headers or connect")
        for text in (*self.set, *self.set.values(), *self.drop):
            if not _TOKEN.fullmatch(text):
                raise ValueError(f"`{text}` is not a plain parameter name or value")


@dataclass(frozen=True, slots=True, kw_only=True)
class Without:
    """A service for which no switch is documented: said, not guessed."""

    id: str
    title: Text
    hosts: tuple[str, ...]
    limits: Text


@dataclass(frozen=True, slots=True, kw_only=True)
class SafeSearchFile:
    """safesearch.yaml."""

    engines: tuple[Engine, ...]
    without: tuple[Without, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrite:
    """What to change in a request. None and () mean: leave as it is.

    `path` is path plus query. `host` is a name to connect to in place of the
    request's own; Host header and SNI stay (as behind a DNS CNAME).
    """

    path: str | None = None
    set_headers: tuple[tuple[str, str], ...] = ()
    host: str | None = None


class SafeSearch:
    """The engines, indexed by host suffix. Built once per worker."""

    def __init__(self, engines: Iterable[Engine]) -> None:
        found: dict[str, list[Engine]] = {}
        for engine in engines:
            for host in engine.hosts:
                found.setdefault(host, []).append(engine)
        self._engines = {host: tuple(those) for host, those in found.items()}

    @classmethod
    def load(cls, path: Path = SOURCE) -> Self:
        """Read the engines. Raises DataError."""
        return cls(load(SafeSearchFile, path).engines)

    def rewrite(self, facts: Facts, header: Callable[[str], str]) -> Rewrite | None:
        """What makes this request safe, or None where nothing is to be done.

        `header(name)` gives the request's value or "". Idempotent: a request
        changed accordingly gives None (but for `host`, which the request does not
        show). Total for any path.
        """
        if facts.stage is not Stage.REQUEST or facts.method == "CONNECT":
            return None
        path, headers, connect = facts.path, [], None
        for engine in self._serving(facts.host):
            if not _covers(engine, facts.path):
                continue
            path = safe_path(path, engine.set, engine.drop)
            headers += [(name, to) for name, to in engine.headers.items() if header(name) != to]
            connect = connect or engine.connect or None
        if path == facts.path and not headers and connect is None:
            return None
        changed = None if path == facts.path else path
        return Rewrite(path=changed, set_headers=tuple(headers), host=connect)

    def _serving(self, host: str) -> tuple[Engine, ...]:
        """The engines of the longest suffix that has any."""
        name = host.lower().rstrip(".")
        while name:
            if name in self._engines:
                return self._engines[name]
            name = name.partition(".")[2]
        return ()


def _covers(engine: Engine, path: str) -> bool:
    if not engine.paths:
        return True
    plain = _plain(path)
    return any(_under(plain, prefix) for prefix in engine.paths)


def _under(plain: str, prefix: str) -> bool:
    if prefix == "/":
        return plain == "/"
    return plain == prefix or plain.startswith(prefix + "/")


def _plain(path: str) -> str:
    """The path as a lenient server may read it: decoded, lower case, no empty or dot segments."""
    raw = unquote(re.split(r"[?#;]", path, maxsplit=1)[0]).lower().replace("\\", "/")
    return "/" + "/".join(part for part in raw.split("/") if part not in ("", ".", ".."))


def safe_path(path: str, wanted: Mapping[str, str], drop: Iterable[str] = ()) -> str:
    """`path` with each wanted parameter exactly once and no spelling of it otherwise.

    Where that holds already, `path` itself. Other parameters keep bytes and order;
    the wanted ones go to the end. A fragment (never legal in a request) is cut.
    """
    if not wanted:
        return path
    bare, _, query = path.partition("#")[0].partition("?")
    ours = [f"{name}={value}" for name, value in wanted.items()]
    governed = frozenset(wanted) | frozenset(drop)
    segments = query.split("&") if query else []
    present = [segment for segment in segments if _name(segment) in governed]
    if sorted(present) == sorted(ours) and "#" not in path:
        return path
    kept = [segment for segment in segments if _name(segment) not in governed]
    return f"{bare}?{'&'.join(kept + ours)}"


def _name(segment: str) -> str:
    """The parameter a segment may mean to a lenient server: decoded twice, lower case.

    Sees through `SAFE=`, `%73afe=`, `safe%3Doff`, `amp;safe=` (from `&amp;`),
    `safe[]=`, `+safe=`.
    """
    raw = segment.partition("=")[0]
    text = unquote(unquote(raw)).lower().replace("+", " ").strip()
    while text.startswith("amp;"):
        text = text[4:].strip()
    found = _NAME.match(text)
    return found.group() if found else ""
