"""`qinglang data risk URL|FILE --table T`: how easily somebody is found again in a table. A door.

Quasi-identifiers are named (`--quasi birth:month,sex`) or proposed from the judged columns. A
column may be coarsened for the sum: `:year`, `:month`, `:2`, `:4`, `:6` (first characters).
Exit code 1: k is smaller than wanted, or a direct identifier is among the columns.
"""

from __future__ import annotations

import argparse
import itertools
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from audit.lifecycle.databases import Database, parse
from audit.lifecycle.discover import SEED, Found
from audit.lifecycle.grouping import Groups
from audit.lifecycle.inventory import plain
from audit.lifecycle.knowledge import load_judge
from audit.lifecycle.model import Address
from audit.lifecycle.recording import add_record, recording
from audit.lifecycle.risk import K_WITHIN, Report, propose, weigh
from audit.lifecycle.shapes import text_of
from rules.load import DataError, Problem, WorldError
from rules.readers.files import open_pieces
from rules.readers.model import Piece
from rules.recognise.personal.kinds import Kind

HEAD = 2000  # rows that columns are judged by, where none are named

Head = Sequence[Sequence[Any]]
Rows = Callable[[Sequence[str]], Iterator[Sequence[Any]]]


def register(commands: Any) -> None:
    """Add `risk` below `data`."""
    one = commands.add_parser("risk", help="重标识风险 / risk of re-identification")
    one.add_argument("source", metavar="URL|FILE")
    one.add_argument("--table", default="", metavar="[SCHEMA.]TABLE")
    one.add_argument("--quasi", default="", metavar="COLUMN[:year|:month|:N],…", help="准标识符")
    one.add_argument("--sensitive", default="", metavar="COLUMN,…", help="敏感属性")
    one.add_argument("--k", type=int, default=K_WITHIN)
    one.add_argument("--population", type=int, default=0, metavar="N", help="总体人数")
    one.add_argument("--json", action="store_true")
    add_record(one)
    one.set_defaults(run=run_risk)


def run_risk(options: argparse.Namespace) -> int:
    """0: k holds and nothing identifies directly; 1: not so."""
    if options.k < 1:
        raise _wrong("--k", "1 or more")
    wanted = [one for told in (options.quasi, options.sensitive) for one in told.split(",") if one]
    with recording(options, "risk", [options.source], fields=wanted) as use:
        report = _weighed(options)
        use.subjects = report.rows
        use.fields = tuple(report.quasi)
    if options.json:
        document = {"qinglang": "risk", "version": 1, "report": plain(report)}
        sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=1) + "\n")
    else:
        _print(report)
    return 1 if report.k < report.wanted or report.direct else 0


def _weighed(options: argparse.Namespace) -> Report:
    if "://" in options.source:
        url, replicas = parse(options.source)
        with Database(url, replicas) as database:
            found = _table(database.tables(), options.table)
            names = [name for name, _ in found.columns]
            place = database.quoted(found.schema, found.name)

            def rows(wanted: Sequence[str]) -> Iterator[Sequence[Any]]:
                listed = ", ".join(database.quoted(one) for one in wanted)
                return database.query(f"SELECT {listed} FROM {place}")  # noqa: S608

            sample = database.sample(found, HEAD, SEED)
            if sample.problem is not None:
                raise WorldError(f"{found.name}: {sample.problem.zh} {sample.problem.en}")
            return _report(options, found.name, names, sample.rows, rows)
    path = Path(options.source)
    if not path.is_file():
        raise _wrong(options.source, "a file or a database URL")
    names = list(dict.fromkeys(_headers(path)))
    head = list(itertools.islice(_cells(path, names), HEAD))
    return _report(options, path.name, names, head, lambda wanted: _cells(path, wanted))


def _report(
    options: argparse.Namespace, table: str, names: list[str], head: Head, rows: Rows
) -> Report:
    kinds = _kinds(table, names, head)
    quasi, sensitive, direct = propose(kinds)
    given = [one for one in options.quasi.split(",") if one]
    named = [one for one in options.sensitive.split(",") if one]
    ways = {one.partition(":")[0]: one.partition(":")[2] for one in given or quasi}
    chosen = named or sensitive
    unknown = [one for one in (*ways, *chosen) if one not in names]
    if unknown or not ways:
        raise _wrong("--quasi" if not ways else ", ".join(unknown), "columns: " + ", ".join(names))
    coarse = [_way(way) for way in ways.values()]
    width = len(coarse)
    with Groups(width, chosen) as groups:
        groups.add(
            (
                *(way(text_of(value)) for way, value in zip(coarse, row[:width], strict=True)),
                *row[width:],
            )
            for row in rows((*ways, *chosen))
        )
        totals = groups.totals()
        return weigh(
            table,
            groups.groups(totals),
            quasi=[*(given or quasi)],
            totals=totals,
            direct=[one for one in direct if one not in ways],
            proposed=not given,
            wanted=options.k,
            population=options.population,
        )


def _kinds(table: str, names: list[str], head: Head) -> dict[str, Kind | None]:
    judge = load_judge()
    return {
        name: judge.column(
            Address(source="", table=table, column=name), [row[place] for row in head]
        ).kind
        for place, name in enumerate(names)
    }


def _way(name: str) -> Callable[[str], str]:
    if not name:
        return lambda text: text
    if name == "year":
        return lambda text: "".join(re.findall("[0-9]+", text))[:4]
    if name == "month":
        return _month
    if name.isdecimal():
        return lambda text: text[: int(name)]
    raise _wrong(f"--quasi …:{name}", "year, month, or a number of characters")


def _month(text: str) -> str:
    parts = re.findall("[0-9]+", text)
    return f"{parts[0]}-{int(parts[1]):02d}" if len(parts) > 1 else text[:6]


def _table(tables: Iterable[Found], wanted: str) -> Found:
    listed = list(tables)
    for one in listed:
        if wanted in (one.name, f"{one.schema}.{one.name}"):
            return one
    near = ", ".join(f"{one.schema}.{one.name}" for one in listed[:50])
    raise _wrong("--table", near)


def _headers(path: Path) -> Iterator[str]:
    for piece in open_pieces(path):
        if isinstance(piece, Piece):
            if piece.header:
                yield piece.header
            if piece.row > HEAD:
                return
        elif piece.fatal:
            raise WorldError(f"{path.name}: {piece.what.zh} {piece.what.en}")


def _cells(path: Path, wanted: Sequence[str]) -> Iterator[Sequence[Any]]:
    places = {name: place for place, name in enumerate(wanted)}
    row: list[str | None] = [None] * len(wanted)
    at: tuple[str, int] | None = None
    for piece in open_pieces(path):
        if not isinstance(piece, Piece) or not piece.header:
            continue
        if (piece.path, piece.row) != at:
            if at is not None:
                yield row
            row, at = [None] * len(wanted), (piece.path, piece.row)
        if piece.header in places:
            row[places[piece.header]] = piece.text
    if at is not None:
        yield row


def _print(one: Report) -> None:
    said = "（建议 proposed）" if one.proposed else ""
    direct = ", ".join(one.direct) or "无 none"
    lines = [
        f"{one.table} · 行 rows {one.rows} · 准标识符 quasi-identifiers {', '.join(one.quasi)}{said}",  # noqa: E501
        f"直接标识符 direct identifiers: {direct}",
        f"k = {one.k}（要求 wanted {one.wanted}）· 唯一 unique {one.unique:.1%} · k 不足 below {one.below:.1%}",  # noqa: E501
        f"检察官 prosecutor {one.prosecutor:.1%} · 记者 journalist {one.journalist:.1%} · 营销者 marketer {one.marketer:.1%}",  # noqa: E501
        *(
            f"{d.column}: l = {d.l_distinct}（熵 entropy {d.l_entropy}）· t = {d.t}"
            for d in one.diversity
        ),
        f"{one.level_text.zh} {one.level_text.en}（{one.basis[0].source} {one.basis[0].status.value}）",  # noqa: E501
        one.limits.zh,
    ]
    print("\n".join(lines))  # noqa: T201


def _wrong(where: str, remedy: str) -> DataError:
    return DataError(
        [Problem(file=where, line=1, column=1, message="值不可用 not usable", remedy=remedy)]
    )
