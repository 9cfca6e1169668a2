"""SQLite: the one file, its write-ahead log and its journal. A door: that file."""

from __future__ import annotations

from pathlib import Path

from audit.lifecycle.destroying import State, Trace
from audit.lifecycle.traces import Look, file_pieces, patterns, searched


def marks(look: Look) -> dict[str, str]:
    """Nothing to remember: the file is looked at as it is."""
    return {"file": Path(str(look.engine.url.database)).name}


def tidy(look: Look, *, rewrite: bool) -> None:
    """Freed pages are overwritten (secure_delete); `rewrite` writes the whole file anew."""
    with look.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if rewrite:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("VACUUM")
            connection.exec_driver_sql("BEGIN")
    raw = look.engine.raw_connection()
    try:
        raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        raw.close()


def relations(look: Look) -> tuple[Trace, ...]:
    """The bytes of the file, and of what lies beside it."""
    path = str(look.engine.url.database)
    if look.canaries is None:
        return (_later(),)
    wanted = [one for each in patterns(look.engine, look.canaries).values() for one in each]
    found = [
        searched("relation", Path(path).name, lambda: file_pieces(path), wanted,
                 gone="整个文件中未找到 not found in the whole file",
                 remains="文件中仍有，可能属于其他表；运行 --rewrite found: perhaps in other tables; --rewrite")
    ]  # fmt: skip
    for suffix in ("-wal", "-journal"):
        beside = path + suffix
        if Path(beside).exists():
            found.append(
                searched("log", Path(beside).name, lambda at=beside: file_pieces(at),  # type: ignore[misc]
 wanted,
                         gone="未找到 not found", remains="仍在日志中，直到下次检查点 until the next checkpoint")
            )  # fmt: skip
        else:
            found.append(Trace(level="log", where=Path(beside).name, state=State.GONE,
                               note="没有这个文件 there is no such file"))  # fmt: skip
    return tuple(found)


def logs(look: Look) -> tuple[Trace, ...]:  # noqa: ARG001
    """Told with the file."""
    return ()


def replicas(look: Look) -> tuple[Trace, ...]:
    """SQLite has none; copies of the file are not known to it."""
    return (
        Trace(level="replica", where=marks(look)["file"], state=State.UNKNOWN,
              note="文件的其他副本无从得知 copies of the file are not known"),
    )  # fmt: skip


def _later() -> Trace:
    return Trace(level="relation", where="—", state=State.UNKNOWN,
                 note="已不知道要找什么字节 nobody knows the bytes any more; see the certificate")  # fmt: skip
