"""The reader of queries, on its own: bounds, and tables that only look like ours."""

import pytest
from sqlalchemy import Column, MetaData, String, Table, func, select

from audit.lifecycle.mask import plan
from audit.lifecycle.mask_tables import shape_of
from audit.lifecycle.masked_select import DEEP, Reader
from audit.lifecycle.model import By
from policies.masks_files import load_mask
from policies.masks_model import Keys
from rules.load import DataError
from rules.recognise.personal.kinds import Kind

KEYS = Keys(id="k1", master=bytes(32))
POLICY, _ = load_mask("sharing")
TABLE = Table("t", MetaData(), Column("phone", String(11)), Column("sex", String(2)))
KINDS = {"phone": (Kind.PHONE, By.HEADER), "sex": (Kind.SEX, By.HEADER)}
READER = Reader({"t": TABLE}, [plan(shape_of(TABLE, {}), POLICY, KINDS, keys=KEYS)])


def test_origins_by_position() -> None:
    found = READER.origins(select(TABLE.c.sex, TABLE.c.phone.label("sex2"), func.count()))
    assert [one and one.step.field.name for one in found] == [None, "phone", None]


def test_a_query_too_deep_is_refused_in_time() -> None:
    query = select(TABLE.c.sex)
    for _ in range(DEEP + 2):
        query = select(query.subquery().c.sex)
    with pytest.raises(DataError, match="过深"):
        READER.origins(query)


def test_a_table_of_the_same_name_is_another() -> None:
    other = Table("t", MetaData(), Column("sex", String(2)))
    with pytest.raises(DataError, match="表"):
        READER.origins(select(other.c.sex))
