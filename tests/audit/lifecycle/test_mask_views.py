"""Which expression stands for which column; no key and no plain column comes through."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import BigInteger, Column, Date, Integer, MetaData, String, Table
from sqlalchemy.dialects import mysql, postgresql, sqlite

from audit.lifecycle.mask import plan
from audit.lifecycle.mask_job import Job
from audit.lifecycle.mask_tables import links_of, shape_of
from audit.lifecycle.mask_views import Keyed, Speech, Views, views_of
from audit.lifecycle.model import By
from policies.masks_files import loads_policy
from policies.masks_model import Keys
from rules.load import DataError
from rules.personal_files import load_finder
from rules.recognise.personal.kinds import Kind

KEYS = Keys(id="k1", master=bytes(range(32)))
POLICY = loads_policy(
    "id: x\ntitle: {zh: 某, en: x}\npurpose: x\nbasis: [{source: 区规}]\n"
    "masks:\n"
    "  phone: {algorithm: keep, keep: {first: 3, last: 4}}\n"
    "  name: {algorithm: fake}\n"
    "  sex: {algorithm: pass}\n"
    "  birth_date: {algorithm: generalise, generalise: {to: age, width: 3}}\n"
    "  age: {algorithm: generalise, generalise: {to: band, width: 5}}\n"
    "  score: {algorithm: noise}\n"
    "  id_card: {algorithm: seal}\n",
    "x.yaml",
)
KINDS = {"phone": Kind.PHONE, "xm": Kind.NAME, "sex": Kind.SEX, "born": Kind.BIRTH_DATE,
         "age": Kind.AGE, "score": Kind.SCORE, "sfzh": Kind.ID_CARD}  # fmt: skip
TABLE = Table(
    "student", MetaData(), Column("id", BigInteger, primary_key=True), Column("phone", String(20)),
    Column("xm", String(20)), Column("sex", String(2)), Column("born", Date),
    Column("age", Integer), Column("score", Integer), Column("sfzh", String(18)),
    Column("memo", String(200)), Column("level", Integer),
)  # fmt: skip


def made(dialect: Any, keyed: Keyed) -> Views:
    kinds = {name: (KINDS.get(name), By.HEADER) for name in TABLE.c.keys()}  # noqa: SIM118
    one = plan(shape_of(TABLE, links_of([TABLE])), POLICY, kinds, keys=KEYS)
    job = Job(policy=POLICY, digest="", keys=KEYS, finder=load_finder(), headers={},
              today=date(2026, 1, 1))  # fmt: skip
    return views_of([TABLE], [one], dialect, base="public", schema="shown", role="r",
                    keyed=keyed, domain=job.context)  # fmt: skip


@pytest.mark.parametrize("dialect", [postgresql.dialect(), mysql.dialect()], ids=["pg", "my"])
def test_every_column_is_masked_or_passed_by_name(dialect: Any) -> None:
    found = made(dialect, Keyed.PAIRS)
    told = {one.name: one.algorithm for one in found.views[0].columns}
    assert told == {
        "id": "pairs", "phone": "keep", "xm": "pairs", "sex": "pass", "born": "generalise",
        "age": "generalise", "score": "null", "sfzh": "redact", "memo": "redact", "level": "null",
    }  # fmt: skip
    assert [one.name for one in found.pairs] == ["_pairs_0", "_pairs_1"]
    notes = {one.name: one.note for one in found.views[0].columns}
    assert notes["score"] is not None
    assert notes["sfzh"] is not None
    sql = found.views[0].sql
    assert KEYS.master.hex() not in sql
    assert KEYS.derive("x", "fake:name").hex() not in sql
    assert ("security_barrier" if dialect.name == "postgresql" else "SQL SECURITY DEFINER") in sql
    redacted = made(dialect, Keyed.REDACT)
    assert redacted.pairs == ()
    assert {one.name: one.algorithm for one in redacted.views[0].columns}["xm"] == "redact"


def test_refusals_name_every_column() -> None:
    with pytest.raises(DataError) as error:
        made(postgresql.dialect(), Keyed.REFUSE)
    assert all(f"student.{name}" in str(error.value) for name in ("id", "xm", "score", "sfzh"))
    with pytest.raises(DataError, match="SQLite"):
        made(sqlite.dialect(), Keyed.REDACT)


@pytest.mark.parametrize("name", ["a%s", "a:b", "a\nb", "a\x00"])
def test_names_that_no_driver_takes(name: str) -> None:
    with pytest.raises(DataError):
        Speech(postgresql.dialect()).name(name)


def test_names_are_quoted() -> None:
    assert Speech(postgresql.dialect()).name("a", 'b" ; --') == '"a"."b"" ; --"'
    assert Speech(mysql.dialect()).name("a`b") == "`a``b`"
