"""PostgreSQL's catalogue, asked for real: roles, columns, membership, owners, might."""

# ruff: noqa: E501 - tables

from __future__ import annotations

import pytest
from sqlalchemy import create_engine

from audit.lifecycle import look_postgresql as look
from audit.lifecycle.databases import Database, parse
from audit.lifecycle.reality import Rights
from tests.audit.lifecycle import servers


@pytest.mark.wire
def test_the_catalogue() -> None:
    orders = (
        "CREATE ROLE o", "CREATE ROLE u LOGIN", "CREATE ROLE g", "CREATE ROLE copier LOGIN REPLICATION",
        "CREATE TABLE t (a int, b int)", "ALTER TABLE t OWNER TO o", "GRANT g TO u",
        "GRANT SELECT (a) ON t TO g", "GRANT INSERT ON t TO PUBLIC", "GRANT pg_read_all_data TO u",
    )  # fmt: skip
    with servers.postgresql() as address:
        engine = create_engine(address)
        with engine.begin() as connection:
            for order in orders:
                connection.exec_driver_sql(order)
        engine.dispose()
        url, replicas = parse(address)
        with Database(url, replicas) as opened:
            found, seals = look.rights(opened), look.sealed(opened)
    assert isinstance(found, Rights)
    assert found.owners["public", "t"] == "o"
    assert found.mighty == {
        "qinglang": "superuser", "copier": "replication", "u": "pg_read_all_data, via pg_read_all_data",
    }  # fmt: skip
    said = {(one.role, str(one.privilege), one.columns) for one in found.entries}
    assert ("g", "select", ("a",)) in said
    assert ("PUBLIC", "insert", ()) in said
    assert seals["public", "t"] is False
