"""MariaDB: the table's file, redo and undo, the binlog of a real server."""

from __future__ import annotations

import time

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from audit.lifecycle import traces_mysql as family
from audit.lifecycle.destroy_rows import Canaries
from audit.lifecycle.destroying import Elsewhere, State
from audit.lifecycle.traces import Look
from tests.audit.lifecycle import servers

GONE = "虚构之人甲乙丙"


@pytest.mark.wire
def test_a_real_server() -> None:
    with servers.mariadb() as url:
        engine = create_engine(url, poolclass=NullPool)
        with engine.begin() as connection:
            connection.execute(text("CREATE TABLE t (id int PRIMARY KEY, name varchar(40))"))
            connection.execute(text("INSERT INTO t VALUES (1, :n), (2, 'x')"), {"n": GONE})
        look = Look(engine=engine, tables=[(None, "t")], canaries=None)
        look.marks = family.marks(look)
        assert family.relations(look)[0].state is State.UNKNOWN
        with engine.begin() as connection:
            connection.execute(text("DELETE FROM t WHERE id = 1"))
        look.canaries = Canaries(values={(None, "t", "name"): {GONE}})
        family.tidy(look, rewrite=True)
        relation, shared = family.relations(look)
        assert relation.state is State.GONE
        assert shared.state in (State.REMAINS, State.GONE)
        assert [one.state for one in family.logs(look)] == [State.GONE]  # the server writes none
        assert [one.state for one in family.replicas(look)] == [State.GONE]
        look.replicas = [Elsewhere(what="replica", name="standby", place="p")]
        assert [one.state for one in family.replicas(look)] == [State.UNKNOWN]
        look.tables = [(None, "a b")]
        assert family.relations(look)[0].state is State.UNKNOWN
        engine.dispose()


def test_a_binlog_goes_when_it_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    said = {"SELECT @@log_bin": "1", "SELECT @@binlog_expire_logs_seconds": "86400"}
    monkeypatch.setattr(family, "scalar", lambda _engine, order, **_given: said.get(order))
    look = Look(engine=None, tables=[], canaries=None)  # type: ignore[arg-type]
    look.marks = {"log_bin": "1", "ended": str(int(time.time()))}
    (found,) = family.logs(look)
    assert found.state is State.REMAINS
    assert found.until
    look.marks["ended"] = "1000000000"
    assert family.logs(look)[0].state is State.UNKNOWN
    said["SELECT @@binlog_expire_logs_seconds"] = "0"
    (forever,) = family.logs(look)
    assert (forever.state, forever.until) == (State.REMAINS, "")
