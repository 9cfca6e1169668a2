"""Every command of ours that reads or changes personal data stands on record, or does not run.

`recording` wraps such a command: it writes who, what, which fields and why before anything is
opened (a record that cannot be written stops the command), and what it came to afterwards. An
access without an end on record was cut short, and the list says so. The book is `--book`,
the environment, or `var/data-book` where there is one; without, it is said once that no record
is kept. Never a value. A door: the book, the clock, standard error.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from audit.lifecycle.access import DONE, KIND, Access, body_of
from audit.lifecycle.acting import BOOK, BOOK_PLACE, acting, add_who, wrong
from audit.lifecycle.book import CHAIN

SHORTEST = 4  # characters of a reason
MOST = 200  # names in one record


@dataclass(slots=True, kw_only=True)
class Use:
    """What a command finds out while it runs: counts and names of fields, never a value."""

    record: int = 0  # number of the access in the book; 0: none is kept
    subjects: int | None = None
    fields: tuple[str, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)
    approval: str = ""


def add_record(one: argparse.ArgumentParser, *, by: bool = True, why: bool = True) -> None:
    """The options of a recorded command; without `by` and `why` where it has its own."""
    one.add_argument("--book", type=Path, metavar="DIR", help="登记使用 where the access is kept")
    if why:
        one.add_argument("--why", default="", metavar="TEXT", help="用途 why (with a book)")
    one.add_argument("--approval", default="", metavar="ID", help="审批编号 the approval")
    add_who(one, by=by)


def configured(options: argparse.Namespace) -> Path | None:
    """The folder of the book that is written to; None where there is none."""
    told = getattr(options, "book", None) or os.environ.get(BOOK_PLACE)
    if told:
        return Path(told)
    return BOOK if (BOOK / CHAIN).exists() else None


@contextmanager
def recording(
    options: argparse.Namespace,
    action: str,
    what: Iterable[str],
    *,
    fields: Iterable[str] = (),
    why: str = "",
) -> Iterator[Use]:
    """Before, the access; afterwards, what it came to. `what`: files and URLs."""
    folder = configured(options)
    if folder is None:
        print(  # noqa: T201
            "未登记本次使用 no record is kept of this access: --book DIR, or QINGLANG_BOOK",
            file=sys.stderr,
        )
        yield Use()
        return
    reason = (why or getattr(options, "why", "")).strip()
    if len(reason) < SHORTEST:
        raise wrong("--why", "请写明用途 say why this data is used", '--why "核对学籍"')
    options.book = folder
    show = _shown()
    wanted = Access(
        who="",
        action=action,
        what=", ".join(_some(show(_named(one)) for one in what)),
        fields=tuple(_some(map(show, fields))),
        why=show(reason),
        approval=show(getattr(options, "approval", "")),
    )
    with acting(options, whole=False) as act:
        begun = act.write(KIND, body_of(wanted)).seq
    use = Use(record=begun)
    outcome = "failed"
    try:
        yield use
        outcome = "done"
    finally:
        body: dict[str, Any] = {
            "access": begun,
            "outcome": outcome,
            "subjects": use.subjects,
            "fields": _some(map(show, use.fields)),
            "counts": dict(use.counts),
        }
        if use.approval:
            body["approval"] = show(use.approval)
        with acting(options, whole=False) as act:
            act.write(DONE, body)


def _named(source: str) -> str:
    """A database without user and password; a file by its path."""
    if "://" not in source:
        return source
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    from audit.lifecycle.databases import identity

    try:
        return identity(make_url(source))
    except ArgumentError:
        return "?"


def _shown() -> Any:
    """Names without what looks like somebody's number in them."""
    from audit.lifecycle.finding import Search
    from rules.personal_files import load_knowledge
    from rules.recognise.personal.finder import Finder
    from rules.recognise.personal.triggers import Plain

    return Search(Finder(load_knowledge(), None, Plain), frozenset()).shown


def _some(names: Iterable[str]) -> list[str]:
    """Names, at most so many; the others as a count."""
    listed = list(names)
    return listed if len(listed) <= MOST else [*listed[:MOST], f"+{len(listed) - MOST}"]
