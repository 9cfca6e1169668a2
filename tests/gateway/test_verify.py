"""Tampering of every kind with the rights of the database's owner; and what is no tampering."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from gateway import seal
from gateway.evidence import load_chain
from gateway.findings import Report, What
from gateway.gaps import Missing
from gateway.ledger import check
from gateway.signer import Signer, key_of
from gateway.store import Store
from gateway.verify import verify
from tests.gateway.event_samples import NOON, batch
from tests.gateway.evidence_samples import Archive, archive, numbered


def told(report: Report) -> set[tuple[str, str]]:
    """(what, kind or file) of all findings."""
    return {(str(one.what), one.kind) for one in report.findings}


def test_what_nobody_touched_holds(tmp_path: Path) -> None:
    made = archive(tmp_path)
    report = made.verify()
    assert report.findings == []
    assert report.gaps == []
    assert report.rows == {"events": 27, "aggregates": 6, "traces": 9, "snapshots": 1}
    assert report.unsealed == {}
    assert (report.files, report.checkpoints, report.anchors) == (1, 3, 1)


def test_no_anchor_or_chain_is_no_proof_of_anything(tmp_path: Path) -> None:
    made = archive(tmp_path)
    (tmp_path / "ledger" / "chain.jsonl").unlink()
    report = made.verify()
    assert [str(one.what) for one in report.findings] == ["chain"]  # the anchor knows better
    assert report.unsealed["events"] == 27


COLUMNS = seal.columns_of("events")


@pytest.mark.parametrize("column", [name for name in COLUMNS if name != "id"])
def test_any_column_of_an_event(tmp_path: Path, column: str) -> None:
    made = archive(tmp_path)
    made.sql(f"UPDATE events SET \"{column}\" = '9999999' WHERE id = 11")
    report = made.verify()
    (found,) = report.findings
    assert (found.what, found.kind, found.day, found.seal) == (
        What.ALTERED,
        "events",
        "2026-03-01",
        1,
    )
    if column not in ("code", "seq"):
        assert (found.code, found.seq) == ("CODE-0004-0002", 11)


@pytest.mark.parametrize("kind", ["aggregates", "traces", "snapshots"])
@pytest.mark.parametrize("deed", ["alter", "remove", "insert"])
def test_the_other_rows_too(tmp_path: Path, kind: str, deed: str) -> None:
    made = archive(tmp_path)
    column = {"aggregates": "count", "traces": "document", "snapshots": "document"}[kind]
    key = {"aggregates": "key", "traces": "id", "snapshots": "hash"}[kind]
    one = f"(SELECT {key} FROM {kind} ORDER BY {key} LIMIT 1)"
    columns = ", ".join(f'"{name}"' for name in seal.columns_of(kind) if name != key)
    made.sql(
        {
            "alter": f"UPDATE {kind} SET {column} = 77 WHERE {key} = {one}",
            "remove": f"DELETE FROM {kind} WHERE {key} = {one}",
            "insert": f"INSERT INTO {kind} ({key}, {columns}) "
            f"SELECT 'new', {columns} FROM {kind} WHERE {key} = {one}",
        }[deed]
    )
    (found,) = made.verify().findings
    assert found.kind == kind
    # several rows in order of their bytes: an altered one may stand elsewhere now
    assert found.what in (What.ALTERED, What.REMOVED, What.INSERTED)


SWAP = (
    "UPDATE events SET id = -1 WHERE id = 12",
    "UPDATE events SET id = 12 WHERE id = 14",
    "UPDATE events SET id = 14 WHERE id = -1",
)
COPY = ", ".join(f'"{name}"' for name in COLUMNS if name != "id")


def _insert(number: int) -> tuple[str, ...]:
    """An event between others: those after it move up."""
    return (
        f"UPDATE events SET id = -id WHERE id >= {number}",
        "UPDATE events SET id = 1 - id WHERE id < 0",
        f"INSERT INTO events (id, {COPY}) SELECT {number}, {COPY} FROM events WHERE id = 1",
    )


DEEDS: dict[str, tuple[tuple[str, ...], set[str]]] = {
    "one removed": (("DELETE FROM events WHERE id = 13",), {"removed"}),
    "a whole seal removed": (("DELETE FROM events WHERE id BETWEEN 10 AND 18",), {"removed"}),
    "the last removed": (("DELETE FROM events WHERE id = 27",), {"removed"}),
    "the tail removed": (("DELETE FROM events WHERE id > 20",), {"removed"}),
    "all removed": (("DELETE FROM events",), {"removed"}),
    "removed, ids closed up": (
        ("DELETE FROM events WHERE id = 13", "UPDATE events SET id = id - 1 WHERE id > 13"),
        {"removed", "altered", "inserted", "seal"},
    ),
    "two swapped": (SWAP, {"altered"}),
    "one inserted": (_insert(15), {"inserted", "altered", "removed", "seal"}),
    "one doubled at a free id": (
        (f"INSERT INTO events (id, {COPY}) SELECT -7, {COPY} FROM events WHERE id = 3",),
        {"inserted"},
    ),
    "not text": (("UPDATE events SET host = CAST(X'FFFE' AS TEXT) WHERE id = 2",), {"altered"}),
    "nothing": (("UPDATE events SET host = NULL WHERE id = -5",), set()),
    "the hashes beside them": (("UPDATE seals SET leaves = X'00', root = X'00'",), set()),
    "rows and hashes": (
        ("UPDATE events SET action = 'allow' WHERE id = 2", "UPDATE seals SET leaves = X'00'"),
        {"seal"},
    ),
    "rows, hashes thrown away": (
        ("UPDATE events SET action = 'allow' WHERE id = 2", "DELETE FROM seals"),
        {"seal"},
    ),
    "the file's name in the ledger": (("UPDATE segments SET id = 'other'",), {"file"}),
    "its name thrown away": (("DELETE FROM segments",), {"file"}),
    "rows moved to the open seal": (
        ("UPDATE aggregates SET seal = 99 WHERE seal = 1",),
        {"removed"},
    ),
    "rows in a seal that never was": (
        ("UPDATE traces SET seal = -1 WHERE seal = 1",),
        {"removed", "inserted"},
    ),
}


@pytest.mark.parametrize(("deeds", "what"), DEEDS.values(), ids=DEEDS)
def test_deeds_in_the_database(tmp_path: Path, deeds: tuple[str, ...], what: set[str]) -> None:
    made = archive(tmp_path)
    made.sql(*deeds)
    report = made.verify()
    found = {str(one.what) for one in report.findings}
    assert bool(found) == bool(what)
    assert found <= what, report.findings


def test_where_a_removed_event_was(tmp_path: Path) -> None:
    made = archive(tmp_path)
    made.sql("DELETE FROM events WHERE id = 13")
    report = made.verify()
    (found,) = report.findings
    assert (found.seal, found.seq) == (1, 13)
    assert "CODE-0004-0003" in found.near
    assert "CODE-0005-0002" in found.near
    assert [(gap.missing, gap.count) for gap in report.gaps] == [(Missing.EVENTS, 1)]


def rebuilt(made: Archive) -> None:
    """Every hash anew: what the owner of the database can do to hide a change."""
    with closing(Store("n1", made.data / "events", clock=lambda: float(NOON))) as store:
        connection = store._connection("2026-03-01")
        with connection.begin():
            connection.exec_driver_sql("DELETE FROM seals")
            seal.close(connection, 0)


def rewritten(made: Archive, folder: Path, fresh: bool) -> None:
    """The whole chain anew, over the rows as they are, with a key of one's own."""
    forger = Signer(folder, node="n1", clock=lambda: float(NOON))
    rebuilt(made)
    with closing(Store("n1", made.data / "events")) as store:
        store.recover()
        for _, parts in store.owed():
            body = {"parts": [part.plain() for part in parts]}
            forger.answer({"ask": "sign", "kind": "events", "body": body}, 0)
    lines = forger.answer({"ask": "since", "seq": 0}, 0)["lines"]
    if fresh:  # under the old key's name
        lines = [line.replace(forger.key, made.signing.signer.key) for line in lines]
    (made.data / "ledger" / "chain.jsonl").write_text("".join(line + "\n" for line in lines))


@pytest.mark.parametrize("fresh", [False, True])
def test_history_rewritten_without_the_key(tmp_path: Path, fresh: bool) -> None:
    made = archive(tmp_path)
    made.sql("DELETE FROM events WHERE id = 13")
    rewritten(made, tmp_path / "forger", fresh)
    found = {one.near.partition(":")[0] for one in made.verify().findings}
    assert "cut-off" in found  # no checkpoint of ours is left
    assert found & {"foreign-key", "signature"}


def test_history_rewritten_and_the_public_key_replaced(tmp_path: Path) -> None:
    """Even where the verifier is given the forger's key: the anchors differ."""
    made = archive(tmp_path)
    made.sql("UPDATE events SET action = 'allow' WHERE id = 13")
    rewritten(made, tmp_path / "forger", False)
    key = key_of(tmp_path / "forger").public_key()
    forger = Signer(tmp_path / "forger", node="n1")
    lines = load_chain(tmp_path / "ledger" / "chain.jsonl")
    alone = verify(tmp_path, check(lines, {forger.key: key}))
    assert alone.findings == []  # consistent in itself: this is why there are anchors
    report = verify(tmp_path, check(lines, {forger.key: key}, made.kept()))
    assert [one.what for one in report.findings] == [What.CHAIN]


def test_history_signed_again_by_the_real_signer(tmp_path: Path) -> None:
    """The database's owner may ask the signer; it never gives a number twice."""
    made = archive(tmp_path)
    made.sql("DELETE FROM events WHERE id = 13")
    rebuilt(made)
    with closing(Store("n1", made.data / "events", clock=lambda: float(NOON))) as store:
        store.recover()
        for _, parts in store.owed():
            made.signing.sign("events", {"parts": [part.plain() for part in parts]})
    found = {str(one.what) for one in made.verify().findings}
    assert "reordered" in found  # the same seal, signed twice with another root
    assert found & {"removed", "seal"}


@pytest.mark.parametrize("kept", [0, 1, 2])
def test_a_tail_cut_off_everywhere(tmp_path: Path, kept: int) -> None:
    """Rows, hashes and checkpoints of the last seals are gone: only the anchor knows."""
    made = archive(tmp_path)
    path = tmp_path / "ledger" / "chain.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:kept]))
    made.sql(
        f"DELETE FROM events WHERE id > {9 * kept}",
        f"DELETE FROM seals WHERE seal >= {kept}",
        *(f"DELETE FROM {kind} WHERE seal >= {kept}" for kind in seal.KINDS[1:]),
    )
    assert [one.near.partition(":")[0] for one in made.verify().findings] == ["cut-off"]
    made.anchors.clear()
    assert made.verify().holds  # without an anchor nobody can know


def test_what_came_after_the_last_anchor_may_be_cut(tmp_path: Path) -> None:
    """The limit of the promise: at most 60 s, the time between two anchors."""
    made = archive(tmp_path)
    made.write(numbered(10))
    lines = load_chain(tmp_path / "ledger" / "chain.jsonl")
    (tmp_path / "ledger" / "chain.jsonl").write_bytes(b"\n".join(lines[:3]) + b"\n")
    made.sql(
        "DELETE FROM events WHERE id > 27",
        *(f"DELETE FROM {k} WHERE seal > 2" for k in seal.KINDS[1:]),
    )
    assert made.verify().holds


CHAIN: dict[str, Callable[[list[str]], list[str]]] = {
    "one taken out": lambda lines: [lines[0], lines[2]],
    "first taken out": lambda lines: lines[1:],
    "a count changed": lambda lines: [lines[0].replace('"seal":0', '"seal":5'), *lines[1:]],
    "a line of noise": lambda lines: [lines[0], "{noise", *lines[1:]],
    "half a line": lambda lines: [*lines[:2], lines[2][:80]],
    "a signature of another": lambda lines: [
        lines[0],
        json.dumps({**json.loads(lines[1]), "sig": json.loads(lines[0])["sig"]}),
        lines[2],
    ],
}


@pytest.mark.parametrize("deed", CHAIN.values(), ids=CHAIN)
def test_deeds_in_the_chain(tmp_path: Path, deed: Callable[[list[str]], list[str]]) -> None:
    made = archive(tmp_path)
    path = tmp_path / "ledger" / "chain.jsonl"
    path.write_text("\n".join(deed(path.read_text().splitlines())) + "\n")
    assert What.CHAIN in {one.what for one in made.verify().findings}


def test_the_order_of_lines_does_not_matter(tmp_path: Path) -> None:
    """Writer and command line both bring the copy up to date."""
    made = archive(tmp_path)
    path = tmp_path / "ledger" / "chain.jsonl"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[2], lines[0], lines[1], lines[0]]) + "\n")
    assert made.verify().holds


FILES: dict[str, Callable[[Path], object]] = {
    "removed": lambda path: path.unlink(),
    "emptied": lambda path: path.write_bytes(b""),
    "garbage": lambda path: path.write_bytes(b"\0garbage" * 4096),
    "cut": lambda path: os.truncate(path, 8192),
    "copied": lambda path: shutil.copy(path, path.with_name("n1-2026-03-09.sqlite")),
}


@pytest.mark.parametrize("deed", FILES.values(), ids=FILES)
def test_deeds_to_the_file(tmp_path: Path, deed: Callable[[Path], object]) -> None:
    made = archive(tmp_path)
    deed(made.file)
    report = made.verify()
    assert {one.what for one in report.findings} == {What.FILE}
    assert report.findings[0].day in ("2026-03-01", "2026-03-09")


def test_a_damaged_file_moved_aside_is_said_and_the_new_one_holds(tmp_path: Path) -> None:
    made = archive(tmp_path)
    with closing(sqlite3.connect(made.file)) as connection:
        connection.execute("DROP TABLE events")
    made.write(numbered(10), numbered(11))
    report = made.verify()
    assert {one.what for one in report.findings} == {What.FILE}
    assert any("damaged" in one.file for one in report.findings)
    assert report.rows["events"] == 6
    (damaged,) = [one for one in made.chain().checkpoints if one.kind == "damaged"]
    assert damaged.body["day"] == "2026-03-01"


def test_a_signer_that_was_away_signs_later(tmp_path: Path) -> None:
    made = archive(tmp_path)
    made.signing.away = True
    made.write(numbered(10))
    assert made.verify().unsealed["events"] == 3
    made.signing.away = False
    made.write(numbered(11))
    report = made.verify()
    assert (report.holds, report.rows["events"], report.unsealed) == (True, 33, {})


def test_a_later_batch_for_an_old_aggregate_is_another_row(tmp_path: Path) -> None:
    """What is sealed is never added to."""
    made = archive(tmp_path)
    with closing(sqlite3.connect(made.file)) as connection:
        rows = connection.execute("SELECT host, count, seal FROM aggregates ORDER BY seal, host")
        assert rows.fetchall()[:3] == [
            ("h0.example", 9, 0),
            ("h1.example", 9, 0),
            ("h0.example", 9, 1),
        ]


def test_only_some_days(tmp_path: Path) -> None:
    made = archive(tmp_path)
    later = replace(numbered(10), events=(), traces=())
    aggregates = tuple(replace(one, bucket=NOON + 86400) for one in later.aggregates)
    made.write(replace(later, aggregates=aggregates))
    made.sql("DELETE FROM events WHERE id = 1")
    assert made.verify(days=("2026-03-02", "2026-03-02")).holds
    assert not made.verify(days=("2026-03-01", "2026-03-01")).holds


def test_a_worker_that_was_killed(tmp_path: Path) -> None:
    moment = [float(NOON)]
    made = Archive(data=tmp_path, clock=lambda: moment[0])
    made.write(numbered(1), numbered(2))
    moment[0] += 600
    last = batch(2, boot="b2", events=0, counts=0, traces=())
    made.write(batch(1, boot="b2"), last)
    moment[0] += 600
    made.write(batch(1, boot="b3"), batch(4, boot="b3"))
    found = [(gap.missing, gap.boot, gap.first, gap.last) for gap in made.verify().gaps]
    assert (Missing.FAREWELL, "b1", 0, 2) in found
    assert (Missing.BATCHES, "b3", 2, 3) in found
    assert not [one for one in found if one[1] == "b2"]
