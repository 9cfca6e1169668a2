"""Orchestration: sources in memory, what is read again, what could not be read."""

from audit.lifecycle.discover import Found, Sample, discover
from audit.lifecycle.knowledge import load_judge
from rules.load import WorldError
from rules.model import Text
from rules.recognise.personal.kinds import Kind

JUDGE = load_judge()
ROWS = [("张伟", "14000000001"), ("王芳", "14000000002")]


class Memory:
    id = "m"

    def __init__(self, *tables, fails=()):
        self._tables, self._fails = tables, fails
        self.sampled = []

    def tables(self):
        return iter(self._tables)

    def sample(self, table, size, seed):
        self.sampled.append(table.name)
        if table.name in self._fails:
            raise WorldError("connection lost")
        return Sample(rows=ROWS, counted=2)


def found(name, **more):
    return Found(
        source="m", schema="", name=name, columns=(("xm", "text"), ("lxdh", "text")), **more
    )


def look(source, **more):
    return discover([source], JUDGE, now=1.0, today="2026-11-24", knowledge="k", **more)


def test_tables_are_judged():
    (table,) = look(Memory(found("students", rows=9))).tables
    assert [one.kind for one in table.columns] == [Kind.NAME, Kind.PHONE]
    assert table.rows == 2
    assert table.problem is None


def test_unchanged_tables_are_not_read_again_and_changed_ones_are():
    first = look(Memory(found("a", size="1"), found("b", size="1")))
    again = Memory(found("a", size="1"), found("b", size="2"))
    seen = []
    look(again, before=first, seen=lambda table, old: seen.append((table.name, old)))
    assert again.sampled == ["b"]
    assert seen == [("a", True), ("b", False)]
    other = Memory(found("a", size="1"))
    look(other, before=first, size=7)
    assert other.sampled == ["a"]


def test_a_table_that_can_not_be_read_is_unknown_and_read_again():
    first = look(Memory(found("a"), found("b"), fails=["a"]))
    table = first.tables[0]
    assert table.problem is not None
    assert [one.kind for one in table.columns] == [Kind.NAME, Kind.PHONE]
    assert all(one.sampled == 0 for one in table.columns)
    again = Memory(found("a"), found("b"))
    assert look(again, before=first).tables[0].problem is None
    assert again.sampled == ["a"]


def test_a_listed_problem_is_not_sampled():
    source = Memory(found("a", problem=Text(zh="坏", en="broken")))
    assert look(source).tables[0].problem == Text(zh="坏", en="broken")
    assert source.sampled == []
