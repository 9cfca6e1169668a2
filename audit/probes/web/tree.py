"""Configuration files by path, as some host has them, and how includes find each other. Pure.

A Tree comes from a folder, an archive or the collector. Text is UTF-8, else GB 18030. Paths are
those of the host; where only a part of it was handed over (a copy of /etc/nginx), an include is
found by the longest tail of its path that matches.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from posixpath import basename, dirname, join, normpath

MAX_FILE = 1 << 20
MAX_INCLUDED = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class Mode:
    """Owner and rights of one file, in words of `stat`."""

    mode: str
    owner: str = ""
    group: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """Texts and modes by path; `unread`: what is there and could not be read, and why."""

    texts: Mapping[str, str]
    modes: Mapping[str, Mode] = field(default_factory=dict)
    unread: Mapping[str, str] = field(default_factory=dict)
    cleared: bool = False  # secrets were taken out before we saw it

    def find(self, *names: str) -> str:
        """The first path that ends with one of these names; the shortest of several."""
        for name in names:
            held = [one for one in self.texts if one == name or one.endswith(f"/{name}")]
            if held:
                return min(held, key=lambda one: (len(one), one))
        return ""

    def under(self, *patterns: str) -> list[str]:
        """Paths that match one of the patterns."""
        return sorted(one for one in self.texts if any(fnmatchcase(one, each) for each in patterns))

    def included(self, pattern: str, base: str) -> list[str]:
        """The files an include names, from the folder `base` on."""
        wanted = normpath(pattern if pattern.startswith("/") else join(base, pattern))
        parts = wanted.lstrip("/").split("/")
        for at in range(len(parts)):
            tail = "/" + "/".join(parts[at:])
            held = [one for one in self.texts if _matches(one, tail)]
            if held:
                return sorted(held)[:MAX_INCLUDED]
        return []

    def gaps(self, *words: str) -> list[dict[str, str]]:
        """What could not be read whose path holds one of the words, as gaps of everything."""
        return [
            {"path": "", "why": "denied", "detail": f"{path}: {why}"[:200]}
            for path, why in sorted(self.unread.items())
            if any(word in path for word in words)
        ]


def _matches(path: str, pattern: str) -> bool:
    """`*` within one folder only, as servers have it."""
    return path.count("/") == pattern.count("/") and fnmatchcase(path, pattern)


def decoded(data: bytes) -> str:
    """The text of a configuration file."""
    plain = data[:MAX_FILE].removeprefix(b"\xef\xbb\xbf")
    for name in ("utf-8", "gb18030"):
        try:
            return plain.decode(name)
        except ValueError:
            continue
    return plain.decode("utf-8", "replace")


def rooted(paths: Iterable[tuple[str, bytes]]) -> Tree:
    """A Tree of files as they lie in a folder: paths from its root."""
    return Tree(texts={"/" + path.lstrip("./"): decoded(data) for path, data in paths})


def wide(tree: Tree, paths: Iterable[str], allowed: int) -> list[str]:
    """Those of the paths whose mode gives more than `allowed`."""
    return sorted(
        path
        for path in paths
        if path in tree.modes and int(tree.modes[path].mode, 8) & 0o777 & ~allowed
    )


def opened(tree: Tree, name: str, paths: Iterable[str], allowed: int) -> dict[str, list[str]]:
    """`{name: those too wide}`; nothing where no mode was seen, because that was not looked at."""
    held = [path for path in paths if path in tree.modes]
    return {name: wide(tree, held, allowed)} if held else {}


__all__ = [
    "MAX_FILE",
    "Mode",
    "Tree",
    "basename",
    "decoded",
    "dirname",
    "opened",
    "rooted",
    "wide",
]
