"""The record of every access to personal data through our own tools (未成年人网络保护条例 art. 36).

`recorded` is what each command that reads or changes data calls: who, what, which fields, how
many subjects, why, under which approval. It never takes a value. Pure but for the book it is given.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from audit.lifecycle.book import Book
from gateway.ledger import Checkpoint

KIND = "access"


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
    return book.write(KIND, asdict(access) | {"fields": list(access.fields)}, now)


def accesses(records: Iterable[Checkpoint], who: str = "") -> Iterator[dict[str, Any]]:
    """The accesses of a book, one person's if named."""
    for one in records:
        if one.kind == KIND and (not who or one.body.get("who") == who):
            yield {"id": one.seq, "time": one.time, "account": one.by, **one.body}
