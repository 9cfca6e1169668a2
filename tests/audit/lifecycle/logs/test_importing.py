"""Imports go on where they ended; rotated, compressed, broken and changed logs."""

import datetime as dt
import gzip
from pathlib import Path

import pytest

from audit.lifecycle.logs import importing
from audit.lifecycle.logs.importing import How, Imported, import_file
from audit.lifecycle.logs.store import Store

HOW = How(zone=dt.UTC, now=1_800_000_000.0)


def line(number: int, table: str = "t") -> bytes:
    minute, second = divmod(number, 60)
    stamp = f"20261123 12:{minute:02d}:{second:02d}"
    return f"{stamp},db1,ann,h,4,{number},QUERY,d,'select * from {table}',0\n".encode()


def run(store: Store, path: Path) -> Imported:
    return import_file(store, path, "db1", "mariadb", HOW)


def test_it_goes_on_after_the_last_whole_line(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    log.write_bytes(line(1) + line(2)[:20])
    with Store(tmp_path / "s") as store:
        first = run(store, log)
        assert (first.kept, first.left) == (1, 0)
        log.write_bytes(line(1) + line(2) + b"rubbish\n" + line(3))
        second = run(store, log)
        assert (second.kept, second.bad, second.resumed) == (2, 1, len(line(1)))
        assert [(one.line, one.what) for one in second.named] == [
            (3, "not a record of server_audit")
        ]
        assert not second.whole
        assert run(store, log).seen == 0
        assert [one.entry.line for one in store.entries()] == [1, 2, 4]
        assert [gap.kind for gap in store.gaps()] == ["unreadable"]


def test_rotated_and_compressed_is_the_same_log(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    log.write_bytes(b"".join(line(n) for n in range(200)))
    with Store(tmp_path / "s") as store:
        assert run(store, log).kept == 200
        packed = tmp_path / "audit.log.1.gz"
        packed.write_bytes(gzip.compress(log.read_bytes() + line(200)))
        found = run(store, packed)
        assert (found.kept, found.changed) == (1, "")


def test_a_log_that_was_changed_afterwards_is_not_read_on(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    whole = b"".join(line(n) for n in range(200))
    log.write_bytes(whole)
    with Store(tmp_path / "s") as store:
        run(store, log)
        log.write_bytes(whole[:-30] + b"x" * 29 + b"\n" + line(300))
        found = run(store, log)
        assert found.changed
        log.write_bytes(whole[:5000])
        assert "shorter" in run(store, log).changed
        assert {gap.kind for gap in store.gaps()} == {"changed"}
        assert len(list(store.entries())) == 200


def test_a_broken_archive_gives_what_it_holds(tmp_path: Path) -> None:
    packed = tmp_path / "a.gz"
    data = gzip.compress(b"".join(line(n, f"t{n * 7919}") for n in range(3000)), mtime=0)
    packed.write_bytes(data[: len(data) // 2])
    with Store(tmp_path / "s") as store:
        found = run(store, packed)
        assert 0 < found.kept < 3000
        assert not found.whole


def test_silence_is_remembered(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    log.write_bytes(line(1) + line(2).replace(b"20261123", b"20261125"))
    with Store(tmp_path / "s") as store:
        run(store, log)
        gaps = store.gaps()
        assert [gap.kind for gap in gaps] == ["idle"]
        assert gaps[0].ended - gaps[0].began > 86_400


def test_a_killed_import_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = tmp_path / "audit.log"
    log.write_bytes(b"".join(line(n) for n in range(100)))
    monkeypatch.setattr(importing, "BATCH", 10)
    seen = [0]
    take = importing._take

    def dies(*words: object) -> None:
        seen[0] += 1
        if seen[0] == 55:
            raise KeyboardInterrupt
        take(*words)  # type: ignore[arg-type]

    monkeypatch.setattr(importing, "_take", dies)
    with Store(tmp_path / "s") as store, pytest.raises(KeyboardInterrupt):
        run(store, log)
    monkeypatch.setattr(importing, "_take", take)
    with Store(tmp_path / "s") as store:
        assert run(store, log).kept == 50
        assert [one.entry.line for one in store.entries()] == list(range(1, 101))
