"""How configuration files of Linux are written: `key value`, `key = value`, INI, lists, modes.

Tolerant by design: a line that makes no sense is skipped, a number that is none is None.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from audit.probes.collected import Collection, Seen

DAY = 86400.0


def key(text: str) -> str:
    """A name as a key of the document: no dots, spaces or leading slash; `/` itself is `slash`."""
    return re.sub(r"[.\s]", "_", text.strip().lstrip("/")) or "slash"


def number(text: str | None) -> int | None:
    """The integer at the head of a text, else None."""
    found = re.match(r"\s*([-+]?\d{1,18})(?!\d)", text or "")
    return int(found[1]) if found else None


def real_lines(text: str, comment: str = "#") -> Iterator[str]:
    """Lines that are neither empty nor comment."""
    for line in text.splitlines():
        bare = line.strip()
        if bare and not bare.startswith(tuple(comment)):
            yield bare


def pairs(text: str, comment: str = "#") -> Iterator[tuple[str, str]]:
    """`key value` or `key = value` lines; keys in lower case, trailing comments kept out."""
    for line in real_lines(text, comment):
        found = re.match(r"([A-Za-z0-9_.@/+-]+)\s*(?:=|:|\s)\s*(.*)$", line) or re.match(
            r"([A-Za-z0-9_.@/+-]+)()$", line
        )
        if found:
            yield found[1].lower(), found[2].split(" #")[0].strip().strip("\"'")


def settings(text: str) -> dict[str, str]:
    """The last value of each key."""
    return dict(pairs(text))


def joined(texts: Iterable[str]) -> str:
    return "\n".join(texts)


def all_text(seen: Collection, section: str, prefix: str = "") -> str:
    """The files of a section whose path begins with `prefix`, one after the other."""
    return joined(one.text for one in seen.files(section) if one.path.startswith(prefix))


def now_of(seen: Collection) -> float | None:
    """The host's own clock when it was looked at."""
    found = re.match(r"(\d{9,11}) ", seen.text("clock"))
    return float(found[1]) if found else None


def days_since(moment: float | None, now: float | None) -> int | None:
    """Whole days between, never below zero (clocks lie)."""
    if moment is None or now is None:
        return None
    return max(0, int((now - moment) / DAY))


def values_of(seen: Collection, section: str) -> dict[str, str]:
    """`path:value` lines of a section of kernel files."""
    found = {}
    for line in seen.lines(section):
        path, colon, value = line.partition(":")
        if colon:
            found[path] = value.strip()
    return found


def modes_of(seen: Collection, section: str) -> dict[str, dict[str, Any]]:
    """path → owner and permissions; a path that is not there has `exists: false`."""
    found: dict[str, dict[str, Any]] = {
        one.path: {"path": one.path, "exists": False}
        for one in seen.section(section).files
        if one.state is Seen.ABSENT and "*" not in one.path
    }
    for line in seen.lines(section):
        head, bar, path = line.partition("|")
        words = head.split(maxsplit=7)
        if not bar or len(words) < 8 or not re.fullmatch(r"[0-7]{1,5}", words[0]):
            continue
        found[path] = _mode(path, words)
    return found


def _mode(path: str, words: list[str]) -> dict[str, Any]:
    bits = int(words[0], 8)
    return {
        "path": path,
        "exists": True,
        "mode": f"{bits:04o}",
        "uid": number(words[1]),
        "gid": number(words[2]),
        "owner": words[3],
        "group": words[4],
        "size": number(words[5]),
        "modified": number(words[6]),
        "type": words[7],
        "group_writable": bool(bits & 0o020),
        "other_readable": bool(bits & 0o004),
        "other_writable": bool(bits & 0o002),
        "other_access": bool(bits & 0o007),
        "sticky": bool(bits & 0o1000),
    }
