"""Line formats made of host names: plain domains, hosts files, our starter form, UT1 files."""

from __future__ import annotations

from rules.importers.rows import NOTHING, Flag, Rows
from rules.importers.streams import Lines

_LOOP = frozenset((b"0.0.0.0", b"127.0.0.1", b"::", b"::1", b"0", b"127.0.0.0", b"::0"))
_LOCAL = frozenset(
    b"localhost local broadcasthost localdomain localhost.localdomain ip6-localhost "
    b"ip6-loopback ip6-localnet ip6-mcastprefix ip6-allnodes ip6-allrouters ip6-allhosts "
    b"0.0.0.0".split()
)


def plain(lines: Lines, rows: Rows) -> None:
    """One host, address, network or `host/path` a line; `#` comments."""
    word = rows.word(())
    take = rows.take
    for first, chunk, _ in lines.chunks():
        for number, line in enumerate(chunk, first):
            text = line.partition(b"#")[0].strip() if b"#" in line else line.strip()
            if text:
                take(text, word, number)
        rows.flush()


def hosts(lines: Lines, rows: Rows) -> None:
    """`0.0.0.0 host [host…]  # comment`. Lines that point elsewhere are no block entries."""
    word = rows.word(())
    for first, chunk, _ in lines.chunks():
        for number, line in enumerate(chunk, first):
            parts = line.partition(b"#")[0].split()
            if not parts:
                continue
            if len(parts) == 1:
                rows.bad(number, "an address without a name", line)
            elif parts[0].partition(b"%")[0] not in _LOOP:
                rows.tally.skipped["points to a real address"] += 1
            else:
                for name in parts[1:]:
                    if name.lower() in _LOCAL:
                        rows.tally.skipped["a local name"] += 1
                    else:
                        rows.take(name, word, number)
        rows.flush()


def starter(lines: Lines, rows: Rows) -> None:
    """`[=]host[/path]  category [category…] [-category…]  # comment`: lists of our own."""
    for first, chunk, _ in lines.chunks():
        for number, line in enumerate(chunk, first):
            parts = line.partition(b"#")[0].decode("utf-8", "replace").split()
            if parts:
                _starter_line(parts, line, number, rows)
        rows.flush()


def _starter_line(parts: list[str], line: bytes, number: int, rows: Rows) -> None:
    exact = parts[0].startswith("=")
    flag = Flag.SELF if exact else rows.scope
    host = parts[0].removeprefix("=").encode("utf-8", "replace")
    given = [name for name in parts[1:] if not name.startswith("-")]
    taken = [name[1:] for name in parts[1:] if name.startswith("-")]
    if len(parts) == 1 and rows.word((), flag) == NOTHING:
        rows.bad(number, "a host without a category", line)
        return
    for name in (*given, *taken):
        if rows.word((name,), flag) == NOTHING:
            rows.bad(number, f"there is no category `{name[:64]}`", line)
            return
    if given or not taken:
        rows.take(host, rows.word(given, flag), number, exact=exact)
    if taken:
        rows.take(host, rows.word(taken, flag | Flag.NOT), number, exact=exact)
