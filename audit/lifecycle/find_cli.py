"""`qinglang data find`: personal data in texts, one JSON document a line in and out.

Values are never printed: a find says kind, place and how sure it is. A line that is no
document is reported by its number alone and the rest is read on. A door: standard input,
files, standard output.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO

from rules.load import DataError, Problem
from rules.personal_files import load_finder
from rules.recognise.personal.finder import Finder
from rules.recognise.personal.kinds import FINDABLE, Confidence, Hit, Kind

LINE = 64 * 1024 * 1024  # characters of one line


def register(commands: Any) -> None:
    """Add `find` below `data`."""
    one = commands.add_parser("find", help="查找个人信息 / find personal data")
    one.add_argument("files", nargs="*", default=["-"], metavar="FILE|-")
    one.add_argument(
        "--jsonl", action="store_true", help='每行 {"id", "text"} / one document a line'
    )
    one.add_argument("--roster", type=Path, metavar="FILE", help="姓名名册 / names to match")
    one.add_argument("--kinds", default="", metavar="KIND,…")
    one.add_argument("--json", action="store_true")
    one.set_defaults(run=run_find)


def run_find(options: argparse.Namespace) -> int:
    """0: read to the end; 1: some line could not be read."""
    kinds = _kinds(options.kinds)
    finder = load_finder(options.roster)
    bad = 0
    counted: Counter[tuple[Kind, Confidence]] = Counter()
    for name in options.files or ["-"]:
        if options.jsonl:
            bad += _documents(name, finder, kinds)
            continue
        for line in _lines(name):
            counted.update((hit.kind, hit.confidence) for hit in finder.find(line)
                           if hit.kind in kinds)  # fmt: skip
    if not options.jsonl:
        _summary(counted, as_json=options.json)
    return 1 if bad else 0


def _documents(name: str, finder: Finder, kinds: frozenset[Kind]) -> int:
    bad = 0
    for number, line in enumerate(_lines(name), 1):
        if not line.strip():
            continue
        try:
            document = json.loads(line)
            identity, text = document["id"], document["text"]
            if not isinstance(text, str):
                raise TypeError
        except (ValueError, KeyError, TypeError, RecursionError):
            bad += 1
            message = 'not a document {"id", "text"}'
            print(f"{name}:{number}: 不是文档 {message}", file=sys.stderr)  # noqa: T201
            continue
        found = [described(hit) for hit in finder.find(text) if hit.kind in kinds]
        print(json.dumps({"id": identity, "found": found}, ensure_ascii=False))  # noqa: T201
    return bad


def described(hit: Hit) -> dict[str, Any]:
    """One find as JSON, without its value."""
    return {
        "kind": hit.kind.value,
        "start": hit.start,
        "end": hit.end,
        "confidence": hit.confidence.value,
    }


def _kinds(wanted: str) -> frozenset[Kind]:
    if not wanted:
        return frozenset(FINDABLE)
    names = [one.strip() for one in wanted.split(",") if one.strip()]
    known = {kind.value for kind in FINDABLE}
    wrong = [one for one in names if one not in known]
    if wrong:
        raise DataError(
            Problem(
                file="--kinds",
                line=1,
                column=1,
                message=f"没有这一类 no such kind: {one}",
                remedy=", ".join(sorted(known)),
            )
            for one in wrong
        )
    return frozenset(map(Kind, names))


def _lines(name: str) -> Iterator[str]:
    """Lines of a file or of standard input; bytes that are no UTF-8 are replaced."""
    stream: TextIO
    if name == "-":
        stream = io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", errors="replace")
    else:
        stream = Path(name).open(encoding="utf-8", errors="replace")  # noqa: SIM115
    with stream:
        while line := stream.readline(LINE):
            yield line


def _summary(counted: Counter[tuple[Kind, Confidence]], *, as_json: bool) -> None:
    if as_json:
        rows: dict[str, dict[str, int]] = {}
        for (kind, confidence), count in sorted(counted.items()):
            rows.setdefault(kind.value, {})[confidence.value] = count
        print(json.dumps(rows, ensure_ascii=False))  # noqa: T201
        return
    for (kind, confidence), count in sorted(counted.items()):
        word = "已验证" if confidence is Confidence.VERIFIED else "疑似"
        print(f"{kind.value:<26} {word} {confidence.value:<10} {count}")  # noqa: T201
