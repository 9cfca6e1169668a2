"""CSV and TSV: a host column and a category column, with or without a header."""

from __future__ import annotations

import csv
import re

from rules.importers.rows import NOTHING, Rows
from rules.importers.streams import Lines, RefusedError

_HOST = frozenset(("host", "domain", "hostname", "name", "url", "fqdn", "域名", "网址"))
_CATEGORY = frozenset(("category", "categories", "class", "type", "tag", "tags", "类别", "分类"))
_SPLIT = re.compile(r"[;|,/ ]+")


def table(lines: Lines, rows: Rows, *, columns: tuple[str, ...] = (), delimiter: str = "") -> None:
    """Rows of `host,category[;category]`; `columns` names them where there is no header.

    A last line without an end that does not hold all columns means a cut file: RefusedError.
    """
    known: dict[bytes, int] = {}
    mark, host_at, at = delimiter.encode(), 0, 1
    for first, whole, unended in lines.chunks():
        chunk = whole
        if first == 1:
            mark = mark or (b"\t" if b"\t" in chunk[0] else b",")
            names = columns or tuple(_fields(chunk[0], mark.decode()))
            found = _header(names)
            if found is not None:
                host_at, at = found
                chunk = whole if columns else [b"", *whole[1:]]
        cut = unended and bool(known) and _unheard(chunk[-1], mark, known, rows)
        if (host_at, at) == (0, 1):
            _quick(chunk, first, mark, known, rows)
        else:
            _careful(chunk, first, mark.decode(), (host_at, at), known, rows)
        if unended and (mark not in chunk[-1] or cut):
            raise RefusedError(f"truncated: line {first} is not complete and has no end")
        rows.flush()


def _quick(
    chunk: list[bytes], first: int, mark: bytes, known: dict[bytes, int], rows: Rows
) -> None:
    """The hot loop: host, mark, categories. Quoted lines go the careful way."""
    take = rows.take
    for number, line in enumerate(chunk, first):
        host, found, names = line.partition(mark)
        word = known.get(names)
        if word is None:
            if not line.strip() or line[:1] == b"#":
                continue
            if b'"' in line or mark in names:
                _careful([line], number, mark.decode(), (0, 1), known, rows)
                continue
            if not found:
                rows.bad(number, "no category column", line)
                continue
            word = known[names] = _word(names.decode("utf-8", "replace"), rows)
        take(host, word, number)


def _careful(
    chunk: list[bytes],
    first: int,
    mark: str,
    at: tuple[int, int],
    known: dict[bytes, int],
    rows: Rows,
) -> None:
    for number, line in enumerate(chunk, first):
        if not line.strip() or line[:1] == b"#":
            continue
        fields = _fields(line, mark)
        if len(fields) <= max(at):
            rows.bad(number, "too few columns", line)
            continue
        names = fields[at[1]]
        word = known.get(names.encode())
        if word is None:
            word = known[names.encode()] = _word(names, rows)
        rows.take(fields[at[0]].strip().encode(), word, number)


def _word(names: str, rows: Rows) -> int:
    listed = [name for name in _SPLIT.split(names.strip().strip('"')) if name]
    return rows.word(listed) if len(listed) < 64 else NOTHING


def _unheard(line: bytes, mark: bytes, known: dict[bytes, int], rows: Rows) -> bool:
    """Does the last, unended line hold a category never seen before (half a word)?"""
    names = line.partition(mark)[2]
    return names not in known and _word(names.decode("utf-8", "replace"), rows) == NOTHING


def _fields(line: bytes, mark: str) -> list[str]:
    text = line.decode("utf-8", "replace").replace("\0", "�")
    try:
        return next(csv.reader([text], delimiter=mark), [])
    except csv.Error:
        return []


def _header(names: tuple[str, ...]) -> tuple[int, int] | None:
    lower = [name.strip().lower() for name in names]
    hosts = [at for at, name in enumerate(lower) if name in _HOST]
    categories = [at for at, name in enumerate(lower) if name in _CATEGORY]
    return (hosts[0], categories[0]) if hosts and categories else None
