"""Has any data file changed? Metadata of files and nothing else; contents are never read here."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from gateway.identity import renames
from gateway.node import Node
from gateway.reload import ROOMS, orders_file


def watched(node: Node) -> tuple[Path, ...]:
    """Every file and folder whose change calls for a new publication."""
    shipped = [ROOMS / "policies", ROOMS / "rules"]
    bundle = node.data / "bundles" / "current"
    told = (orders_file(node), renames.file(node))
    return (*shipped, *node.policy, *node.rules, node.data / "lists", *told, bundle)


def stamp(paths: Iterable[Path]) -> int:
    """A number that changes when any data file below `paths` does (name, size, mtime).

    Only metadata is read; a few hundred files cost about a millisecond.
    """
    return hash(frozenset(entry for path in paths for entry in _entries(path)))


def _entries(path: Path) -> Iterable[tuple[str, int, int]]:
    try:
        if path.is_file():
            found = path.stat()
            yield (str(path), found.st_mtime_ns, found.st_size)
            return
        for entry in os.scandir(path):
            if entry.name.startswith((".", "__")) or entry.name.endswith((".py", ".tmp", "~")):
                continue
            if entry.is_dir():
                yield from _entries(Path(entry.path))
            else:
                found = entry.stat()
                yield (entry.path, found.st_mtime_ns, found.st_size)
    except OSError:
        return  # it went away while being looked at: the next look sees the change
