"""Names of tables and columns as text."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.lifecycle.rule_words import ColumnName, TableName

C = ColumnName.parse


@pytest.mark.parametrize(
    ("text", "source", "schema", "table"),
    [
        ("students", "", "", "students"),
        ("public.students", "", "public", "students"),
        ("district:students", "district", "", "students"),
        ("区库:学籍.来访登记", "区库", "学籍", "来访登记"),
        ('"a.b"."c""d"', "", "a.b", 'c"d'),
    ],
)
def test_tables(text: str, source: str, schema: str, table: str) -> None:
    assert TableName.parse(text) == TableName(source=source, schema=schema, table=table)


@pytest.mark.parametrize("text", ["", ".", "a.", ".a", "a.b.c", ":a", "a:", 'a"b', "a b.c d"])
def test_no_table(text: str) -> None:
    with pytest.raises(ValueError, match="is not"):
        TableName.parse(text)


def test_columns() -> None:
    one = C("district:public.students.born")
    assert str(one) == "district:public.students.born"
    assert one.of == TableName(source="district", schema="public", table="students")
    with pytest.raises(ValueError, match="is not"):
        C("students")


@given(st.text(max_size=40))
@settings(max_examples=300, deadline=None)
def test_any_text_is_a_name_or_a_value_error(text: str) -> None:
    for kind in (TableName, ColumnName):
        try:
            kind.parse(text)
        except ValueError:
            continue


def test_a_table_without_schema_is_meant_in_every_schema() -> None:
    assert TableName.parse("t").covers("any", "t")
    assert not TableName.parse("a.t").covers("b", "t")
    assert not TableName.parse("t").covers("a", "u")
