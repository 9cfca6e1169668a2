"""What audit logs of databases come to: statements without their literals, and what is missing.

Values only. An Entry is one thing an account did to a database; a Bad is a part of a log that
could not be read; a Gap is a place where something must have been and is not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum


class Verb(StrEnum):
    """What kind of thing was done."""

    READ = "read"
    WRITE = "write"
    DDL = "ddl"
    GRANT = "grant"
    LOGIN = "login"
    REFUSED = "refused"  # a login that failed
    OTHER = "other"  # counted, not kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Reduced:
    """A statement without its literals."""

    verb: Verb
    command: str  # SELECT, COPY, …
    tables: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    export: bool = False  # to a file or to a dump
    filtered: bool | None = None  # by WHERE or LIMIT; None: not a question, or cut off
    auditing: bool = False  # it touches the settings of auditing
    cut: bool = False  # the log does not hold all of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing done. `at` in Unix seconds; `ok` None where the log does not say."""

    at: float
    line: int
    did: Reduced
    account: str = ""
    host: str = ""
    database: str = ""
    program: str = ""
    session: str = ""
    rows: int | None = None
    ok: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bad:
    """Lines that are not what the format says."""

    line: int
    lines: int = 1
    what: str = "not a record"


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """Numbers of a sequence that are not there."""

    line: int
    at: float
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle:
    """A record of no interest; only when it was written."""

    at: float
    line: int


type Item = Entry | Bad | Missing | Idle


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One whole record of a log: where it begins, its text, and where the next one begins."""

    line: int
    text: str
    end: int  # bytes from the beginning of the (decompressed) file
    lines: int = 1
    bad: str = ""  # why there is no text


@dataclass(slots=True, kw_only=True)
class Memory:
    """What a reader must know of what came before; bounded, and kept between two imports."""

    numbers: dict[str, int] = field(default_factory=dict)  # the last number of each sequence
    who: dict[str, list[str]] = field(default_factory=dict)  # session → account, database, …
    began: float = 0.0  # when the first record of this source was written
    most: int = 20_000

    def number(self, name: str, number: int) -> int:
        """How many numbers are missing before this one; remembers it."""
        last = self.numbers.pop(name, None)
        self.numbers[name] = number
        if len(self.numbers) > self.most:
            del self.numbers[next(iter(self.numbers))]
        return 0 if last is None or number <= last else number - last - 1

    def meet(self, name: str, who: list[str]) -> None:
        """Remember who a session is."""
        self.who.pop(name, None)
        self.who[name] = who
        if len(self.who) > self.most:
            del self.who[next(iter(self.who))]


type Parse = Callable[[Record, Memory], Iterator[Item]]
