"""A log file into the store: streaming, resumed where it ended, nothing dropped without a word.

A file is found again by the digest of its first bytes (rotated, renamed, compressed: the same),
and what was read before must still end in the same bytes: a log that was changed afterwards is
not read on but reported. Bad lines are counted, and the first of them named by file and line.
A door: files.
"""

from __future__ import annotations

import datetime as dt
import gzip
import hashlib
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from audit.lifecycle.logs.model import Bad, Entry, Memory, Missing, Parse, Record, Verb
from audit.lifecycle.logs.mysql import audit_json, server_audit, server_audit_syslog
from audit.lifecycle.logs.postgresql import PREFIX, csvlog, jsonlog, stderr
from audit.lifecycle.logs.records import (
    Split,
    by_braces,
    by_indent,
    by_line,
    by_quotes,
    lines_of,
)
from audit.lifecycle.logs.store import LogFile, Store

HEAD = 4096
TAIL = 1024
BATCH = 5000  # entries of one transaction
IDLE = 3600.0  # seconds of silence that are remembered
SHOWN = 100  # bad records that are named


@dataclass(frozen=True, slots=True, kw_only=True)
class How:
    """What the format alone does not say."""

    zone: dt.tzinfo
    now: float
    prefix: str = PREFIX


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """How a log falls into records, and how one is read."""

    split: Split
    parse: Callable[[How], Parse]


FORMATS = {
    "pg-csv": Format(split=by_quotes, parse=lambda how: csvlog(how.zone)),
    "pg-json": Format(split=by_line, parse=lambda how: jsonlog(how.zone)),
    "pg-text": Format(split=by_indent, parse=lambda how: stderr(how.prefix, how.zone)),
    "mariadb": Format(split=by_line, parse=lambda how: server_audit(how.zone)),
    "mariadb-syslog": Format(
        split=by_line, parse=lambda how: server_audit_syslog(how.zone, how.now)
    ),
    "mysql-json": Format(split=by_braces, parse=lambda how: audit_json(how.zone)),
}


@dataclass(slots=True, kw_only=True)
class Imported:
    """What one file came to. `bad` counts lines; `named` are the first bad records."""

    file: str
    seen: int = 0  # records
    kept: int = 0
    bad: int = 0
    missing: int = 0
    resumed: int = 0  # the byte it went on from
    left: int = 0  # bytes of a record that is not whole yet
    changed: str = ""  # why it was not read on
    first: float | None = None
    last: float | None = None
    named: list[Bad] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether everything that is there was read."""
        return not (self.bad or self.changed)


def import_file(store: Store, path: Path, source: str, kind: str, how: How) -> Imported:
    """Read what is new in one file."""
    found = Imported(file=path.name)
    number, memory = store.source(source, kind)
    with opened(path) as stream:
        head = _read(stream, HEAD)
        file, why = _place(store, number, stream, head)
        if why:
            found.changed = why
            store.begin()
            file.name = path.name
            store.gap(
                file,
                file.line,
                "changed",
                began=file.last or how.now,
                ended=file.last or how.now,
                detail=why,
            )
            store.commit()
            return found
        file.name = path.name
        found.resumed = file.offset
        stream.seek(file.offset)
        _run(store, stream, file, memory, FORMATS[kind], how, found)
    return found


def _run(
    store: Store,
    stream: BinaryIO,
    file: LogFile,
    memory: Memory,
    kind: Format,
    how: How,
    found: Imported,
) -> None:
    parse = kind.parse(how)
    batch: list[Entry] = []
    tail = _Tail()
    broken: list[str] = []
    lines = tail.watched(_unbroken(lines_of(stream, file.line, file.offset), broken))
    store.begin()
    store.save(file, memory, ())
    for record in kind.split(lines):
        _take(record, parse, store, file, memory, batch, found)
        file.offset, file.line = record.end, record.line + record.lines
        if len(batch) >= BATCH:
            _save(store, file, memory, batch, tail)
            store.begin()
    if broken:
        bad = Bad(line=file.line, what=broken[0])
        _bad(bad, store, file, found)
    _save(store, file, memory, batch, tail)
    found.left = max(0, tail.end - file.offset)


def _take(
    record: Record,
    parse: Parse,
    store: Store,
    file: LogFile,
    memory: Memory,
    batch: list[Entry],
    found: Imported,
) -> None:
    file.seen += 1
    found.seen += 1
    if record.bad:
        _bad(Bad(line=record.line, lines=record.lines, what=record.bad), store, file, found)
        return
    if not record.text.strip():
        return
    for item in parse(record, memory):
        if isinstance(item, Bad):
            _bad(item, store, file, found)
            continue
        if isinstance(item, Missing):
            found.missing += item.count
            store.gap(file, item.line, "missing", began=item.at, ended=item.at, count=item.count)
        elif isinstance(item, Entry) and (item.did.verb is not Verb.OTHER or item.did.auditing):
            batch.append(item)
            file.kept += 1
            found.kept += 1
        _clock(item.at, item.line, store, file, found)


def _clock(at: float, line: int, store: Store, file: LogFile, found: Imported) -> None:
    if file.last is not None and at - file.last >= IDLE:
        store.gap(file, line, "idle", began=file.last, ended=at)
    file.first = at if file.first is None else min(file.first, at)
    file.last = at if file.last is None else max(file.last, at)
    found.first = at if found.first is None else min(found.first, at)
    found.last = at if found.last is None else max(found.last, at)


def _bad(bad: Bad, store: Store, file: LogFile, found: Imported) -> None:
    file.bad += bad.lines
    found.bad += bad.lines
    if len(found.named) < SHOWN:
        found.named.append(bad)
        at = file.last or 0.0
        store.gap(
            file, bad.line, "unreadable", began=at, ended=at, count=bad.lines, detail=bad.what
        )


def _save(store: Store, file: LogFile, memory: Memory, batch: list[Entry], tail: _Tail) -> None:
    file.tail = tail.digest(file.offset, file.tail)
    store.save(file, memory, batch)
    store.commit()
    batch.clear()


class _Tail:
    """The digest of the bytes just before a place, as they went by."""

    def __init__(self) -> None:
        self._ends: list[tuple[int, bytes]] = []
        self._size = 0
        self.end = 0

    def watched(self, lines: Iterator[tuple[int, bytes, int]]) -> Iterator[tuple[int, bytes, int]]:
        """The lines, looked at on their way."""
        for line in lines:
            self._ends.append((line[2], line[1][-TAIL:]))
            self.end = line[2]
            if len(self._ends) > 64:
                del self._ends[:32]
            yield line

    def digest(self, offset: int, before: str) -> str:
        """Of the line that ends at this place."""
        for end, data in reversed(self._ends):
            if end == offset:
                return f"{len(data)}:{hashlib.sha256(data).hexdigest()}"
        return before


def _unbroken(
    lines: Iterator[tuple[int, bytes, int]], broken: list[str]
) -> Iterator[tuple[int, bytes, int]]:
    """Lines until a compressed file turns out to be broken; why goes to `broken`."""
    try:
        yield from lines
    except (EOFError, gzip.BadGzipFile, zlib.error):
        broken.append("the compressed file is broken here")


def opened(path: Path) -> BinaryIO:
    """A log, compressed with gzip or not."""
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    return gzip.open(path, "rb") if packed else path.open("rb")  # type: ignore[return-value]


def _read(stream: BinaryIO, size: int) -> bytes:
    try:
        return stream.read(size)
    except (EOFError, gzip.BadGzipFile, zlib.error):
        return b""


def _place(store: Store, source: int, stream: BinaryIO, head: bytes) -> tuple[LogFile, str]:
    """The file as it was read before, or a new one; and why it must not be read on."""
    digest = {len(head): hashlib.sha256(head).hexdigest()}
    for file in store.files(source):
        if not file.size or file.size > len(head):
            continue
        if file.size not in digest:
            digest[file.size] = hashlib.sha256(head[: file.size]).hexdigest()
        if digest[file.size] != file.head:
            continue
        size, _, wanted = file.tail.partition(":")
        if file.tail:
            stream.seek(max(0, file.offset - int(size)))
            data = _read(stream, int(size))
            if len(data) < int(size):
                return file, "它比已读的短 it is shorter than what was read before"
            if hashlib.sha256(data).hexdigest() != wanted:
                return file, "已读部分被改动 what was read before was changed"
        if len(head) > file.size:
            file.size, file.head = len(head), digest[len(head)]
        return file, ""
    return LogFile(source=source, size=len(head), head=digest[len(head)]), ""
