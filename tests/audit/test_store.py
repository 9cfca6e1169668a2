"""The store: a run comes back whole, bodies are encrypted, tampering and deletion show."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from audit.model import Assessment, Organisation, System
from audit.probes import host
from audit.record import Beside
from audit.run import Run
from audit.store import Store
from audit.targets import Inventory
from rules.load import WorldError
from tests.audit.judged import NOW, TARGET, made, small_beside
from tests.gateway.conftest import postgresql as server

postgresql = server


@pytest.fixture
def place(tmp_path: Path) -> str:
    return str(tmp_path / "audit.db")


def kept(place: str, run: Run | None = None) -> str:
    with Store.open(place) as store:
        return store.keep_run(run or made(), small_beside(), now=NOW)


def test_a_run_comes_back_whole(place: str) -> None:
    name = kept(place)
    with Store.open(place) as store:
        run, beside = store.run(name)
        assert run == made()
        assert beside == small_beside()
        (listed,) = store.runs()
        assert (listed.id, listed.whole) == (name, True)
        assert listed.summary["failed"] == made().score.failed
        assert store.runs(assessment="other") == ()
        assert store.runs(system="other") == ()
        verdict = store.verify()
        assert verdict.holds, verdict
        assert store.assessments() == (small_beside().assessment,)


def test_nothing_of_it_stands_in_the_file(place: str) -> None:
    kept(place)
    raw = b"".join(one.read_bytes() for one in Path(place).parent.glob("audit.db*")
                   if not one.name.endswith(".key"))  # fmt: skip
    assert b"PermitRootLogin" not in raw
    assert b"linux-password-quality" not in raw
    assert Path(place).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE runs SET digest = 'x'", "DELETE FROM runs", "UPDATE runs SET body = x'00'",
        "UPDATE runs SET body = NULL", "DELETE FROM evidence", "UPDATE evidence SET body = NULL",
        "UPDATE evidence SET body = x'0011'", "DELETE FROM entries",
        "UPDATE entries SET \"by\" = 'nobody'", "DELETE FROM ledger WHERE seq = 1",
        "UPDATE ledger SET line = replace(line, 'audit-run', 'audit-fun')",
        "UPDATE assessments SET wrapped = NULL",
        "INSERT INTO entries (kind, id, at, \"by\", body) VALUES ('waiver', 'w', 1, 'x', '{}')",
        "INSERT INTO evidence SELECT assessment, 'e2', 'd', target, probe, taken, body"
        " FROM evidence",
    ],
)  # fmt: skip
def test_tampering_shows(place: str, statement: str) -> None:
    kept(place)
    with Store.open(place) as store:
        store.write("waiver", "w1", {"a": 1}, by="王", now=NOW)
        assert store.verify().holds
    database = sqlite3.connect(place)
    database.execute(statement)
    database.commit()
    database.close()
    with Store.open(place) as store:
        assert not store.verify().holds


def test_forgetting_deletes_and_shows(place: str) -> None:
    name = kept(place)
    with Store.open(place) as store:
        store.forget("2026", now=NOW, by="王", reason="保存期满")
        verdict = store.verify()
        assert verdict.holds
        assert verdict.deleted == 2
        assert not store.runs()[0].whole
        with pytest.raises(WorldError, match="deleted"):
            store.run(name)
        with pytest.raises(WorldError, match="destroyed"):
            store.keep_run(made(), small_beside(), now=NOW)
        with pytest.raises(WorldError):
            store.forget("none", now=NOW, by="王", reason="x")
    assert b"PermitRootLogin" not in Path(place).read_bytes()


def test_the_inventory_stays(place: str) -> None:
    given = Inventory(
        id="store",
        organisations=(Organisation(id="o", name="某校"),),
        systems=(System(id="s", name="x", organisation="o", s=3, a=2, g=3),),
        targets=(TARGET,),
    )
    with Store.open(place) as store:
        store.keep_inventory(given)
        store.keep_inventory(replace(given, targets=(replace(TARGET, name="new"),)))
        assert store.inventory() == replace(given, targets=(replace(TARGET, name="new"),))


def test_unreachable_evidence_is_kept_too(place: str) -> None:
    lost = host.nothing("web01", "timeout", method="ssh", taken=NOW)
    kept(place, replace(made(), evidence=(lost,)))
    with Store.open(place) as store:
        assert store.verify().holds


def test_entries_are_in_order(place: str) -> None:
    with Store.open(place) as store:
        store.write("a", "1", {"x": 1.5}, by="王", now=NOW)
        store.write_all([], by="王", now=NOW)
        store.write("b", "2", [1], by="李", now=NOW)
        assert [one.id for one in store.entries()] == ["1", "2"]
        assert store.entries("a")[0].body == {"x": 1.5}


def test_bad_places(tmp_path: Path) -> None:
    with pytest.raises(WorldError, match="no such store"), Store.open("/nope/a.db", make=False):
        pass
    with pytest.raises(WorldError, match="store-key"), Store.open("postgresql://x/y"):
        pass
    key = tmp_path / "k"
    key.write_text("{}")
    key.chmod(0o600)
    with pytest.raises(WorldError, match="key"), Store.open(str(tmp_path / "a.db"), key):
        pass
    key.chmod(0o644)
    with pytest.raises(WorldError, match="chmod"), Store.open(str(tmp_path / "a.db"), key):
        pass


def test_a_newer_store_is_refused(place: str) -> None:
    kept(place)
    database = sqlite3.connect(place)
    database.execute("UPDATE audit_version SET version = 99")
    database.commit()
    database.close()
    with pytest.raises(WorldError, match="newer"), Store.open(place):
        pass


def test_a_run_needs_an_assessment(place: str) -> None:
    with Store.open(place) as store, pytest.raises(ValueError, match="assessment"):
        store.keep_run(made(), Beside(), now=NOW)


def test_another_assessment_is_another_key(place: str) -> None:
    kept(place)
    other = Assessment(id="2027", system="s", level=3, begins="2027-01-01", ends="2027-12-31",
                       catalog="", targets=())  # fmt: skip
    with Store.open(place) as store:
        store.keep_run(made(), replace(small_beside(), assessment=other), now=NOW)
        store.forget("2026", now=NOW, by="王", reason="x")
        assert [one.whole for one in store.runs()] == [False, True]
        assert store.verify().holds


@pytest.mark.wire
def test_on_postgresql(postgresql: str, tmp_path: Path) -> None:
    key = tmp_path / "k"
    with Store.open(postgresql, key) as store:
        name = store.keep_run(made(), small_beside(), now=NOW)
        store.write("waiver", "w1", {"a": 1}, by="王", now=NOW)
    with Store.open(postgresql, key) as store:
        assert store.run(name)[0] == made()
        assert store.verify().holds
        store.forget("2026", now=NOW, by="王", reason="x")
        assert store.verify().holds
