"""PostgreSQL: files, WAL, replication of a real server; a later look claims nothing."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from audit.lifecycle import traces_postgresql as family
from audit.lifecycle.destroy_rows import Canaries
from audit.lifecycle.destroying import Elsewhere, State
from audit.lifecycle.traces import Look
from tests.audit.lifecycle import servers

GONE = "虚构之人甲乙丙"


@pytest.mark.wire
def test_a_real_server() -> None:
    with servers.postgresql() as url:
        engine = create_engine(url, poolclass=NullPool)
        with engine.begin() as connection:
            connection.execute(text('CREATE TABLE "T 1" (id int PRIMARY KEY, name text)'))
            connection.execute(text("INSERT INTO \"T 1\" VALUES (1, :n), (2, 'x')"), {"n": GONE})
        look = Look(engine=engine, tables=[(None, "T 1")], canaries=None)
        look.marks = family.marks(look)
        assert "unknown" not in look.marks.values()
        with engine.begin() as connection:
            connection.execute(text('DELETE FROM "T 1" WHERE id = 1'))
        look.canaries = Canaries(values={(None, "T 1", "name"): {GONE}})
        family.tidy(look, rewrite=True)
        look.marks["wal_end"] = family.marks(look)["wal"]
        (relation,) = family.relations(look)
        assert relation.state is State.GONE
        assert relation.facts["file_before"] != relation.facts["file_now"]
        assert family.logs(look)[0].state is State.REMAINS
        assert [one.state for one in family.replicas(look)] == [State.GONE]
        look.replicas = [Elsewhere(what="replica", name="standby", place="p")]
        assert [one.state for one in family.replicas(look)] == [State.UNKNOWN]
        look.canaries = None
        (later,) = family.relations(look)
        assert later.state is State.UNKNOWN
        assert "anew" in later.note
        engine.dispose()
