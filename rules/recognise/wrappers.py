"""URLs inside URLs: translators, caches, archives, AMP, jump pages → the inner URLs. Pure.

What somebody reads through a wrapper is the inner page, so the inner URL is what must be
judged. One data file per family says where it stands: a parameter (escaped, or Base64),
the rest of the path, or the host itself (`www-example-com.translate.goog`).
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from enum import StrEnum

from rules.hosts import normal_path, split_url
from rules.model import Status, Text
from rules.recognise.parameters import text_of, values
from rules.recognise.sites import Sites

DEEPEST = 3  # wrappers in wrappers
MOST = 8  # inner URLs of one URL
LONGEST = 2048

_WEB = re.compile(r"(?:[\w-]{1,24}:){0,2}https?:/{1,2}", re.IGNORECASE)  # cache:https://…
_BARE = re.compile(r"[^\s/?#@]+\.[^\s/?#@.]{2,}(?:[/?#:]|$)")
_BASE64 = re.compile(r"aHR0c[A-Za-z0-9+/_-]{4,}={0,2}")
_SLASHES = re.compile(r"(?:/|%(?:25)*2f){2}", re.IGNORECASE)
_UNWANTED = re.compile(r"[\x00-\x20\x7f]")


class HostCode(StrEnum):
    """How a host spells another one."""

    TRANSLATE_GOOG = "translate-goog"  # `.` is `-`, `-` is `--`


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where inner URLs stand.

    `hosts` are suffixes, `*` is every host. `paths` are whole-segment prefixes in which `*`
    is any one segment; with `rest` what follows such a prefix is the inner URL. `urls` are
    parameters. `segments`: only where one of the path's segments is one of these.
    """

    hosts: tuple[str, ...]
    paths: tuple[str, ...] = ()
    segments: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()
    rest: bool = False
    host_code: HostCode | None = None

    def __post_init__(self) -> None:
        if not (self.urls or self.rest or self.host_code):
            raise ValueError("a place needs `urls`, `rest` or `host_code`")
        if self.rest and not self.paths:
            raise ValueError("`rest` needs `paths`")
        if "*" in self.hosts and not (self.segments and self.urls):
            raise ValueError("a place for every host needs `segments` and `urls`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A URL without scheme and the inner URLs (host and path) that must be found."""

    url: str
    inner: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    hit: tuple[Hit, ...]
    miss: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wrapper:
    """One family of wrappers: rules/wrappers/<id>.yaml."""

    id: str
    title: Text
    source: str
    places: tuple[Place, ...]
    examples: Cases
    status: Status = Status.UNVERIFIED
    limits: Text | None = None


@dataclass(frozen=True, slots=True)
class Inner:
    """An inner URL: canonical host, path as written, and which wrapper it stood in."""

    host: str
    path: str
    wrapper: str


@dataclass(frozen=True, slots=True)
class _Row:
    name: str
    place: Place
    paths: tuple[re.Pattern[str], ...]
    segments: frozenset[str]


class WrapperBook:
    """The wrappers by host, and those of every host."""

    def __init__(self, wrappers: tuple[tuple[str, tuple[Place, ...]], ...]) -> None:
        rows = [
            (host, _row(name, one)) for name, all_ in wrappers for one in all_ for host in one.hosts
        ]
        self._sites = Sites((host, row) for host, row in rows if host != "*")
        self._anywhere = tuple(row for host, row in rows if host == "*")

    def inner(self, host: str, path: str) -> tuple[Inner, ...]:
        """The URLs inside a URL, wrappers inside wrappers included, each once."""
        if not self._sites.at(host) and not _holds_url(path):
            return ()
        found: dict[tuple[str, str], Inner] = {}
        queue = [(host, path)]
        for _ in range(DEEPEST):
            next_ones: list[tuple[str, str]] = []
            for one_host, one_path in queue:
                for inner in self._once(one_host, one_path[:LONGEST]):
                    key = (inner.host, inner.path)
                    if key not in found and key != (host, path) and len(found) < MOST:
                        found[key] = inner
                        next_ones.append(key)
            queue = next_ones
        return tuple(found.values())

    def _once(self, host: str, path: str) -> list[Inner]:
        where, _, query = path.partition("#")[0].partition("?")
        plain = normal_path(where or "/")
        found: list[Inner] = []
        for row in (*self._sites.at(host), *(self._anywhere if _holds_url(path) else ())):
            texts = _texts(row, host, path, where, plain, query)
            for text in texts:
                split = _split(text)
                if split is not None and (split[0] != host or row.place.host_code is None):
                    found.append(Inner(split[0], split[1], row.name))
        return found


def _texts(row: _Row, host: str, path: str, where: str, plain: str, query: str) -> tuple[str, ...]:
    """The texts of a URL that should be URLs themselves."""
    place = row.place
    if row.segments and row.segments.isdisjoint(plain.split("/")):
        return ()
    if place.host_code is HostCode.TRANSLATE_GOOG:
        return (_translated(host) + path,)
    if place.rest:
        for pattern in row.paths:
            found = pattern.match(path)
            if found and len(path) > found.end():
                rest = path[found.end() :]
                return (text_of(rest.replace("+", "%2B")) if "%" in rest[:16] else rest,)
        return ()
    if row.paths and not any(pattern.match(f"{where}/") for pattern in row.paths):
        return ()
    return tuple(_unpacked(text) for text in values(query, place.urls))


def _unpacked(text: str) -> str:
    """A Base64 parameter's URL; other texts as they are."""
    if "://" in text[:16]:
        return text
    found = _BASE64.search(text)
    if found is None:
        return text
    raw = found[0].replace("-", "+").replace("_", "/").rstrip("=")
    try:
        return base64.b64decode(raw + "=" * (-len(raw) % 4), validate=True).decode(
            "utf-8", "replace"
        )
    except (binascii.Error, ValueError):
        return text


def _translated(host: str) -> str:
    label = host.partition(".")[0]
    return label.replace("--", "\0").replace("-", ".").replace("\0", "-")


def _split(text: str) -> tuple[str, str] | None:
    """(host, path) of an absolute URL or of `host.name/path`; None for anything else."""
    text = _UNWANTED.sub("", text)[:LONGEST]
    web = _WEB.match(text)
    if web:
        text = "https://" + text[web.end() :].lstrip("/")
    elif text.startswith("//"):
        text = "https:" + text
    elif not _BARE.match(text) or text.startswith((".", "-")):
        return None
    try:
        host, _, path = split_url(text)
    except ValueError:
        return None
    return (host, path or "/") if "." in host or ":" in host else None


def _holds_url(path: str) -> bool:
    """Whether there is a `//`, escaped or not: two searches for the common path without."""
    return ("//" in path or "%2" in path) and _SLASHES.search(path) is not None


def _row(name: str, place: Place) -> _Row:
    patterns = tuple(
        re.compile(_pattern(path, rest=place.rest), re.IGNORECASE) for path in place.paths
    )
    return _Row(name, place, patterns, frozenset(one.lower() for one in place.segments))


def _pattern(path: str, *, rest: bool) -> str:
    """`/` is the root alone, or with `rest` the beginning of every path."""
    if path == "/":
        return "/+" if rest else "/+$"
    parts = ["[^/]+" if part == "*" else re.escape(part) for part in path.strip("/").split("/")]
    return "/+" + "/+".join(parts) + "/+"
