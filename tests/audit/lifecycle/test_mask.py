"""The plan of a masking job: kinds, default deny, keys that join, types that hold."""

from datetime import date, datetime
from typing import Any

import pytest

from audit.lifecycle.mask import BLANK, Family, Field, Shape, Worker, judge, plan
from audit.lifecycle.model import By
from policies.masks_files import load_headers, load_mask, loads_policy
from policies.masks_model import Algorithm, Keys
from rules.personal_files import load_finder
from rules.recognise.personal.kinds import Kind

KEYS = Keys(id="k1", master=bytes(32))
POLICY, _ = load_mask("test-copy")
FINDER, HEADERS = load_finder(), load_headers()
TODAY = date(2026, 11, 1)


@pytest.mark.parametrize(
    ("header", "values", "expected"),
    [
        ("出生日期", ["2014-05-06"], (Kind.BIRTH_DATE, By.HEADER)),
        ("手机号", ["19900001234"], (Kind.PHONE, By.BOTH)),
        ("c7", ["u@example.invalid", "v@example.invalid"], (Kind.EMAIL, By.VALUES)),
        ("身份证号", [], (Kind.ID_CARD, By.HEADER)),
        ("备注", ["已交", "未交"], (None, By.NOTHING)),
        ("c8", [None, ""], (None, By.NOTHING)),
    ],
)
def test_what_a_column_is(header: str, values: list[Any], expected: Any) -> None:
    assert judge(header, values, FINDER, HEADERS) == expected


def planned(field: Field, kind: Kind | None = None) -> Any:
    shape = Shape(name="t", fields=(field,))
    kinds = {field.name: (kind, By.HEADER)}
    return plan(shape, POLICY, kinds, keys=KEYS)


def test_what_nobody_classified_is_redacted() -> None:
    (step,) = planned(Field(name="c9")).steps
    assert step.mask.algorithm is Algorithm.REDACT
    assert step.by is By.HEADER


def test_unique_and_joined_columns_stay_so() -> None:
    (step,) = planned(Field(name="sfzh", unique=True), Kind.ID_CARD).steps
    assert step.mask.algorithm is Algorithm.PSEUDONYM
    (step,) = planned(Field(name="id", family=Family.WHOLE, key=True)).steps
    assert step.permute
    (step,) = planned(Field(name="no", family=Family.WHOLE, key=True), Kind.STUDENT_NUMBER).steps
    assert step.permute
    for family in (Family.DATE, Family.TIME, Family.UUID, Family.NUMBER):
        found = planned(Field(name="at", family=family, key=True))
        assert found.steps[0].permute
        assert not found.wrong
    assert planned(Field(name="at", family=Family.NUMBER, key=True, digits=0)).wrong
    assert planned(Field(name="at", family=Family.BYTES, key=True)).wrong


def test_values_have_the_type_of_their_column() -> None:
    fields = (
        Field(name="a", family=Family.WHOLE),
        Field(name="b", family=Family.WHOLE, nullable=False),
        Field(name="c", family=Family.DATE, nullable=False),
        Field(name="出生日期", family=Family.DATE),
        Field(name="成绩", family=Family.NUMBER),
        Field(name="手机号", family=Family.WHOLE, digits=18),
        Field(name="d", family=Family.TRUTH),
        Field(name="e", family=Family.BYTES, nullable=False),
    )
    kinds = {
        "出生日期": (Kind.BIRTH_DATE, By.HEADER),
        "成绩": (Kind.SCORE, By.HEADER),
        "手机号": (Kind.PHONE, By.HEADER),
    }
    table = plan(Shape(name="t", fields=fields), POLICY, kinds, keys=KEYS)
    worker = Worker(table, POLICY, keys=KEYS, today=TODAY, finder=FINDER)
    row = [1, 2, date(2020, 1, 1), date(2014, 5, 6), 87.5, 16900001234, True, b"x"]
    found = [column[0] for column in worker.columns([[one] for one in row])]
    assert found[:3] == [None, 0, BLANK[Family.DATE]]
    assert found[3] is None  # no subject to shift by
    assert abs(found[4] - 87.5) <= 3
    assert str(found[5]).startswith("169")
    assert found[5] != 16900001234
    assert found[6:] == [None, b""]
    assert worker.rows == 1
    assert worker.troubles() == {"出生日期": {"no-subject": 1}}


def test_rules_of_an_officer() -> None:
    policy = loads_policy(
        "id: x\ntitle: {zh: 某, en: x}\npurpose: x\nbasis: [{source: 区规}]\nmasks: {}\n"
        "keys: pass\ncolumns:\n"
        "  - {match: t.a, kind: name}\n"
        "  - {match: t.b, mask: {algorithm: pass}, reason: 公开信息}\n"
        "  - {match: t.c, kind: name, mask: {algorithm: shuffle}}\n",
        "x.yaml",
    )
    fields = (Field(name="a"), Field(name="b"), Field(name="id", family=Family.WHOLE, key=True))
    table = plan(Shape(name="t", fields=fields), policy, {}, keys=KEYS)
    assert [step.by for step in table.steps] == [By.OFFICER, By.OFFICER, By.NOTHING]
    assert [one["algorithm"] for one in table.told()] == ["redact", "pass", "pass"]
    assert plan(Shape(name="t", fields=(Field(name="c"),)), policy, {}, keys=KEYS).wrong


def test_blanks_are_of_their_type() -> None:
    assert isinstance(BLANK[Family.TIME], datetime)
    assert set(BLANK) == set(Family)
