"""A source looked at: SQLite and folders for real, files' rights, what fails says so."""

# ruff: noqa: E501 - a table of replacements

import os
import sqlite3
import stat
from pathlib import Path

import pytest

from audit.lifecycle import look
from audit.lifecycle.columns import Judge
from audit.lifecycle.databases import Database, parse
from audit.lifecycle.discover import SEED
from audit.lifecycle.knowledge import load_headers
from audit.lifecycle.reality import PUBLIC, Rights, SeenTable, due
from audit.lifecycle.sampled import Sampler
from bench.district import People
from rules.load import DataError, WorldError
from rules.model import Text
from rules.personal_files import load_finder
from tests.audit.lifecycle.check_scene import TABLES, rows, training
from tests.audit.lifecycle.check_world import AT, BOOK, COUNTS, ruled


@pytest.fixture(scope="module")
def sampler() -> Sampler:
    finder = load_finder()
    return Sampler(judge=Judge(finder, load_headers()), finder=finder, seed=SEED)


def test_a_database(tmp_path: Path, sampler: Sampler) -> None:
    path = tmp_path / "d.db"
    with sqlite3.connect(path) as db:
        for order in TABLES:
            db.execute(order)
        for table, listed in rows():
            marks = ", ".join("?" * len(listed[0]))
            db.executemany(
                f"INSERT INTO {table} ({', '.join(listed[0])}) VALUES ({marks})",
                [(*row.values(),) for row in listed],
            )
    db.close()
    path.chmod(0o640)
    url, replicas = parse(f"sqlite:///{path}")
    with Database(url, replicas) as opened:
        seen = look.database(opened, BOOK.sources[0], BOOK, sampler, AT, str(path))
    assert {one.name for one in seen.tables} == {"students", "guardians", "visits"}
    assert {key: seen.counts[key] for key in COUNTS} == dict.fromkeys(COUNTS, 0)
    assert seen.fields["visits.phone"] is True
    assert isinstance(seen.rights, Rights)
    assert {one.role.partition(":")[0] for one in seen.rights.entries} == {"group"}


def test_a_test_source_of_fakes_and_one_of_people(tmp_path: Path, sampler: Sampler) -> None:
    training(tmp_path / "t.db")
    url, _ = parse(f"sqlite:///{tmp_path / 't.db'}")
    with Database(url, ()) as opened:
        seen = look.database(opened, BOOK.sources[1], BOOK, sampler, AT, "")
    assert (seen.real, dict(seen.unread)) == ((), {})
    people = People(5)
    with sqlite3.connect(tmp_path / "t.db") as db:
        db.executemany("UPDATE students SET sfzjh = ? WHERE id = ?",
                       [(people.card(), one) for one in range(1, 20)])  # fmt: skip
    db.close()
    with Database(url, ()) as opened:
        seen = look.database(opened, BOOK.sources[1], BOOK, sampler, AT, "")
    assert [one.column for one in seen.real] == ["sfzjh"]


def test_a_folder(tmp_path: Path, sampler: Sampler) -> None:
    old, new = tmp_path / "a" / "old.csv", tmp_path / "new.csv"
    old.parent.mkdir()
    for path in (old, new):
        path.write_text("姓名,手机号\n王小明,14000000001\n", encoding="utf-8")
    os.utime(old, (0, 0))
    book = ruled(
        ("holds: [{source: district, tables: [visits]}]", 'holds: [{source: district, files: ["*.csv"]}]'),
        ("collection: {kinds: [name, phone], columns: [visits.id, visits.name, visits.phone, visits.day], closed: false}",
         "collection: {kinds: [name, phone]}"),
        ("legal: {ground: consent, consent: {recorded: visits.agreed, given: [\"yes\"]}}", "legal: {ground: duty}"),
        ("storage: {place: 机房, encrypted: field, columns: [visits.phone]}", "storage: {place: 机房}"),
        ("{id: year, since: visits.day, since-form: text, period: 1 year, then: destroy}",
         '{id: year, files: ["*.csv"], period: 1 year, then: destroy}'),
    )  # fmt: skip
    seen = look.files(tmp_path, book.sources[0], book, sampler, AT)
    assert seen.counts[due("visits", "year")] == 1
    assert len(seen.tables) == 2


def test_rights_of_files(tmp_path: Path) -> None:
    path = tmp_path / "f"
    path.write_text("x")
    table = SeenTable(schema="", name="f", columns=())
    path.chmod(stat.S_IRUSR)
    assert look.of_files([(table, path)]).entries == ()
    path.chmod(0o646)
    found = {
        (one.role.partition(":")[0], str(one.privilege))
        for one in look.of_files([(table, path)]).entries
    }
    assert found == {("group", "select"), (PUBLIC, "select"), (PUBLIC, "update")}


def test_what_fails_never_tells_the_drivers_words() -> None:
    secret = "password=hunter2"
    assert look.failed("d", "postgresql", OSError(secret)).problem == Text(
        zh="OSError", en="OSError"
    )
    told = look.failed("d", "postgresql", WorldError("连接失败 no connection")).problem
    assert told is not None
    assert "连接失败" in told.zh


def test_a_missing_folder_is_said(tmp_path: Path, sampler: Sampler) -> None:
    with pytest.raises(DataError, match="没有这个文件"):
        look.files(tmp_path / "gone", BOOK.sources[0], BOOK, sampler, AT)
