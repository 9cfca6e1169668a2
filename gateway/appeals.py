"""The appeals of one node: taken from the engine without a wait, kept append-only, answered.

`<data>/appeals.jsonl` holds `{"appeal": {…}}` and `{"answer": {…}}` lines, nothing is
ever rewritten. `AppealDesk` is the engine's side: it says at once whether an appeal is
accepted (a few per subject and hour, so many per worker) and a thread writes it.
This module is a door to that file; moments are parameters.
"""

from __future__ import annotations

import fcntl
import json
import os
import queue
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any

from loguru import logger

from gateway.dns.rate import Buckets
from gateway.page.appeal import LONGEST_CODE, LONGEST_TEXT, Appeal
from rules.load import Problem, WorldError

PER_HOUR = 5  # appeals of one subject
PER_WORKER = 1_000  # appeals of one worker process and hour
WAITING = 1_000  # appeals waiting for the disk
REMEMBERED = 10_000  # codes of late: a second click is no second appeal
MAX_LINE = 16 * 1024  # bytes
LARGEST_FILE = 256 * 1024 * 1024  # bytes; beyond it nothing more is taken


class Receipt(StrEnum):
    """What became of an appeal."""

    RECEIVED = "received"
    TOO_MANY = "too-many"
    FULL = "full"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A decision on an appeal: by whom, why, and what came of it."""

    code: str
    granted: bool
    issuer: str
    reason: str
    at: float
    order: str = ""  # the id of the Order that a grant made
    case: str = ""  # the file of the regression case


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """An appeal and its answers, the last of which holds."""

    appeal: Appeal
    answers: tuple[Answer, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealBook:
    """All appeals, oldest first, and the lines that do not read."""

    reviews: Mapping[str, Review]
    problems: tuple[Problem, ...] = ()


class Appeals:
    """The file. Every call reads or appends it; nothing is kept."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def add(self, appeal: Appeal) -> None:
        self._append(_line("appeal", asdict(appeal)))

    def answer(self, answer: Answer) -> None:
        """Raises KeyError where nobody appealed with this code."""
        if answer.code not in self.book().reviews:
            raise KeyError(answer.code)
        self._append(_line("answer", asdict(answer)))

    def book(self) -> AppealBook:
        """Everything in the file; a malformed line is reported and skipped."""
        reviews: dict[str, Review] = {}
        problems: list[Problem] = []
        for number, line in enumerate(self._lines(), 1):
            if not line.strip():
                continue
            try:
                _take(reviews, line)
            except ValueError as error:
                problems.append(
                    Problem(
                        file=str(self.path),
                        line=number,
                        column=1,
                        message=str(error),
                        remedy="the line is skipped",
                    )
                )
        return AppealBook(reviews=reviews, problems=tuple(problems))

    @contextmanager
    def deciding(self) -> Iterator[None]:
        """Held while one person decides, so that nobody decides on what is out of date.

        Another file than the appeals themselves: those come in meanwhile.
        """
        path = self.path.with_suffix(".lock")
        with ExitStack() as held:
            try:
                held.enter_context(_held(path))
            except OSError as error:
                raise WorldError(f"{path}: cannot be held: {error.strerror}") from error
            yield

    def _lines(self) -> list[bytes]:
        try:
            return self.path.read_bytes().split(b"\n")
        except FileNotFoundError:
            return []
        except OSError as error:
            raise WorldError(f"{self.path}: cannot be read: {error.strerror}") from error

    def _append(self, line: bytes) -> None:
        """One whole line; a torn last line of a crash is closed first."""
        try:
            with _held(self.path) as file:
                end = os.lseek(file, 0, os.SEEK_END)
                if end > LARGEST_FILE:
                    raise WorldError(f"{self.path}: 文件过大 / the file is too large")
                torn = end > 0 and os.pread(file, 1, end - 1) != b"\n"
                whole = (b"\n" if torn else b"") + line + b"\n"
                if os.write(file, whole) != len(whole):
                    raise WorldError("the disk is full: the appeal was not written")
                os.fsync(file)
        except OSError as error:
            raise WorldError(f"{self.path}: cannot be written: {error.strerror}") from error


class AppealDesk:
    """Takes appeals from an event loop. `submit` never waits; a thread writes."""

    def __init__(self, appeals: Appeals, *, start: bool = True) -> None:
        self._appeals = appeals
        self._pace = Buckets(rate=PER_HOUR / 3600, burst=PER_HOUR)
        self._all = Buckets(rate=PER_WORKER / 3600, burst=PER_WORKER)
        self._codes: dict[str, None] = {}
        self._queue: queue.Queue[Appeal | None] = queue.Queue(WAITING)
        self._thread = threading.Thread(target=self._run, name="appeals", daemon=True)
        if start:
            self._thread.start()

    def submit(self, appeal: Appeal) -> Receipt:
        """Accept it, or say why not. The same code twice is one appeal."""
        if appeal.code in self._codes:
            return Receipt.RECEIVED
        if not self._pace.take(appeal.token, appeal.at) or not self._all.take("", appeal.at):
            return Receipt.TOO_MANY
        try:
            self._queue.put_nowait(appeal)
        except queue.Full:
            return Receipt.FULL
        if len(self._codes) >= REMEMBERED:
            del self._codes[next(iter(self._codes))]
        self._codes[appeal.code] = None
        return Receipt.RECEIVED

    def close(self) -> None:
        """Write what waits, and end."""
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join(10)

    def _run(self) -> None:
        while (appeal := self._queue.get()) is not None:
            try:
                self._appeals.add(appeal)
            except (WorldError, ValueError) as error:
                logger.error("appeal {} is lost: {}", appeal.code, error)


@contextmanager
def _held(path: Path) -> Iterator[int]:
    """The file, open for appending and held against other writers."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file
    finally:
        os.close(file)


def _line(kind: str, found: Mapping[str, Any]) -> bytes:
    line = json.dumps({kind: found}, ensure_ascii=True, sort_keys=True, allow_nan=False).encode()
    if len(line) > MAX_LINE:
        raise ValueError(f"an appeal may have {MAX_LINE} bytes, this one has {len(line)}")
    return line


def _take(reviews: dict[str, Review], line: bytes) -> None:
    if len(line) > MAX_LINE:
        raise ValueError(f"the line is longer than {MAX_LINE} bytes")
    try:
        found = json.loads(line.decode("utf-8"))
    except RecursionError as error:
        raise ValueError("the line nests too deeply") from error
    if not isinstance(found, dict) or len(found) != 1:
        raise ValueError('a line is {"appeal": …} or {"answer": …}')
    if "appeal" in found:
        appeal = parse_appeal(found["appeal"])
        reviews.setdefault(appeal.code, Review(appeal=appeal))
    elif "answer" in found:
        answer = _parse_answer(found["answer"])
        before = reviews.get(answer.code)
        if before is None:
            raise ValueError(f"no appeal `{answer.code}` to answer")
        reviews[answer.code] = Review(appeal=before.appeal, answers=(*before.answers, answer))
    else:
        raise ValueError('a line is {"appeal": …} or {"answer": …}')


def parse_appeal(found: object) -> Appeal:
    """A JSON object → Appeal. Raises ValueError naming what is wrong."""
    values = _values(found, Appeal)
    if len(values["text"]) > LONGEST_TEXT:
        raise ValueError("`text` is too long")
    return Appeal(**values)


def _parse_answer(found: object) -> Answer:
    return Answer(**_values(found, Answer))


def _values(found: object, kind: type[Appeal] | type[Answer]) -> dict[str, Any]:
    if not isinstance(found, dict):
        raise ValueError("an object is wanted")
    values: dict[str, Any] = {}
    for field in fields(kind):
        if field.name in found:
            values[field.name] = _value(field.name, str(field.type), found[field.name])
    missing = {"code", "at"} - set(values)
    unknown = set(found) - set(values)
    if missing or unknown:
        raise ValueError(f"missing {sorted(missing)}, unknown {sorted(unknown)}")
    for name, empty in (("host", ""), ("text", "")) if kind is Appeal else ():
        values.setdefault(name, empty)
    for name in ("granted", "issuer", "reason") if kind is Answer else ():
        if name not in values:
            raise ValueError(f"`{name}` is missing")
    if not 0 < len(values["code"]) <= LONGEST_CODE:
        raise ValueError("`code` is empty or too long")
    return values


def _value(name: str, kind: str, value: object) -> Any:
    if kind == "str" and isinstance(value, str):
        return value
    if kind == "bool" and isinstance(value, bool):
        return value
    if kind == "float" and isinstance(value, int | float) and not isinstance(value, bool):
        if abs(value) < 1e12:
            return float(value)
    elif (
        kind.startswith("tuple")
        and isinstance(value, list)
        and all(isinstance(item, str) for item in value)
    ):
        return tuple(value)
    raise ValueError(f"`{name}` is not of the right kind")
