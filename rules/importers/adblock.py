"""Adblock domain syntax: `||host^` and its exceptions `@@||host^`; the rest is counted.

Only rules that speak about whole hosts mean anything to a gateway. Cosmetic rules,
path rules and rules narrowed by options are skipped, each with its reason.
"""

from __future__ import annotations

from rules.importers.rows import Flag, Rows
from rules.importers.streams import Lines

_HARMLESS = frozenset((b"important", b"all", b"document", b"doc"))
_COSMETIC = (b"##", b"#@#", b"#?#", b"#$#", b"#%#", b"#@?#", b"$$", b"$@$")
_LOOP = (b"0.0.0.0 ", b"127.0.0.1 ", b":: ", b"::1 ")


def adblock(lines: Lines, rows: Rows) -> None:
    """Adblock Plus, uBlock Origin and AdGuard lists of hosts."""
    hit = rows.word((), Flag.NONE)
    free = rows.word((), Flag.NOT)
    for first, chunk, _ in lines.chunks():
        for number, line in enumerate(chunk, first):
            text = line.strip()
            if not text or text[:1] in b"![" or (text[:1] == b"#" and text[:2] != b"##"):
                continue
            _rule(text, hit, free, number, rows)
        rows.flush()


def _rule(text: bytes, hit: int, free: int, number: int, rows: Rows) -> None:
    if any(mark in text for mark in _COSMETIC):
        rows.tally.skipped["cosmetic rule"] += 1
        return
    word = free if text.startswith(b"@@") else hit
    body, dollar, options = text.removeprefix(b"@@").partition(b"$")
    if dollar and not _HARMLESS.issuperset(options.lower().split(b",")):
        rows.tally.skipped["narrowed by options"] += 1
        return
    if body.startswith(_LOOP):
        body = body.split()[1]
    elif body.startswith(b"||"):
        body = body[2:].removesuffix(b"|").removesuffix(b"^")
    elif body[:1] in (b"|", b"/") or body.endswith(b"^"):
        rows.tally.skipped["not a rule about a whole host"] += 1
        return
    if b"*" in body or b"^" in body:
        rows.tally.skipped["wildcard"] += 1
    elif b"/" in body:
        rows.tally.skipped["rule about a path"] += 1
    else:
        rows.take(body, word, number)
