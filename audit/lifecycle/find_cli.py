"""`qinglang data find`: personal data in files of any kind, or in documents one a line.

Values are never printed: a find says kind, place and how sure it is. What can not be read is
said by file and line, never quoted, and the rest is read on. A door: standard input, files,
standard output.
"""

from __future__ import annotations

import argparse
import io
import json
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from audit.lifecycle.finding import Search, Tally
from audit.lifecycle.recording import Use, add_record, recording
from gateway.rosters import open_roster
from rules.load import DataError, Problem
from rules.model import Text
from rules.personal_files import load_knowledge
from rules.readers.files import open_pieces
from rules.readers.model import Piece, Unread
from rules.recognise.personal.finder import Finder
from rules.recognise.personal.kinds import FINDABLE, Confidence, Hit, Kind
from rules.recognise.personal.triggers import Linear, Plain, Trigger, Vector, best

LINE = 64 * 1024 * 1024  # bytes of one line
BLOCK = 64 * 1024
ENGINES: dict[str, Callable[[Iterable[str]], Trigger]] = {
    "auto": best, "hyperscan": Vector, "re2": Linear, "re": Plain,
}  # fmt: skip
ABSENT = Text(zh="文件打不开", en="can not be opened")


def register(commands: Any) -> None:
    """Add `find` below `data`."""
    one = commands.add_parser("find", help="查找个人信息 / find personal data")
    one.add_argument("files", nargs="*", default=["-"], metavar="FILE|-")
    one.add_argument(
        "--jsonl", action="store_true", help='每行 {"id", "text"} / one document a line'
    )
    one.add_argument("--roster", type=Path, metavar="FILE", help="姓名名册 / names to match")
    one.add_argument("--roster-key", type=Path, metavar="KEYFILE", help="名册密钥 / its key")
    one.add_argument("--kinds", default="", metavar="KIND,…")
    one.add_argument("--engine", choices=sorted(ENGINES), default="auto")
    one.add_argument("--show-places", action="store_true", help="逐处列出位置 / list every place")
    one.add_argument("--json", action="store_true")
    add_record(one)
    one.set_defaults(run=run_find)


def run_find(options: argparse.Namespace) -> int:
    """0: read to the end; 1: some part could not be read; 3: a file could not be opened."""
    kinds = _kinds(options.kinds)
    if options.roster_key is not None and options.roster is None:
        raise _wrong("--roster-key", "没有指定名册 no roster was given", "--roster FILE")
    names = options.files or ["-"]
    used = [*names, *([str(options.roster)] if options.roster else [])]
    with recording(options, "find", used, fields=sorted(kind.value for kind in kinds)) as use:
        roster = open_roster(options.roster, options.roster_key) if options.roster else None
        finder = Finder(load_knowledge(), roster, _engine(options.engine))
        if roster is not None:
            use.counts["roster"] = roster.size
        if options.jsonl:
            return max(_jsonl(name, finder, kinds) for name in names)
        return _files(names, Search(finder, kinds), options, use)


def _jsonl(name: str, finder: Finder, kinds: frozenset[Kind]) -> int:
    if name == "-":
        return documents(sys.stdin.buffer, "-", finder, kinds)
    try:
        with Path(name).open("rb") as stream:
            return documents(stream, name, finder, kinds)
    except OSError as error:
        print(f"{name}: {ABSENT.zh} {ABSENT.en}: {error.strerror}", file=sys.stderr)  # noqa: T201
        return 3


def documents(stream: BinaryIO, name: str, finder: Finder, kinds: frozenset[Kind]) -> int:
    """One answer for each good line, as soon as it is there; bad lines by their number."""
    bad = 0
    write = sys.stdout.write
    for number, line in enumerate(_lines(stream), 1):
        if line is not None and not line.strip():
            continue
        document = None if line is None else document_of(line)
        if document is None:
            bad += 1
            message = '不是 {"id", "text"} 文档 not a document {"id", "text"}'
            print(f"{name}:{number}: {message}", file=sys.stderr)  # noqa: T201
            continue
        identity, text = document
        found = [described(hit) for hit in finder.find(text) if hit.kind in kinds]
        write(json.dumps({"id": identity, "found": found}) + "\n")
        sys.stdout.flush()
    return 1 if bad else 0


def document_of(line: bytes) -> tuple[Any, str] | None:
    """Identity and text of a line (UTF-8, or else GB18030); None where it has none."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            document = json.loads(line.decode(encoding))
            identity, text = document["id"], document["text"]
        except UnicodeDecodeError:
            continue
        except (ValueError, KeyError, TypeError, RecursionError):
            return None
        return (identity, text) if isinstance(text, str) else None
    return None


def _lines(stream: BinaryIO) -> Iterator[bytes | None]:
    """Lines; None for one that is too long, which is skipped."""
    while line := stream.readline(LINE + 1):
        if len(line) <= LINE:
            yield line
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(LINE)
        yield None


def described(hit: Hit) -> dict[str, Any]:
    """One find as JSON, without its value."""
    return {
        "kind": hit.kind.value,
        "start": hit.start,
        "end": hit.end,
        "confidence": hit.confidence.value,
    }


def _files(names: list[str], search: Search, options: argparse.Namespace, use: Use) -> int:
    status = 0
    total: Counter[tuple[Kind, Confidence]] = Counter()
    rows: list[dict[str, Any]] = []
    for name in names:
        tally = Tally()
        shown = search.shown(name)
        places: list[dict[str, Any]] = []
        try:
            for found in search.over(_pieces(name), tally):
                if not options.show_places:
                    continue
                place = {
                    "path": search.shown(found.piece.path),
                    "row": found.piece.row,
                    "header": search.shown(found.piece.header),
                    **described(found.hit),
                }
                if options.json:
                    places.append(place)
                else:
                    print(  # noqa: T201
                        f"{place['path']}:{place['row']}:{place['header']} {place['kind']} "
                        f"{place['start']}-{place['end']} {place['confidence']}"
                    )
        except OSError:
            tally.problem(Unread(path=name, what=ABSENT))
            status = 3
        total.update(tally.counts)
        status = max(status, int(tally.failed))
        rows.append(
            {"file": shown, "found": _counted(tally.counts), "unread": _unread(tally, search)}
            | ({"places": places} if options.show_places else {})
        )
        if not options.json:
            _print(shown, tally, search)
    use.counts["finds"] = total.total()
    use.counts["files"] = len(names)
    if options.json:
        print(json.dumps({"found": _counted(total), "files": rows}, ensure_ascii=False))  # noqa: T201
    return status


def _pieces(name: str) -> Iterator[Piece | Unread]:
    """Of a file, or of standard input as text."""
    if name != "-":
        yield from open_pieces(Path(name))
        return
    stream = io.TextIOWrapper(sys.stdin.buffer, encoding="utf-8", errors="replace")
    held: list[str] = []
    size, first, number = 0, 1, 0
    while line := stream.readline(BLOCK):
        number += line.endswith("\n")
        held.append(line)
        size += len(line)
        if size >= BLOCK:
            yield Piece("-", "", "".join(held), first)
            held, size, first = [], 0, number + 1
    if held:
        yield Piece("-", "", "".join(held), first)


def _counted(counts: Counter[tuple[Kind, Confidence]]) -> dict[str, dict[str, int]]:
    rows: dict[str, dict[str, int]] = {}
    for (kind, confidence), count in sorted(counts.items()):
        rows.setdefault(kind.value, {})[confidence.value] = count
    return rows


def _unread(tally: Tally, search: Search) -> list[dict[str, Any]]:
    return [
        {"path": search.shown(one.path), "row": one.row, "fatal": one.fatal,
         "zh": one.what.zh, "en": one.what.en}
        for one in tally.unread
    ]  # fmt: skip


def _print(name: str, tally: Tally, search: Search) -> None:
    print(f"{name}")  # noqa: T201
    for (kind, confidence), count in sorted(tally.counts.items()):
        word = "已验证" if confidence is Confidence.VERIFIED else "疑似"
        print(f"  {kind.value:<26} {word} {confidence.value:<10} {count}")  # noqa: T201
    if not tally.counts:
        print("  未发现 nothing found")  # noqa: T201
    for one in tally.unread:
        word = "未读 unread" if one.fatal else "注意 note"
        row = f":{one.row}" if one.row else ""
        path = search.shown(one.path)
        print(f"  {word}: {path}{row}: {one.what.zh} {one.what.en}", file=sys.stderr)  # noqa: T201


def _engine(name: str) -> Callable[[Iterable[str]], Trigger]:
    def made(names: Iterable[str]) -> Trigger:
        try:
            return ENGINES[name](names)
        except ModuleNotFoundError:
            raise _wrong("--engine", f"未安装 not installed: {name}", "--engine auto") from None

    return made


def _kinds(wanted: str) -> frozenset[Kind]:
    if not wanted:
        return frozenset(FINDABLE)
    names = [one.strip() for one in wanted.split(",") if one.strip()]
    known = {kind.value for kind in FINDABLE}
    wrong = [one for one in names if one not in known]
    if wrong or not names:
        remedy = ", ".join(sorted(known))
        problems = [
            problem
            for one in wrong or [""]
            for problem in _wrong("--kinds", f"没有这一类 no such kind: {one}", remedy).problems
        ]
        raise DataError(problems)
    return frozenset(map(Kind, names))


def _wrong(option: str, message: str, remedy: str) -> DataError:
    return DataError([Problem(file=option, line=1, column=1, message=message, remedy=remedy)])
