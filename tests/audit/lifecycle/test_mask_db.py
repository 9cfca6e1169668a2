"""Database to database: SQLite in the fast tests; PostgreSQL and MariaDB for real."""

import gc
import json
import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from audit.lifecycle import mask_db
from audit.lifecycle.mask_db import Place, mask_database, plan_database
from audit.lifecycle.mask_job import Done, Job
from policies.masks_files import ColumnRule, load_headers, load_mask
from policies.masks_model import Algorithm, Keys, Mask
from rules.load import DataError, WorldError
from rules.personal_files import load_finder
from tests.audit.lifecycle.school import JOIN, fill, person
from tests.audit.lifecycle.servers import mariadb, postgresql

POLICY, DIGEST = load_mask("test-copy")
JOB = Job(
    policy=POLICY,
    digest=DIGEST,
    keys=Keys(id="k1", master=bytes(32)),
    finder=load_finder(),
    headers=load_headers(),
    today=date(2026, 11, 1),
)


def rows(url: str, statement: str) -> list[Any]:
    with create_engine(url, poolclass=NullPool).connect() as connection:
        return [tuple(row) for row in connection.execute(text(statement))]


def sqlite(folder: Path, people: int = 60) -> tuple[Place, Place]:
    url = f"sqlite:///{folder}/a.db"
    fill(url, people)
    return Place(url=url), Place(url=f"sqlite:///{folder}/b.db")


def holds(source: str, copy: str, prefix: str, done: Done, people: int) -> None:
    """The application's query joins on the copy; nobody of the source is in it."""
    assert done.published
    assert rows(source, JOIN.format("")) == rows(copy, JOIN.format(prefix))
    text_ = repr(rows(copy, f"SELECT * FROM {prefix}student")) + repr(
        rows(copy, f"SELECT * FROM {prefix}mark")
    )
    said = json.dumps(done.body, ensure_ascii=False)
    for place in range(people):
        for value in person(place):
            assert value not in text_
            assert value not in said
    unique = rows(copy, f"SELECT count(DISTINCT student_no), count(*) FROM {prefix}student")[0]
    assert unique == (people, people)


def test_sqlite(tmp_path: Path) -> None:
    source, target = sqlite(tmp_path)
    before = (tmp_path / "a.db").read_bytes()
    done = mask_database(JOB, source, target)
    holds(source.url, target.url, "", done, 60)
    assert (tmp_path / "a.db").read_bytes() == before
    again = mask_database(JOB, source, target)
    assert again.body["result"] == done.body["result"]
    assert not (tmp_path / ".b.db.part").exists()


def test_the_plan_alone(tmp_path: Path) -> None:
    source, _ = sqlite(tmp_path, 5)
    told = {table.name: table.told() for table in plan_database(JOB, source)}
    assert {one["column"]: one["algorithm"] for one in told["student"]}["remark"] == "redact"
    assert not (tmp_path / "b.db").exists()


def stopped(after: int) -> Callable[[str, int], None]:
    """Told `after` times, a job fails as if its connection had gone."""
    left = [after]

    def tell(_table: str, _rows: int) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise sqlite3.OperationalError("gone")

    return tell


def test_a_job_goes_on_at_its_table_and_starts_again_on_another_source(tmp_path: Path) -> None:
    source, target = sqlite(tmp_path)
    written: list[str] = []

    with pytest.raises(WorldError):
        mask_database(replace(JOB, tell=stopped(2)), source, target)
    assert not (tmp_path / "b.db").exists()
    done = mask_database(replace(JOB, tell=lambda table, _: written.append(table)), source, target)
    assert set(written) == {"mark"}
    holds(source.url, target.url, "", done, 60)
    with pytest.raises(WorldError):
        mask_database(replace(JOB, tell=stopped(2)), source, target)
    with closing(sqlite3.connect(tmp_path / "a.db")) as file, file:
        file.execute("UPDATE mark SET score = 1 WHERE subject = 1")
    written.clear()
    mask_database(replace(JOB, tell=lambda table, _: written.append(table)), source, target)
    assert set(written) == {"class", "student", "mark"}


def test_a_key_or_policy_that_changed_starts_the_job_again(tmp_path: Path) -> None:
    """What was masked under another key must not stand beside what is masked now."""
    source, target = sqlite(tmp_path)
    for other in (
        replace(JOB, keys=Keys(id="k2", master=bytes(32))),
        replace(JOB, keys=Keys(id="k1", master=b"2" * 32)),
        replace(JOB, digest="another"),
    ):
        written: list[str] = []
        with pytest.raises(WorldError):
            mask_database(replace(JOB, tell=stopped(2)), source, target)
        told = replace(other, tell=lambda table, _, to=written: to.append(table))
        assert mask_database(told, source, target).published
        assert set(written) == {"class", "student", "mark"}


@pytest.mark.parametrize("url", ["nonsense", "oracle://x", "sqlite:////no/such/file.db"])
def test_bad_places(tmp_path: Path, url: str) -> None:
    with pytest.raises((DataError, WorldError)):
        mask_database(JOB, Place(url=url), Place(url=f"sqlite:///{tmp_path}/b.db"))


def test_unknown_tables_and_other_families(tmp_path: Path) -> None:
    source, target = sqlite(tmp_path, 3)
    with pytest.raises(DataError, match="没有这些表"):
        mask_database(JOB, source, target, ("nowhere",))
    with pytest.raises(DataError, match="同一种"):
        mask_database(JOB, source, Place(url="postgresql://h/d", schema="m"))


def test_an_error_of_the_database_shows_no_value(tmp_path: Path) -> None:
    source, target = sqlite(tmp_path, 3)
    with closing(sqlite3.connect(tmp_path / "a.db")) as file, file:
        file.execute("ALTER TABLE student ADD COLUMN broken DATE")
        file.execute("UPDATE student SET broken = '19900001234x'")
    with pytest.raises((WorldError, ValueError)) as error:
        mask_database(JOB, source, target)
    assert "1990000" not in str(error.value)
    assert not (tmp_path / "b.db").exists()


SERVERS = [(postgresql, "masked."), (mariadb, "masked.")]


@pytest.mark.wire
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(("server", "prefix"), SERVERS, ids=["postgresql", "mariadb"])
def test_servers(server: Callable[[], AbstractContextManager[str]], prefix: str) -> None:
    with server() as url:
        fill(url, 300)
        copy = url.replace("/district?", "/masked?")
        target = Place(url=copy, schema="masked" if copy == url else "")
        for _ in range(2):
            done = mask_database(JOB, Place(url=url), target)
        holds(url, url, prefix, done, 300)
        assert rows(url, "SELECT count(*) FROM student") == [(300,)]
        names = {row[0] for row in rows(
            url, "SELECT schema_name FROM information_schema.schemata")}  # fmt: skip
        assert not {"masked_qlstage", "masked_qlold"} & names
        _two_at_once(url, target)
        _dropped(url, target)
        holds(url, url, prefix, done, 300)
        if copy == url:
            with pytest.raises(DataError, match="不是我们的副本"):
                _foreign(url, target)


def _two_at_once(url: str, target: Place) -> None:
    """A job on another machine: the lock file of this one says nothing, the server does."""
    refused: list[str] = []

    def again(_table: str, _rows: int) -> None:
        with pytest.MonkeyPatch.context() as elsewhere:
            elsewhere.setattr(mask_db, "alone", lambda _: nullcontext())
            with pytest.raises(WorldError, match="另一个作业") as ended:
                mask_database(JOB, Place(url=url), target)
        refused.append(str(ended.value))

    assert mask_database(replace(JOB, tell=again), Place(url=url), target).published
    assert refused
    assert mask_database(JOB, Place(url=url), target).published


def _dropped(url: str, target: Place) -> None:
    """The server ends the job's connections in the middle: the copy before stays."""
    before = rows(url, "SELECT student_no FROM masked.student ORDER BY 1")

    def kill(_table: str, _rows: int) -> None:
        if url.startswith("postgresql"):
            rows(url, "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                      " WHERE pid <> pg_backend_pid() AND datname IS NOT NULL")  # fmt: skip
            return
        for (one,) in rows(
            url, "SELECT id FROM information_schema.processlist WHERE id <> CONNECTION_ID()"
                 " AND user = 'root'"
        ):  # fmt: skip
            with create_engine(url, poolclass=NullPool).connect() as connection:
                connection.execute(text(f"KILL {int(one)}"))

    with pytest.raises(WorldError):
        mask_database(replace(JOB, tell=kill, keys=Keys(id="k2", master=b"2" * 32)),
                      Place(url=url), target)  # fmt: skip
    gc.collect()  # what is left of the sockets that were cut
    assert rows(url, "SELECT student_no FROM masked.student ORDER BY 1") == before


def _foreign(url: str, target: Place) -> None:
    with create_engine(url, poolclass=NullPool).begin() as connection:
        connection.execute(text("CREATE SCHEMA other"))
        connection.execute(text("CREATE TABLE other.precious (id INTEGER)"))
    mask_database(JOB, Place(url=url), replace(target, schema="other"))


@pytest.mark.wire
def test_nobody_else_reads_the_staging_schema() -> None:
    with postgresql() as url:
        fill(url, 20)
        with create_engine(url, poolclass=NullPool).begin() as connection:
            connection.execute(text("CREATE ROLE reader LOGIN"))
        seen: list[bool] = []

        def look(_table: str, _rows: int) -> None:
            found = rows(url, "SELECT has_schema_privilege('reader', 'masked_qlstage', 'USAGE')")
            seen.extend(row[0] for row in found)

        mask_database(replace(JOB, tell=look), Place(url=url), Place(url=url, schema="masked"))
        assert seen
        assert not any(seen)


def test_sources_are_opened_to_read(tmp_path: Path) -> None:
    source, _ = sqlite(tmp_path, 3)
    engine = mask_db.engine_of(source, write=False)
    with mask_db.snapshot(engine) as one, pytest.raises(Exception, match="readonly"):
        one.execute(text("DELETE FROM student"))


KEYS_OF_ALL_TYPES = (
    "CREATE TABLE day (held DATE PRIMARY KEY, hours INTEGER NOT NULL)",
    "CREATE TABLE room (no SMALLINT PRIMARY KEY, title VARCHAR(20))",
    "CREATE TABLE pupil (id {uuid} PRIMARY KEY, code NUMERIC(10, 0) NOT NULL UNIQUE,"
    " no SMALLINT NOT NULL, phone VARCHAR(11),"
    " CONSTRAINT fk_room FOREIGN KEY (no) REFERENCES room (no))",
    "CREATE TABLE visit (pupil {uuid} NOT NULL, held DATE NOT NULL, code NUMERIC(10, 0) NOT NULL,"
    " PRIMARY KEY (pupil, held),"
    " CONSTRAINT fk_pupil FOREIGN KEY (pupil) REFERENCES pupil (id),"
    " CONSTRAINT fk_held FOREIGN KEY (held) REFERENCES day (held),"
    " CONSTRAINT fk_code FOREIGN KEY (code) REFERENCES pupil (code))",
)
ALL_JOINED = (
    "SELECT r.title, d.hours, count(*) FROM {0}visit v JOIN {0}pupil p ON p.id = v.pupil"
    " JOIN {0}pupil q ON q.code = v.code JOIN {0}day d ON d.held = v.held"
    " JOIN {0}room r ON r.no = p.no GROUP BY r.title, d.hours ORDER BY 1, 2"
)


@pytest.mark.wire
@pytest.mark.parametrize("server", [postgresql, mariadb], ids=["postgresql", "mariadb"])
def test_keys_of_every_type_keep_their_joins(
    server: Callable[[], AbstractContextManager[str]],
) -> None:
    titles = replace(JOB, policy=replace(POLICY, columns=(
        ColumnRule(match="room.title", mask=Mask(algorithm=Algorithm.PASS), reason="not a person"),
        ColumnRule(match="day.hours", mask=Mask(algorithm=Algorithm.PASS), reason="not a person"),
    )))  # fmt: skip
    with server() as url:
        with create_engine(url, poolclass=NullPool).begin() as connection:
            for statement in KEYS_OF_ALL_TYPES:
                connection.execute(text(statement.format(uuid="UUID")))
            for place in range(12):
                connection.execute(
                    text("INSERT INTO day VALUES (:d, :h)"),
                    {"d": date(2026, 9, 1 + place), "h": place % 3},
                )
                connection.execute(
                    text("INSERT INTO room VALUES (:n, :t)"), {"n": place, "t": f"r{place % 4}"}
                )
            for place in range(40):
                told = {"i": str(UUID(int=place + 1)), "c": 2026000000 + place, "n": place % 12,
                        "p": person(place)[3], "d": date(2026, 9, 1 + place % 12)}  # fmt: skip
                connection.execute(text("INSERT INTO pupil VALUES (:i, :c, :n, :p)"), told)
                connection.execute(text("INSERT INTO visit VALUES (:i, :d, :c)"), told)
        copy = url.replace("/district?", "/masked?")
        target = Place(url=copy, schema="masked" if copy == url else "")
        done = mask_database(titles, Place(url=url), target)
        assert done.published
        assert rows(url, ALL_JOINED.format("")) == rows(url, ALL_JOINED.format("masked."))
        for column in ("pupil.id", "pupil.code", "visit.held", "room.no"):
            table, name = column.split(".")
            ours = {row[0] for row in rows(url, f"SELECT {name} FROM {table}")}
            masked = {row[0] for row in rows(url, f"SELECT {name} FROM masked.{table}")}
            assert len(ours) == len(masked), column
            if name in ("id", "code"):
                assert not ours & masked, column
        troubles = [table["troubles"] for table in done.body["tables"]]
        assert troubles == [{}] * 4
