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
                 remains="仍有，或属他表 found; perhaps of other tables; --rewrite")
    ]  # fmt: skip
    for suffix in ("-wal", "-journal"):
        beside = path + suffix
        if Path(beside).exists():
            found.append(_searched_log(beside, wanted))
        else:
            found.append(Trace(level="log", where=Path(beside).name, state=State.GONE,
                               note="没有这个文件 there is no such file"))  # fmt: skip
    return tuple(found)


def _searched_log(path: str, wanted: list[bytes]) -> Trace:
    return searched(
        "log",
        Path(path).name,
        lambda: file_pieces(path),
        wanted,
        gone="未找到 not found",
        remains="直到下次检查点 until the next checkpoint",
    )


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
                 note="不再知道字节 nobody knows the bytes any more")  # fmt: skip
