"""What an SQLite file's own header, rights and answers mean, as facts. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from audit.probes.sql import personal
from audit.probes.sql.answers import Replies, integer, names, text
from audit.probes.sql.support import described

MAGIC = b"SQLite format 3\x00"


def header(first: bytes) -> dict[str, Any]:
    """What the first 100 bytes say. An unknown beginning means encrypted, or no SQLite at all."""
    if first[:16] != MAGIC or len(first) < 100:
        return {"sqlite": False}
    return {"sqlite": True, "wal": first[18] == 2, "page_size": int.from_bytes(first[16:18])}


def facts(replies: Replies, file: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The document's places of this file; `file` is what the door saw of it."""
    made: dict[str, Any] = {"file": dict(file)} if file is not None else {}
    if file is None:
        replies.lack("file", "the file itself was not looked at", "not-run")
    version = replies.rows("version")
    if version:
        made["library"] = described("sqlite", text(version[0], "version"))
    check = replies.rows("check")
    if check is not None:
        made["integrity"] = "ok" if names(check, "quick_check") == ["ok"] else "damaged"
    journal = replies.rows("journal")
    if journal:
        made["journal"] = text(journal[0], "journal_mode").lower()
    for query, place, column in (
        ("free", "free_pages", "freelist_count"),
        ("pages", "pages", "page_count"),
        ("vacuum", "auto_vacuum", "auto_vacuum"),
    ):
        rows = replies.rows(query)
        if rows:
            made[place] = integer(rows[0].get(column))
    tables = replies.rows("tables")
    if tables is not None:
        made["tables"] = len(tables)
    columns = replies.rows("personal")
    if columns is not None:
        made["personal"] = personal.columns(columns)
    if file is not None and (file.get("pending_wal") or file.get("changed")):
        for place in ("integrity", "free_pages", "personal", "tables", "pages"):
            made.pop(place, None)
            replies.lack(place, "the file was being written, or a -wal waits", "failed")
    return made
