"""`qinglang data risk URL|FILE --table T`: how easily somebody is found again in a table. A door.

Quasi-identifiers are named (`--quasi birth:month,sex`) or proposed from the judged columns. A
column may be coarsened for the sum: `:year`, `:month`, `:2`, `:4`, `:6` (first characters).
`--candidates N` tries combinations of columns and names those that single people out.
Exit code 1: k is smaller than wanted, or a direct identifier is among the columns.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from audit.lifecycle.grouping import Groups
from audit.lifecycle.inventory import plain
from audit.lifecycle.mask_job import digest_of
from audit.lifecycle.recording import Use, add_record, recording
from audit.lifecycle.risk import K_WITHIN, Report, propose, weigh
from audit.lifecycle.risk_source import Opened, opened, wrong
from audit.lifecycle.shapes import text_of
from rules.load import WorldError

MOST_ROWS = 200_000  # read where combinations are tried
MOST_TOGETHER = 4


def register(commands: Any) -> None:
    """Add `risk` below `data`."""
    one = commands.add_parser("risk", help="重标识风险 / risk of re-identification")
    one.add_argument("source", metavar="URL|FILE")
    one.add_argument("--table", default="", metavar="[SCHEMA.]TABLE")
    one.add_argument("--quasi", default="", metavar="COLUMN[:year|:month|:N],…", help="准标识符")
    one.add_argument("--sensitive", default="", metavar="COLUMN,…", help="敏感属性")
    one.add_argument("--k", type=int, default=K_WITHIN)
    one.add_argument("--population", type=int, default=0, metavar="N", help="总体人数")
    one.add_argument(
        "--candidates", type=int, default=0, metavar="N",
        help="试列的组合 (至多 N 列)，找准标识符 try combinations of up to N columns",
    )  # fmt: skip
    one.add_argument("--json", action="store_true")
    more = one.add_argument_group("泛化与抑制 coarsen until k holds")
    more.add_argument("--enforce", default="", metavar="k=N")
    more.add_argument("--out", default="", metavar="FILE")
    more.add_argument("--l", type=int, default=1, help="每组敏感值不少于 l 种 / l-diversity")
    more.add_argument("--l-kind", choices=("distinct", "entropy"), default="distinct")
    more.add_argument("--t", type=float, help="t-closeness, 0 to 1")
    more.add_argument("--max-suppress", type=float, default=0.05, metavar="SHARE")
    more.add_argument("--suppress", choices=("records", "cells"), default="records")
    more.add_argument("--method", choices=("full", "local"), default="full")
    more.add_argument("--ladders", default="", metavar="YAML", help="自定的泛化阶梯 own ladders")
    more.add_argument(
        "--keep", default="", metavar="COLUMN,…", help="原样带上的列 kept as they are"
    )
    more.add_argument("--seed", type=int, default=0)
    more.add_argument("--most-checks", type=int, default=4000, metavar="N")
    add_record(one)
    one.set_defaults(run=run_risk)


def run_risk(options: argparse.Namespace) -> int:
    """0: k holds and nothing identifies directly (or a file was made that does so); 1: not so."""
    if options.k < 1:
        raise wrong("--k", "值不可用 not usable", "1 or more")
    if not 0 <= options.candidates <= MOST_TOGETHER:
        raise wrong("--candidates", "值不可用 not usable", f"1 to {MOST_TOGETHER}")
    wanted = [one for told in (options.quasi, options.sensitive) for one in told.split(",") if one]
    with recording(options, "risk", [options.source], fields=wanted) as use:
        if options.enforce:
            from audit.lifecycle.coarsen.command import run_enforce

            return run_enforce(options, use)
        if options.candidates:
            return _search(options, use)
        weighed = _digest(options.source)
        with opened(options.source, options.table) as source:
            report = _report(options, source)
        if weighed != _digest(options.source):
            raise WorldError("源文件在评估期间变了 the source changed while it was weighed")
        use.subjects = report.rows
        use.fields = tuple(report.quasi)
    if options.json:
        document = {"qinglang": "risk", "version": 1, "source": weighed, "report": plain(report)}
        sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=1) + "\n")
    else:
        _print(report)
    return 1 if report.k < report.wanted or report.direct else 0


def _digest(source: str) -> dict[str, str]:
    """Which file was weighed; of a database nothing is said."""
    path = Path(source)
    return {} if "://" in source or not path.is_file() else {"sha256": digest_of(path)}


def _search(options: argparse.Namespace, use: Use) -> int:
    """1: a column or a combination singles somebody out."""
    from audit.lifecycle.coarsen.candidates import candidates
    from audit.lifecycle.coarsen.coded import Reading, TooManyError

    with opened(options.source, options.table) as source:
        reading, rows = Reading(source.columns), 0
        try:
            for batch in source.batches(source.columns):
                reading.add(batch)
                rows += len(batch[0])
                if rows >= MOST_ROWS:
                    break
        except TooManyError as error:
            raise wrong(source.name, str(error)) from None
    made = candidates(reading.columns(), options.k, options.candidates)
    use.subjects, use.fields = made.rows, source.columns
    if options.json:
        document = {"qinglang": "risk-candidates", "version": 1, "candidates": plain(made)}
        sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=1) + "\n")
        return 1 if made.alone or made.found else 0
    cut = "（只读到这里 read up to here）" if rows >= MOST_ROWS else ""
    lines = [f"行 rows {made.rows}{cut} · k {made.k}"]
    lines += [f"单列即可识别 identifies alone: {one}" for one in made.alone]
    lines += [
        f"{', '.join(one.columns)}: k 不足 below {one.below:.1%} · 唯一 unique {one.unique:.1%}"
        for one in made.found
    ]
    if made.left_out:
        lines.append(f"未参与组合 not combined: {', '.join(made.left_out)}")
    print("\n".join(lines))  # noqa: T201
    return 1 if made.alone or made.found else 0


def _report(options: argparse.Namespace, source: Opened) -> Report:
    quasi, sensitive, direct = propose(source.kinds())
    given = [one for one in options.quasi.split(",") if one]
    named = [one for one in options.sensitive.split(",") if one]
    ways = {one.partition(":")[0]: one.partition(":")[2] for one in given or quasi}
    chosen = named or sensitive
    unknown = [one for one in (*ways, *chosen) if one not in source.columns]
    if unknown or not ways:
        raise wrong(
            "--quasi" if not ways else ", ".join(unknown),
            "没有这一列 no such column",
            "columns: " + ", ".join(source.columns),
        )
    coarse = [_way(way) for way in ways.values()]
    width = len(coarse)
    with Groups(width, chosen) as groups:
        groups.add(
            (
                *(way(text_of(value)) for way, value in zip(coarse, row[:width], strict=True)),
                *row[width:],
            )
            for row in source.rows((*ways, *chosen))
        )
        totals = groups.totals()
        return weigh(
            source.name,
            groups.groups(totals),
            quasi=[*(given or quasi)],
            totals=totals,
            direct=_telling(source, [one for one in direct if one not in ways]),
            proposed=not given,
            wanted=options.k,
            population=options.population,
        )


def _telling(source: Opened, columns: Sequence[str]) -> list[str]:
    """Those of the columns that hold anything: what is wholly redacted names nobody."""
    places = {name: at for at, name in enumerate(source.columns)}
    empty = [
        one for one in columns if all(_blank(text_of(row[places[one]])) for row in source.head)
    ]
    found: set[str] = set()
    for row in source.rows(empty) if empty else ():
        found |= {
            name for name, value in zip(empty, row, strict=True) if not _blank(text_of(value))
        }
        if len(found) == len(empty):
            break
    return [one for one in columns if one not in empty or one in found]


def _blank(text: str) -> bool:
    return not text.strip(" *＊●■□×")


def _way(name: str) -> Callable[[str], str]:
    if not name:
        return lambda text: text
    if name == "year":
        return lambda text: "".join(re.findall("[0-9]+", text))[:4]
    if name == "month":
        return _month
    if name.isdecimal():
        return lambda text: text[: int(name)]
    raise wrong(
        f"--quasi …:{name}", "值不可用 not usable", "year, month, or a number of characters"
    )


def _month(text: str) -> str:
    parts = re.findall("[0-9]+", text)
    return f"{parts[0]}-{int(parts[1]):02d}" if len(parts) > 1 else text[:6]


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
