"""`qinglang data people add|import|leave|list`: who may act on the data lifecycle.

The list is a record of the book. The first one is made by whoever makes the book and names
somebody who manages it; from then on only a proved manager changes it. A door.
"""

from __future__ import annotations

import argparse
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from audit.lifecycle.acting import Act, acting, add_book, book_of, own_key, today, wrong
from audit.lifecycle.acting import account as own_account
from audit.lifecycle.people import (
    KIND,
    PeopleError,
    PeopleFile,
    Person,
    body_of,
    changed,
    described,
    known_as,
    people_of,
    raw_of,
)
from audit.lifecycle.share_cli import day, say
from rules.load import load


def register(commands: Any) -> None:
    """Add `people` below `data`."""
    room = commands.add_parser("people", help="人员名单 / the people who act")
    subs = room.add_subparsers(dest="people_command", required=True, metavar="COMMAND")
    one = subs.add_parser("add", help="登记 / add, or replace one")
    one.add_argument("id")
    one.add_argument("--name", default="")
    one.add_argument("--account", default="", help="系统账号 account of the operating system")
    one.add_argument("--public", type=Path, metavar="PEM", help="本人公钥 the own public key")
    one.add_argument("--key-out", type=Path, metavar="PEM", help="生成私钥 make a key here")
    one.add_argument("--claims", action="store_true", help="可只声明 a bare --by is enough")
    one.add_argument("--manages", action="store_true", help="可改名单 may change the list")
    one.add_argument("--service", action="store_true", help="程序账号 a program, not a person")
    one.add_argument("--database", action="append", default=[], metavar="ACCOUNT")
    _common(one).set_defaults(run=run_add)
    one = subs.add_parser("import", help="以文件为准 / the list of a file")
    one.add_argument("file", type=Path, metavar="YAML")
    _common(one).set_defaults(run=run_import)
    one = subs.add_parser("leave", help="离任 / somebody leaves")
    one.add_argument("id")
    one.add_argument("--on", type=day, required=True, help="离任日 first day without any right")
    _common(one).set_defaults(run=run_leave)
    one = subs.add_parser("list", help="列出 / list")
    _common(one).set_defaults(run=run_list)


def _common(one: argparse.ArgumentParser) -> argparse.ArgumentParser:
    add_book(one)
    one.add_argument("--json", action="store_true")
    return one


def run_add(options: argparse.Namespace) -> int:
    """One person more; the first of a book manages the list."""
    if options.public and options.key_out:
        raise wrong("--key-out", "与 --public 二选一 give one of --public and --key-out")
    one = Person(
        id=options.id,
        name=options.name,
        account=options.account,
        public=_public(options),
        claims=options.claims,
        manages=options.manages,
        service=options.service,
        databases=tuple(options.database),
    )
    return _change(options, lambda people: {**people, one.id: one})


def run_import(options: argparse.Namespace) -> int:
    """The whole list, as a file says."""
    people = load(PeopleFile, options.file).people
    return _change(options, lambda _: dict(enumerate(people)))


def run_leave(options: argparse.Namespace) -> int:
    """A last day for one; the record of what was done stays."""

    def left(people: dict[Any, Person]) -> dict[Any, Person]:
        if options.id not in people:
            raise wrong(options.id, "人员名单中没有 not in the list", "qinglang data people list")
        gone = replace(people[options.id], leaves=options.on.isoformat())
        return {**people, options.id: gone}

    return _change(options, left)


def run_list(options: argparse.Namespace) -> int:
    """Everybody, with the way each one is proved."""
    for one in people_of(book_of(options).records()).values():
        say(options, described(one))
    return 0


def _change(options: argparse.Namespace, new: Any) -> int:
    with book_of(options).session() as session:
        found = people_of(session.records())
        try:
            made = changed(found, new(dict(found)).values(), None) if not found else {}
        except PeopleError as error:
            raise wrong("people", str(error)) from None
        if made:
            key = own_key(options)
            shown = key.public_key() if key else None
            try:
                actor = known_as(made, options.by, account=own_account(), key=shown, at=today())
            except PeopleError as error:
                raise wrong("--by", str(error), "the first one added is yourself") from None
            first = Act(session=session, records=(), people=made, actor=actor, key=key)
            first.write(KIND, body_of(made))
            say(options, {"people": len(made)})
            return 0
    with acting(options) as act:
        try:
            made = changed(act.people, new(dict(act.people)).values(), act.actor)
        except PeopleError as error:
            raise wrong("people", str(error)) from None
        act.write(KIND, body_of(made))
    say(options, {"people": len(made)})
    return 0


def _public(options: argparse.Namespace) -> str:
    from gateway.evidence import public_key

    if options.public is not None:
        return raw_of(public_key(options.public))
    return _made(options.key_out) if options.key_out is not None else ""


def _made(path: Path) -> str:
    """A new key under a passphrase; the public part of it."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from gateway.reveal_cli import passphrase

    secret = passphrase()
    if len(secret) < 8:
        raise wrong("--key-out", "口令至少 8 个字符 the passphrase has at least 8 characters")
    made = Ed25519PrivateKey.generate()
    pem = made.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(secret),
    )
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(pem)
    return raw_of(made.public_key())
