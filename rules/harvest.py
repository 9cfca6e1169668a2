"""Reads one source completely: its files through the importer of its format.

Between the importers, which know lines, and the build, which knows tables. Used by the
build and, to judge fetched bytes before they replace good ones, by `feeds`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from rules.hosts import canonical
from rules.importers.adblock import adblock
from rules.importers.plain import hosts, plain, starter
from rules.importers.rows import NOTHING, Drain, Flag, Rows
from rules.importers.rpz import rpz
from rules.importers.streams import Lines, RefusedError, open_lines, open_tree
from rules.importers.tables import table
from rules.importers.ut1 import ut1
from rules.importers.v2fly import v2fly
from rules.sources import TREES, Format, Placed, Source, Translation, wanted_lists
from rules.suffixes import Suffixes

Importer = Callable[[Lines, Rows], None]

IMPORTERS: Mapping[Format, Importer] = {
    Format.STARTER: starter,
    Format.HOSTS: hosts,
    Format.PLAIN: plain,
    Format.ADBLOCK: adblock,
    Format.RPZ: rpz,
}
"""One reader per line format; CSV takes options, UT1 and v2fly take trees."""


def new_rows(
    source: Source,
    words: Callable[[tuple[str, ...], Flag], int],
    drain: Drain,
    suffixes: Suffixes,
) -> Rows:
    """The collector of one source; a public suffix covers itself only, unless it is named."""
    named = frozenset(canonical(name).encode("ascii") for name in source.registries)

    def refused(key: bytes) -> bool:
        return suffixes.covers(key) and key not in named

    return Rows(words, drain, scope=source.flag, refused=refused if named else suffixes.covers)


def harvest(placed: Placed, rows: Rows, mappings: Mapping[str, Translation]) -> None:
    """Read every file of a source into `rows`. Raises RefusedError for a file not to be taken."""
    for path in placed.paths:
        rows.file = path.name
        try:
            _read(placed.source, path, rows, mappings)
        except FileNotFoundError as error:
            hint = f"; run `qinglang rules update {placed.source.id}`"
            said = f"{path.name} is not there{hint if placed.source.location else ''}"
            raise RefusedError(said) from error
        except OSError as error:
            raise RefusedError(f"{path.name} cannot be read: {error.strerror or error}") from error
    if rows.tally.rows == 0:
        raise RefusedError("empty: not one usable line")


def _read(source: Source, path: Path, rows: Rows, mappings: Mapping[str, Translation]) -> None:
    if source.format in TREES:
        with open_tree(path) as members:
            if source.format is Format.UT1:
                ut1(members, rows)
            else:
                v2fly(members, rows, wanted_lists(source, mappings))
        return
    importer = IMPORTERS.get(
        source.format, partial(table, columns=source.columns, delimiter=source.delimiter)
    )
    with open_lines(path) as lines:
        importer(lines, rows)


def probe(
    placed: Placed,
    translate: Callable[[tuple[str, ...]], tuple[str, ...]],
    mappings: Mapping[str, Translation],
    suffixes: Suffixes,
) -> Rows:
    """Read a source only to count it: nothing is kept but the tally. Raises RefusedError."""
    rows = new_rows(
        placed.source,
        lambda names, _: 0 if translate(names) else NOTHING,
        lambda _keys, _words: None,
        suffixes,
    )
    harvest(placed, rows, mappings)
    return rows
