"""The record of every access to personal data through our own tools (未成年人网络保护条例 art. 36).

An access is two records: one before anything is opened (who, what, which fields, why, under
which approval), one with what it came to. Commands write them with
`audit.lifecycle.recording`; `recorded` writes one that is over. Never a value. Pure but for
the book it is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from audit.lifecycle.book import Book
from gateway.ledger import Checkpoint

KIND = "access"
DONE = "access-done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """One access. `subjects` is a count, None where it is not known; `fields` are names."""

    who: str
    action: str  # discover, mask, check, destroy, …
    what: str  # dataset, table or file; never with a password
    fields: tuple[str, ...] = ()
    subjects: int | None = None
    why: str = ""
    approval: str = ""


def recorded(book: Book, access: Access, now: float) -> Checkpoint:
    """Write one access to the book. Raises WorldError: what cannot be recorded is not done."""
    return book.write(KIND, {**body_of(access), "outcome": "done"}, now)


def body_of(access: Access) -> dict[str, Any]:
    """An access as the body of a record."""
    return asdict(access) | {"fields": list(access.fields)}


def accesses(records: Iterable[Checkpoint], who: str = "") -> Iterator[dict[str, Any]]:
    """The accesses of a book, one person's if named, each with what it came to."""
    listed = list(records)
    ends = {one.body["access"]: one for one in listed if one.kind == DONE}
    for one in listed:
        if one.kind != KIND:
            continue
        row = {"id": one.seq, "time": one.time, "account": one.by, **_told(one.body)}
        end = ends.get(one.seq)
        if end is not None:
            row |= {key: value for key, value in end.body.items() if value and key in _OF_END}
            row["seconds"] = round(end.time - one.time, 3)
        row.setdefault("outcome", "unfinished")
        if not who or row["who"] == who:
            yield row


_OF_END = ("outcome", "subjects", "fields", "counts", "approval")


def _told(body: dict[str, Any]) -> dict[str, Any]:
    told = {name: value for name, value in body.items() if name not in ("by", "proof")}
    told["who"] = body.get("by") or body.get("who", "")
    proof = body.get("proof")
    return told | ({"proved": proof["way"]} if isinstance(proof, dict) else {})
