"""Who acts at the command line: the options, the proof, and the record that carries it.

Every command that changes the book's state opens a session, finds out who acts in the list of
people as the book then stands, decides, and writes one record with the proof, all under one
lock. A door: the account of the operating system (from the kernel, not from the environment),
a key file, the clock.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import pwd
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit.lifecycle.book import Book, Session
from audit.lifecycle.people import (
    KIND,
    Actor,
    PeopleError,
    Person,
    known_as,
    people_of,
    proved,
)
from gateway.ledger import Checkpoint
from rules.load import DataError, Problem

BOOK = Path("var/data-book")
BOOK_PLACE = "QINGLANG_BOOK"


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One person before the locked book: read, decide, write."""

    session: Session
    records: tuple[Checkpoint, ...]
    people: Mapping[str, Person]
    actor: Actor
    key: Ed25519PrivateKey | None = None

    def write(self, kind: str, body: dict[str, Any]) -> Checkpoint:
        """One record that names who acts and carries the proof."""
        made = proved(self.actor, kind, body, self.session.head, self.key)
        return self.session.write(kind, made, time.time())


def add_book(one: argparse.ArgumentParser) -> None:
    """`--book`, `--book-key`, `--by`, `--sign-with`: for commands that write to the book."""
    one.add_argument(
        "--book", type=Path, default=Path(os.environ.get(BOOK_PLACE) or BOOK), metavar="DIR"
    )
    add_who(one)


def add_who(one: argparse.ArgumentParser, *, by: bool = True) -> None:
    """The same without `--book` (and without `--by`, where a command has its own)."""
    one.add_argument(
        "--book-key", type=Path, metavar="DIR", help="簿册密钥所在 where the book's key lies"
    )
    if by:
        one.add_argument("--by", default="", metavar="ID", help="操作人 who acts (人员名单 people)")
    one.add_argument(
        "--sign-with", type=Path, metavar="PEM", help="本人私钥 the acting person's own key"
    )


def book_of(options: argparse.Namespace) -> Book:
    """The book of the options."""
    return Book(folder=options.book, keys=getattr(options, "book_key", None))


@contextmanager
def acting(options: argparse.Namespace, *, whole: bool = True) -> Iterator[Act]:
    """The locked book and who acts. Raises DataError where that is not proved.

    Not `whole`: only the last list of people is read, for records that decide nothing.
    """
    key = own_key(options)
    with book_of(options).session() as session:
        records = session.records() if whole else session.last(KIND)
        try:
            people = people_of(records)
            actor = known_as(
                people,
                getattr(options, "by", ""),
                account=account(),
                key=key.public_key() if key else None,
                at=today(),
            )
        except PeopleError as error:
            raise wrong("--by", str(error), "qinglang data people list") from None
        yield Act(session=session, records=records, people=people, actor=actor, key=key)


def own_key(options: argparse.Namespace) -> Ed25519PrivateKey | None:
    """The key of `--sign-with`, which only its owner may read."""
    path: Path | None = getattr(options, "sign_with", None)
    if path is None:
        return None
    from gateway.reveal_cli import private_key

    if path.stat().st_mode & 0o077:
        raise wrong(path.name, "私钥他人可读 others can read the key", "chmod 600")
    return private_key(path)


def account() -> str:
    """The account this process runs under, as the kernel says."""
    number = os.getuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"uid{number}"


def today() -> dt.date:
    """The day here and now."""
    return dt.datetime.now().astimezone().date()


def wrong(where: str, message: str, remedy: str = "") -> DataError:
    """One problem of the command line."""
    return DataError([Problem(file=where, line=1, column=1, message=message, remedy=remedy)])
