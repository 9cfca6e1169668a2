"""The store: every batch once, whatever happens to the file beneath it."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import CollectorRegistry

from gateway.evidence import load_chain
from gateway.export import Archive
from gateway.ledger import check
from gateway.metrics import Metrics
from gateway.sealing import Sealer
from gateway.signer import Signer, key_of
from gateway.store import Store
from gateway.verify import verify
from rules.load import WorldError
from tests.gateway.event_samples import NOON, TRACE, aggregate, batch, event
from tests.gateway.evidence_samples import Local

DAY = "n1-2026-03-01.sqlite"


def sums(tmp_path: Path) -> tuple[int, int]:
    """(Events, exchanges in aggregates) of the data folder."""
    archive = Archive(data=tmp_path)
    found = archive.count()
    assert archive.problems == []
    return sum(found["events"].values()), found["passed"] + found["lost"]


def store(tmp_path: Path, **options: Any) -> Store:
    return Store("n1", tmp_path / "events", **options)


def ask(path: Path, statement: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(statement).fetchall()


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    with closing(store(tmp_path)) as keep:
        keep.write([batch(events=2), batch(2, events=1)])
        archive = Archive(data=tmp_path)
        assert list(archive.events()) == [
            batch(events=2).events[0],
            batch(2).events[0],
            batch(events=2).events[1],
        ]
        summed = {"count": 6, "bytes_up": 60, "bytes_down": 1200, "duration_ms": 18}
        assert list(archive.aggregates()) == [aggregate(host="h0.example", **summed)]
    assert os.listdir(tmp_path / "events") == [DAY]  # the log is folded in
    assert (tmp_path / "events" / DAY).stat().st_mode & 0o777 == 0o600


def test_a_batch_is_stored_once_in_whatever_order(tmp_path: Path) -> None:
    order = [seq for seq in range(1, 40) for _ in range(2)]
    random.Random(3).shuffle(order)
    for chunk in range(0, len(order), 13):  # a new process each time
        with closing(store(tmp_path)) as keep:
            keep.write([batch(seq) for seq in order[chunk : chunk + 13]])
    assert sums(tmp_path) == (39, 39 * 3)
    assert ask(tmp_path / "events" / DAY, "SELECT first, last FROM batches") == [(1, 39)]


def test_batches_of_other_workers_and_boots_are_others(tmp_path: Path) -> None:
    with closing(store(tmp_path)) as keep:
        written = [batch(), batch(worker="dns-0"), batch(boot="b2"), batch(node="n2"), batch()]
        assert keep.write(written) == 4
    assert sums(tmp_path)[0] == 4


def test_a_batch_over_midnight_goes_to_two_files_once(tmp_path: Path) -> None:
    night = (NOON + 12 * 3600) * 1_000_000
    over = batch(events=0, counts=0, traces=())
    over = replace(over, events=(event(ts=night - 1), event(ts=night)))
    with closing(store(tmp_path)) as keep:
        keep.write([over])
        keep.write([over])
    assert sorted(os.listdir(tmp_path / "events")) == [DAY, "n1-2026-03-02.sqlite"]
    assert sums(tmp_path) == (2, 0)


def test_many_days_do_not_keep_many_files_open(tmp_path: Path) -> None:
    with closing(store(tmp_path)) as keep:
        for day in range(8):
            ts = (NOON + day * 86400) * 1_000_000
            keep.write([replace(batch(day, counts=0, traces=()), events=(event(ts=ts),))])
        assert len(list((tmp_path / "events").glob("*-wal"))) == 3
    assert sums(tmp_path) == (8, 0)


def test_traces_and_snapshots_are_kept_once_with_the_document(tmp_path: Path) -> None:
    (tmp_path / "snapshot").mkdir()
    (tmp_path / "snapshot" / f"{'5' * 64}.json").touch()
    other = replace(TRACE, id="t2", snapshot="6" * 64)
    with closing(store(tmp_path, snapshots=tmp_path / "snapshot")) as keep:
        keep.write([batch(), batch(2, traces=(TRACE, other))])
    path = tmp_path / "events" / DAY
    assert ask(path, "SELECT id FROM traces ORDER BY id") == [("t2",), ("trace-block",)]
    assert ask(path, "SELECT hash, document FROM snapshots ORDER BY hash") == [
        ("5" * 64, f"{'5' * 64}.json"),
        ("6" * 64, ""),
    ]


def _garbage(path: Path) -> None:
    path.write_bytes(b"\x00garbage" * 4096)


def _scrambled_pages(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[4096 * 2 :] = os.urandom(len(data) - 4096 * 2)
    path.write_bytes(data)


def _truncated(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _missing_tables(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE events")


@pytest.mark.parametrize("damage", [_garbage, _scrambled_pages, _truncated, _missing_tables])
def test_a_damaged_file_is_moved_aside_and_counted(tmp_path: Path, damage: Any) -> None:
    with closing(store(tmp_path)) as keep:
        keep.write([batch(events=50, counts=50)])
    damage(tmp_path / "events" / DAY)
    metrics = Metrics(CollectorRegistry())
    with closing(store(tmp_path, metrics=metrics)) as keep:
        for seq in range(2, 6):
            keep.write([batch(seq, events=3)])
    assert sums(tmp_path) == (12, 12)
    assert Archive(data=tmp_path).count()["damaged_files"] == 1
    samples = [s for m in metrics.registry.collect() for s in m.samples]
    counted = [s.value for s in samples if s.name == "qinglang_event_store_damaged_total"]
    assert counted == [1.0]


def test_an_empty_file_of_a_killed_writer_is_used(tmp_path: Path) -> None:
    (tmp_path / "events").mkdir()
    (tmp_path / "events" / DAY).touch()
    with closing(store(tmp_path)) as keep:
        keep.write([batch()])
    assert os.listdir(tmp_path / "events") == [DAY]
    assert sums(tmp_path) == (1, 3)


def test_a_locked_file_is_trouble_and_nothing_is_half_written(tmp_path: Path) -> None:
    with closing(store(tmp_path)) as keep:
        keep.write([batch()])
    with closing(sqlite3.connect(tmp_path / "events" / DAY, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with closing(store(tmp_path)) as keep, pytest.raises(WorldError, match="locked"):
            keep.write([batch(2)])
        other.execute("ROLLBACK")
    with closing(store(tmp_path)) as keep:
        keep.write([batch(2)])
    assert sums(tmp_path) == (2, 6)


def test_a_folder_that_cannot_be_made_is_trouble(tmp_path: Path) -> None:
    (tmp_path / "events").write_text("in the way")
    with pytest.raises(WorldError):
        store(tmp_path).write([batch()])


def test_a_full_disk_is_trouble_and_what_was_stored_stays(tmp_path: Path) -> None:
    """RLIMIT_FSIZE makes the kernel refuse growth, as a full disk does."""
    script = (
        "import resource, signal, sys; from pathlib import Path\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "from gateway.store import Store; from rules.load import WorldError\n"
        "from tests.gateway.event_samples import batch\n"
        "keep = Store('n1', Path(sys.argv[1])); keep.write([batch()])\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))\n"
        "for seq in range(2, 50):\n"
        "    try: keep.write([batch(seq, events=300)])\n"
        "    except WorldError as error: print(seq, error); break\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "events")],
        capture_output=True,
        text=True,
        timeout=60,
        env={**os.environ, "PYTHONPATH": "."},
    )
    seq = int(done.stdout.split()[0])
    assert sums(tmp_path) == (1 + 300 * (seq - 2), 3 * (seq - 1)), done.stdout


@pytest.mark.parametrize(
    "url", ["hello", "postgresql+pg8000://nobody@127.0.0.1:1/none", "sqlite:////no/such/folder/x"]
)
def test_an_absent_database_is_trouble(tmp_path: Path, url: str) -> None:
    with pytest.raises(WorldError):
        store(tmp_path, url=url).write([batch()])


@pytest.mark.wire
def test_the_same_in_postgresql(tmp_path: Path, postgresql: str) -> None:
    for _ in range(2):  # the second time everything is known
        with closing(store(tmp_path, url=postgresql)) as keep:
            keep.write([batch(events=3, counts=2), batch(3), batch(2)])
            keep.write([batch(4, aggregates=(aggregate(), aggregate()))])
    archive = Archive(data=tmp_path, url=postgresql)
    sums = archive.count()
    assert (sums["events"], sums["passed"]) == ({"block": 6}, 2 * 3 + 3 + 3 + 6)
    assert len(list(archive.events())) == 6
    assert next(archive.aggregates()).host == "edu.example"
    marks = archive.now()
    with closing(store(tmp_path, url=postgresql)) as keep:
        keep.write([batch(5)])
    assert [event.seq for event in archive.since(marks)] == [5000]
    assert [event.seq for event in archive.newest(1)] == [1002]
    assert archive.problems == []
    signer = Signer(tmp_path / "signer", node="n1")
    signing = Local(signer=signer, folder=tmp_path / "ledger")
    with closing(store(tmp_path, url=postgresql)) as keep:
        sealer = Sealer(keep, signing, clock=lambda: 0.0)
        while keep.recover():
            continue
        sealer.finish()
    keys = {signer.key: key_of(tmp_path / "signer").public_key()}
    chain = check(load_chain(tmp_path / "ledger" / "chain.jsonl"), keys)
    report = verify(tmp_path, chain, url=postgresql)
    assert (report.findings, report.rows["events"], report.unsealed) == ([], 7, {})
