"""Names, select lists and thinning of the dialects; the servers are in test_databases."""

from sqlalchemy.engine import make_url

from audit.lifecycle.dialects import Dialect, MySQL, PostgreSQL, SQLite, dialect_of
from audit.lifecycle.discover import Found


def found(*columns, **more):
    return Found(source="s", schema="p", name='t"', columns=columns, **more)


def test_long_and_odd_values_are_cut_in_the_database():
    made = PostgreSQL().columns(
        found(("a", "TEXT"), ("b", "BYTEA"), ("c", "JSONB"), ("d", "INTEGER"))
    )
    assert (
        made
        == 'substr("a", 1, 4000), substr("b", 1, 4000), substr(CAST("c" AS text), 1, 4000), "d"'
    )


def test_quotes():
    assert PostgreSQL().place(found()) == '"p"."t"""'
    assert SQLite().place(found()) == '"t"""'
    assert MySQL().quoted("a`:b") == "`a``\\:b`"


def test_every_session_is_guarded():
    for dialect in (SQLite(), PostgreSQL(), MySQL()):
        orders = " ".join(order for order, needed in dialect.session(60, 5) if needed)
        assert "READ ONLY" in orders or "query_only" in orders
    assert dialect_of("oracle").session(1, 1) == ()


def test_sqlite_is_opened_read_only():
    assert "mode=ro" in str(SQLite().readonly(make_url("sqlite:////a/b.db")))
    assert SQLite().readonly(make_url("sqlite://")) == make_url("sqlite://")


def test_thinning_is_the_same_for_the_same_seed():
    rows = list(range(100))
    first = Dialect.thinned(rows, 10, 1, whole=True)
    assert first == Dialect.thinned(rows, 10, 1, whole=True)
    assert first.rows != Dialect.thinned(rows, 10, 2, whole=True).rows
    assert (first.counted, first.note) == (100, None)
    assert Dialect.thinned(rows, 10, 1, whole=False).note is not None
