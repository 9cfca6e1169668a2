"""`qinglang data check RULES`: reality held against the rules of datasets. A door.

Databases are only read. A source that fails is told and leaves the others checked: the exit code
is 3 then. 1: something differs, or could not be looked at and `--allow-unknown` was not given.
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import json
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from audit.checks import CHECKS, load_checks
from audit.lifecycle import inventory as inventories
from audit.lifecycle import look, rule_file
from audit.lifecycle.acting import book_of, today, wrong
from audit.lifecycle.check import checked
from audit.lifecycle.check_evidence import PROBE, evidence
from audit.lifecycle.check_report import Report, document, html, lines, told, xlsx
from audit.lifecycle.columns import Judge
from audit.lifecycle.databases import Database, identity, parse
from audit.lifecycle.discover import SEED
from audit.lifecycle.evidence_files import keep, replace_file
from audit.lifecycle.finding import Search
from audit.lifecycle.knowledge import load_headers
from audit.lifecycle.model import Breach, Inventory
from audit.lifecycle.reality import Reality
from audit.lifecycle.recording import Use, add_record, configured, recording
from audit.lifecycle.rules import RuleBook, Source
from audit.lifecycle.sampled import Sampler
from audit.lifecycle.share_cli import day
from audit.lifecycle.sharing import Share, shares
from rules.load import WorldError, read_text
from rules.personal_files import load_finder

STATEMENT, LOCK = 60, 5  # seconds
TARGET = "own-datasets"


def register(commands: Any) -> None:
    """Add `check` below `data`."""
    one = commands.add_parser("check", help="规则与现实比对 / reality held against rules")
    one.add_argument("rules", type=Path, metavar="RULES")
    one.add_argument(
        "--db", action="append", default=[], metavar="NAME=URL|DIR",
        help="postgresql://user@host/db?password-env=NAME · 文件夹 a folder",
    )  # fmt: skip
    one.add_argument("--inventory", type=Path, metavar="FILE", help="data discover --json")
    one.add_argument("--at", type=day, metavar="DATE", help="按这一天看 / as of this day")
    one.add_argument("--statement-timeout", type=int, default=STATEMENT, metavar="SECONDS")
    one.add_argument("--lock-timeout", type=int, default=LOCK, metavar="SECONDS")
    one.add_argument("--allow-unknown", action="store_true", help="未知不算失败 / 0 beside unknown")
    one.add_argument("--out", type=Path, metavar="F.html|F.xlsx")
    one.add_argument("--evidence", type=Path, metavar="DIR", help="供 audit run / for audit run")
    one.add_argument("--system", default="", metavar="ID", help="定级对象 / of which system")
    one.add_argument("--json", action="store_true")
    add_record(one)
    one.set_defaults(run=run_check)


def run_check(options: argparse.Namespace) -> int:
    """0: all holds; 1: something does not; 3: a source could not be looked at."""
    if options.out is not None and options.out.suffix not in (".html", ".xlsx"):
        raise wrong("--out", "F.html 或 F.xlsx / F.html or F.xlsx")
    text = read_text(options.rules)
    book = rule_file.parse(text, str(options.rules))
    given = _given(options.db, book)
    listed = _inventory(options.inventory)
    folder = configured(options)
    if folder is not None and not folder.is_dir():
        raise wrong("--book", f"没有这个目录 no such folder: {folder}")
    with recording(options, "check", given.values(), fields=_fields(book)) as use:
        return _run(options, text, book, given, listed, use)


def _run(
    options: argparse.Namespace,
    text: str,
    book: RuleBook,
    given: Mapping[str, str],
    listed: Inventory | None,
    use: Use,
) -> int:
    at = options.at or today()
    seen, ids = _looked(given, book, options, at)
    known, broken = _shares(options)
    breaches = checked(
        _known_as(book, ids),
        seen,
        at=at,
        means=lambda name: load_headers().meaning(name).kind,
        inventory=listed,
        shares=known,
    )
    report = Report(
        district=book.district,
        at=at,
        rules=hashlib.sha256(text.encode()).hexdigest()[:16],
        told=told(_shown(breaches), load_checks(CHECKS / PROBE)),
        sources=_sources(book, seen, ids) | ({"--book": broken} if broken else {}),
    )
    use.counts = {"breaches": report.known, "unknown": report.unknown}
    _write(options, book, report)
    if broken or any(one.problem is not None for one in seen.values()):
        return 3
    failing = report.known or (report.unknown and not options.allow_unknown)
    return 1 if failing else 0


def _fields(book: RuleBook) -> list[str]:
    """The columns that are counted or sampled, for the record."""
    found = [str(column) for one in book.datasets for column in one.storage.columns]
    for one in book.datasets:
        found += [str(rule.since) for rule in one.retention if rule.since is not None]
        for consent in (one.legal.consent, one.legal.guardian):
            found += [str(consent.recorded)] if consent is not None else []
    return list(dict.fromkeys(found))


def _shown(breaches: Iterable[Breach]) -> list[Breach]:
    """Places whose names do not carry somebody's number: files are named by people."""
    shown = cache(Search(load_finder(), frozenset()).shown)
    return [
        replace(
            one,
            at=replace(
                one.at,
                schema=shown(one.at.schema),
                table=shown(one.at.table),
                column=shown(one.at.column),
            ),
        )
        for one in breaches
    ]


def _given(pairs: list[str], book: RuleBook) -> dict[str, str]:
    """Name → address. Raises DataError."""
    found: dict[str, str] = {}
    names = [one.name for one in book.sources]
    for pair in pairs:
        name, equals, address = pair.partition("=")
        if not equals or not address:
            raise wrong("--db", "写法 NAME=URL / NAME=URL is wanted")
        if name not in names:
            raise wrong(
                "--db", f"规则中没有数据源 no source `{name}`", f"known: {', '.join(names)}"
            )
        if name in found:
            raise wrong("--db", f"`{name}` 给了两次 stands twice")
        found[name] = address
    return found


def _inventory(path: Path | None) -> Inventory | None:
    return inventories.read(read_text(path), str(path)) if path is not None else None


def _shares(options: argparse.Namespace) -> tuple[Mapping[str, Share] | None, str]:
    """The shares of the book, and what is wrong with it."""
    if configured(options) is None:
        return None, ""
    try:
        return shares(book_of(options).records()), ""
    except WorldError as error:
        return None, str(error)


@cache
def _sampler() -> Sampler:
    finder = load_finder()
    return Sampler(judge=Judge(finder, load_headers()), finder=finder, seed=SEED)


def _looked(
    given: Mapping[str, str], book: RuleBook, options: argparse.Namespace, at: dt.date
) -> tuple[dict[str, Reality], dict[str, str]]:
    """What each source is like, and its id. Raises DataError for an address that is none."""
    sampler = _sampler()
    parsed = {name: _address(name, address) for name, address in given.items()}
    seen: dict[str, Reality] = {}
    ids: dict[str, str] = {}
    for source in book.sources:
        if source.name not in given:
            continue
        url, replicas, folder = parsed[source.name]
        if url is None:
            ids[source.name] = f"file:{folder.name or folder.resolve().name}"
            seen[source.name] = look.files(folder, source, book, sampler, at)
            continue
        ids[source.name] = identity(url)
        try:
            with Database(
                url,
                replicas,
                statement=options.statement_timeout,
                lock=options.lock_timeout,
            ) as opened:
                path = url.database or "" if opened.kind == "sqlite" else ""
                seen[source.name] = look.database(opened, source, book, sampler, at, path)
        except WorldError as error:
            seen[source.name] = look.failed(source.name, url.get_backend_name(), error)
    return seen, ids


def _address(name: str, address: str) -> tuple[Any, tuple[str, ...], Path]:
    """(URL or None, replicas, folder). Raises DataError."""
    if "://" not in address:
        folder = Path(address)
        if not folder.exists():
            raise wrong(f"--db {name}", "没有这个文件或目录 no such file or folder")
        return None, (), folder
    url, replicas = parse(address)
    if url.get_backend_name() == "sqlite" and not Path(url.database or "").is_file():
        raise wrong(f"--db {name}", "没有这个文件 no such file")
    return url, replicas, Path()


def _known_as(book: RuleBook, ids: Mapping[str, str]) -> RuleBook:
    """The rules with the ids that an inventory gives these sources."""

    def more(one: Source) -> Source:
        extra = (ids[one.name],) if one.name in ids else ()
        return replace(one, known_as=(*one.known_as, *extra))

    return replace(book, sources=tuple(map(more, book.sources)))


def _sources(book: RuleBook, seen: Mapping[str, Reality], ids: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in book.sources:
        reality = seen.get(one.name)
        if reality is None:
            found[one.name] = "未给出 not given"
        elif reality.problem is not None:
            found[one.name] = f"{ids[one.name]} 未能查看 not looked at: {reality.problem.zh}"
        else:
            found[one.name] = f"{ids[one.name]} · 表 tables {len(reality.tables)}"
    return found


def _write(options: argparse.Namespace, book: RuleBook, report: Report) -> None:
    if options.out is not None:
        made = html(report).encode() if options.out.suffix == ".html" else xlsx(report)
        replace_file(options.out, made)
    if options.evidence is not None:
        found = evidence(
            book,
            [one.breach for one in report.told],
            target=TARGET,
            now=time.time(),
            rules=report.rules,
        )
        keep(options.evidence, found, "数据集规则核查", options.system)
    if options.json:
        sys.stdout.write(json.dumps(document(report), ensure_ascii=False, indent=1) + "\n")
    else:
        sys.stdout.write("\n".join(lines(report)) + "\n")
