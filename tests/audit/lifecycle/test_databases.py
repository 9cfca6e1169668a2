"""Databases for real: SQLite here, PostgreSQL and MariaDB as servers of the test's own."""

import sqlite3

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from audit.lifecycle.databases import Database, code, identity, parse, trouble
from audit.lifecycle.discover import discover
from audit.lifecycle.inventory import dumps
from audit.lifecycle.knowledge import load_judge
from bench import district
from bench.discover import compare
from rules.load import DataError, WorldError
from rules.recognise.personal.kinds import Kind
from tests.audit.lifecycle import servers


def look(url, **more):
    with Database(make_url(url)) as source:
        return discover([source], load_judge(), now=0.0, today="2026-11-24", **more), source


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://u@h:5/db", "postgresql://h:5/db"),
        ("mysql://u@h/db", "mysql://h/db"),
        ("sqlite:////var/x/a.db", "sqlite:a.db"),
        ("postgresql://u@/db?unix_sock=/tmp/x/.s", "postgresql://localhost/db"),
    ],
)
def test_what_a_source_is_called(url, told):
    assert identity(parse(url)[0]) == told


def test_passwords_come_from_the_environment_alone():
    url, replicas = parse("mysql://u@h/db?password-env=P&replica=r1:33&replica=r2", {"P": "s3cret"})
    assert (url.password, replicas, dict(url.query)) == ("s3cret", ("r1:33", "r2"), {})
    for wrong in ("mysql://u:word@h/db", "mysql://u@h/db?password-env=NONE", "no url"):
        with pytest.raises(DataError) as caught:
            parse(wrong, {})
        assert "word@" not in str(caught.value)


def test_sqlite_is_found_right_and_only_read(tmp_path):
    path = tmp_path / "district.db"
    district.write(f"sqlite:///{path}", 120)
    before = path.read_bytes()
    inventory, source = look(f"sqlite:///{path}", size=100)
    figures = compare(inventory)
    assert figures.precision >= 0.99, figures.mistakes
    assert figures.recall >= 0.99, figures.mistakes
    assert path.read_bytes() == before
    with (
        pytest.raises(Exception, match=r"readonly|read-only"),
        source._engine.connect() as connection,
    ):
        connection.execute(text("DELETE FROM students"))
    source._engine.dispose()
    students = next(one for one in inventory.tables if one.name == "students")
    assert students.key == ("id",)
    assert students.minors > 0
    assert dumps(look(f"sqlite:///{path}", size=100)[0]) == dumps(inventory)


def test_odd_tables_of_sqlite(tmp_path):
    path = tmp_path / "odd.db"
    base = sqlite3.connect(path)
    base.execute('CREATE TABLE "a:b""c" ("手机 :x" TEXT PRIMARY KEY, n) WITHOUT ROWID')
    base.executemany('INSERT INTO "a:b""c" VALUES (?, 1)', [(f"1400000{n:04}",) for n in range(20)])
    base.execute("CREATE TABLE big (id INTEGER PRIMARY KEY, sfzh)")
    people = district.People(1)
    base.executemany("INSERT INTO big VALUES (?, ?)", [(n * 7, people.card()) for n in range(9000)])
    base.execute("CREATE TABLE broken (x)")
    base.execute("CREATE VIEW lost AS SELECT y FROM broken")
    base.commit()
    base.close()
    inventory, _ = look(f"sqlite:///{path}", size=100)
    tables = {one.name: one for one in inventory.tables}
    assert tables['a:b"c'].columns[0].kind is Kind.PHONE
    assert tables["big"].columns[1].kind is Kind.ID_CARD
    assert 50 <= tables["big"].columns[1].sampled <= 100
    assert tables["broken"].rows == 0
    assert tables["lost"].problem is not None


def test_no_database(tmp_path):
    with pytest.raises(WorldError, match="sqlite:none"):
        Database(make_url(f"sqlite:///{tmp_path}/none.db"))
    with pytest.raises(WorldError, match="driver"):
        Database(make_url("oracle+oracledb://u@h/x"))


def test_codes_never_quote_values():
    class Driver(Exception):
        pass

    assert code(Driver({"C": "42501", "M": "secret 14000000001"})) == "42501"
    assert code(Driver(1142, "secret")) == "1142"
    assert code(Driver("value 14000000001 is wrong")) == "Driver"
    assert code(Driver()) == "Driver"
    assert "没有读取权限" in trouble(Driver({"C": "42501"})).zh


@pytest.mark.wire
def test_postgresql():
    with servers.postgresql() as url:
        district.write(url, 3000)
        engine = create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            for order in (
                "CREATE ROLE reader LOGIN",
                "GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader",
                "CREATE TABLE secret (sfzh text)",
                "INSERT INTO secret VALUES ('110199201203040000')",
                "CREATE TABLE parts (y int, lxdh text) PARTITION BY RANGE (y)",
                "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM (0) TO (9)",
                "INSERT INTO parts SELECT n % 9, '1400000' || lpad(n::text, 4, '0') "
                "FROM generate_series(1, 5000) n",
                "GRANT SELECT ON parts TO reader",
                "ANALYZE",
                "CREATE TABLE held (xm text)",
                "GRANT SELECT ON held TO reader",
            ):
                connection.execute(text(order))
            reader = make_url(url).set(username="reader").set(query=dict(make_url(url).query))
            with engine.connect() as other:
                other.execution_options(isolation_level="READ COMMITTED")
                other.execute(text("LOCK TABLE held IN ACCESS EXCLUSIVE MODE"))
                with Database(reader, lock=1) as source:
                    assert source.remarks == []
                    with (
                        pytest.raises(Exception, match="read-only"),
                        source._engine.connect() as mine,
                    ):
                        mine.execute(text("CREATE TABLE x (a int)"))
                    inventory = discover([source], load_judge(), now=0.0, today="2026-11-24")
                    again = discover([source], load_judge(), now=0.0, today="2026-11-24")
            with Database(make_url(url), ("127.0.0.1:1",)) as source:
                assert len(source.remarks) == 2
        engine.dispose()
    figures = compare(inventory)
    assert figures.precision >= 0.99, figures.mistakes
    assert figures.recall >= 0.99, figures.mistakes
    tables = {one.name: one for one in inventory.tables}
    assert "权限" in tables["secret"].problem.zh
    assert "锁" in tables["held"].problem.zh
    assert tables["parts"].form == "partitioned"
    assert "parts_1" not in tables
    assert tables["parts"].columns[1].kind is Kind.PHONE
    assert tables["v_students"].form == "view"
    assert not tables["scores"].links[0].inferred
    assert tables["scores"].links[0].other.table == "students"
    assert [one.columns for one in again.tables] == [one.columns for one in inventory.tables]


@pytest.mark.wire
def test_mariadb():
    with servers.mariadb() as url:
        district.write(url, 3000)
        with Database(make_url(url)) as source:
            assert len(source.remarks) == 1  # root may write
            with pytest.raises(Exception, match="READ ONLY"), source._engine.connect() as mine:
                mine.execute(text("DELETE FROM students"))
            inventory = discover([source], load_judge(), now=0.0, today="2026-11-24")
    figures = compare(inventory)
    assert figures.precision >= 0.99, figures.mistakes
    assert figures.recall >= 0.99, figures.mistakes
