"""What is due, counted in one snapshot: sums of keys, days, children, holds."""

from __future__ import annotations

from pathlib import Path

from audit.lifecycle.destroying import keyed, tally_of
from audit.lifecycle.due_count import children, counted, days, hindrances, holds, member
from audit.lifecycle.due_rows import shape_of
from tests.audit.lifecycle.due_scene import PUPILS, looking
from tests.audit.lifecycle.expiring import due_of

SECRET = b"s" * 32


def test_counts_and_sums(tmp_path: Path) -> None:
    due = due_of(PUPILS)
    with looking(tmp_path) as (connection, scope):
        shape = shape_of(connection, scope)
        found = counted(connection, shape, scope, SECRET)
        assert found.due == tally_of(keyed(SECRET, (one,)) for one in due - {1})
        assert found.held == tally_of([keyed(SECRET, (1,))])
        assert list(found.members) == sorted(member(keyed(SECRET, (one,))) for one in due - {1})
        assert counted(connection, shape, scope, b"t").due != found.due
        assert days(connection, shape, scope) == (PUPILS // 10, "2010-07-01", "2016-07-01")
        below = children(connection, shape, scope)
        assert [(one.table, one.rows, one.declared) for one in below] == [
            ("calls", len(due) - 1, False), ("guardians", len(due) - 1, True)
        ]  # fmt: skip
        (hold,) = holds(connection, shape, scope, SECRET)
        assert (hold.id, hold.count) == ("case-1", 1)
        assert hindrances(connection, shape) == []
