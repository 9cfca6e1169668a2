"""The document and back."""

import pytest

from audit.lifecycle.inventory import dumps, read
from audit.lifecycle.model import Address, By, Inventory, Judged, Linked, Table
from rules.load import DataError
from rules.model import Text
from rules.recognise.personal.kinds import Kind

AT = Address(source="s", schema="公", table="t", column='a"😀')
TABLE = Table(
    source="s",
    schema="公",
    name="t",
    rows=None,
    fingerprint="0e12",
    minors=0.5,
    key=("a",),
    columns=(
        Judged(
            at=AT,
            kind=Kind.PHONE,
            by=By.BOTH,
            sampled=3,
            verified=0.5,
            mixed=(Kind.NAME,),
            note=Text(zh="注：#1", en="n: # 1"),
            type="text",
        ),
        Judged(at=AT, kind=None, by=By.NOTHING, sampled=0),
    ),
    links=(Linked(column=AT, other=AT, inferred=True),),
    problem=Text(zh="x", en="yes"),
)
INVENTORY = Inventory(at=1795471643.25, seed=7, tables=(TABLE,), knowledge="0123")


def test_there_and_back():
    assert read(dumps(INVENTORY), "i.json") == INVENTORY


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"qinglang": "inventory", "version": 2, "inventory": {"at": 1, "seed": 1, "tables": []}}',
        '{"qinglang": "grades", "version": 1, "inventory": {"at": 1, "seed": 1, "tables": []}}',
        dumps(INVENTORY).replace('"phone"', '"fone"'),
    ],
)
def test_other_documents_are_refused(text):
    with pytest.raises(DataError, match=r"i\.json:"):
        read(text, "i.json")
