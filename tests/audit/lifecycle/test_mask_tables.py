"""Tables of a database: families, groups of joined columns, and the tables of the copy."""

from typing import Any

import pytest
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Enum,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from audit.lifecycle.mask import Family, plan
from audit.lifecycle.mask_tables import copy_of, family_of, links_of, same_for_linked, shape_of
from audit.lifecycle.model import By
from policies.masks_files import load_mask
from policies.masks_model import Keys
from rules.recognise.personal.kinds import Kind

KEYS = Keys(id="k1", master=bytes(32))
POLICY, _ = load_mask("test-copy")


def tables() -> list[Table]:
    made = MetaData()
    one = Table(
        "one", made, Column("id", BigInteger, primary_key=True), Column("no", String(8)),
        Column("sex", String(1)), Column("memo", Text), UniqueConstraint("no"),
    )  # fmt: skip
    two = Table(
        "two", made, Column("one_id", Integer, ForeignKey("one.id")),
        Column("one_no", String(8), ForeignKey("one.no")), Column("day", Date),
    )  # fmt: skip
    Index("ix_day", two.c.day)
    return [one, two]


@pytest.mark.parametrize(
    ("kind", "family"),
    [
        (Integer(), Family.WHOLE), (Numeric(), Family.NUMBER), (String(), Family.TEXT),
        (Date(), Family.DATE), (DateTime(), Family.TIME), (Boolean(), Family.TRUTH),
        (LargeBinary(), Family.BYTES), (Enum("a"), Family.OTHER),
    ],
)  # fmt: skip
def test_families(kind: Any, family: Family) -> None:
    assert family_of(kind) is family


def test_joined_columns_are_one_group_and_masked_alike() -> None:
    one, two = tables()
    links = links_of([one, two])
    assert links[("two", "one_id")] == links[("one", "id")] == "one.id"
    kinds = {"no": (Kind.STUDENT_NUMBER, By.HEADER)}
    plans = same_for_linked(
        [plan(shape_of(table, links), POLICY, kinds, keys=KEYS) for table in (one, two)]
    )
    first, second = plans[0].steps, plans[1].steps
    assert second[1].kind is Kind.STUDENT_NUMBER
    assert second[1].mask == first[1].mask
    assert second[0].permute
    assert first[0].permute
    assert first[0].field.digits == second[0].field.digits == 9


def test_the_copy_keeps_keys_and_widens_texts() -> None:
    one, two = tables()
    links = links_of([one, two])
    kinds = {"no": (Kind.STUDENT_NUMBER, By.HEADER), "sex": (Kind.SEX, By.HEADER)}
    plans = [plan(shape_of(table, links), POLICY, kinds, keys=KEYS) for table in (one, two)]
    made = MetaData()
    copies = [
        copy_of(table, told, made, "s") for table, told in zip((one, two), plans, strict=True)
    ]
    assert copies[0].c.no.type.length == 64
    assert copies[0].c.sex.type.length == 1
    assert [column.name for column in copies[0].primary_key] == ["id"]
    assert len(copies[1].foreign_key_constraints) == 2
    assert [index.name for index in copies[1].indexes] == ["ix_day"]
    assert copies[0].schema == "s"
