"""What was seen of a source: tables by the names of rules, keys of counts apart."""

from audit.lifecycle.reality import Reality, SeenTable, ageless, agreed, due, undated
from audit.lifecycle.rules import TableName


def test_names_mean_tables_of_any_schema_or_of_one() -> None:
    seen = Reality(
        source="d",
        kind="postgresql",
        tables=tuple(SeenTable(schema=s, name="t", columns=()) for s in ("a", "b")),
    )
    assert len(seen.named(TableName.parse("t"))) == 2
    assert [one.schema for one in seen.named(TableName.parse("a.t"))] == ["a"]
    assert seen.named(TableName.parse("c.t")) == ()


def test_keys_are_apart() -> None:
    keys = [due("d", "x"), undated("d", "x"), agreed("d", "consent"), agreed("d", "guardian"),
            ageless("d")]  # fmt: skip
    assert len({*keys}) == 5
