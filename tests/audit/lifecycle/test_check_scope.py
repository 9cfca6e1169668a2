"""Columns beyond the scope, tables no rule names, real people in test data."""

from dataclasses import replace

from audit.lifecycle.reality import RealValues, SeenTable
from rules.model import Text
from rules.recognise.personal.kinds import Kind
from tests.audit.lifecycle.check_world import DISTRICT, TRAINING, listed, look, ruled, told


def wider(table: str, *columns: str) -> object:
    """The district with more columns in one table."""
    return replace(
        DISTRICT,
        tables=tuple(
            replace(one, columns=(*one.columns, *columns)) if one.name == table else one
            for one in DISTRICT.tables
        ),
    )


def test_a_column_by_its_values() -> None:
    more = [("students", "c9", Kind.BANK_CARD)]
    found = look(district=wider("students", "c9"), inventory=listed(more))
    assert told(found) == {("scope-kind", "district.public.students.c9")}
    assert "银行卡" in found[0].what.zh


def test_a_column_by_its_name_alone() -> None:
    def means(name: str) -> Kind | None:
        return Kind.RELIGION if name == "宗教信仰" else None

    found = look(district=wider("students", "宗教信仰"), means=means)
    assert told(found) == {("scope-kind", "district.public.students.宗教信仰")}
    assert {code for code, _ in told(found, known=False)} == {"scope-kind"}  # values unseen


def test_a_column_that_the_inventory_does_not_know_is_unknown() -> None:
    found = look(district=wider("students", "c9"))
    assert told(found) == set()
    assert {code for code, _ in told(found, known=False)} == {"scope-kind"}


def test_a_named_column_may_hold_anything() -> None:
    book = ruled(("columns: [visits.id,", "columns: [visits.c9, visits.id,"))
    more = [("visits", "c9", Kind.BANK_CARD)]
    assert look(book=book, district=wider("visits", "c9"), inventory=listed(more)) == ()


def test_a_closed_scope() -> None:
    assert told(look(book=ruled(("closed: false", "closed: true")))) == {
        ("scope-column", "district.public.visits.agreed")
    }


def test_a_table_no_rule_names() -> None:
    def means(name: str) -> Kind | None:
        return Kind.PHONE if name == "手机号" else None

    table = SeenTable(schema="public", name="export_tmp", columns=("n", "手机号"))
    seen = replace(DISTRICT, tables=(*DISTRICT.tables, table))
    assert told(look(district=seen, means=means)) == {("unruled", "district.public.export_tmp")}
    found = look(district=seen)  # its values were not seen, and its names say nothing
    assert told(found) == set()
    assert {code for code, _ in told(found, known=False)} == {"unruled"}


def test_a_table_that_is_gone() -> None:
    seen = replace(DISTRICT, tables=DISTRICT.tables[:2])
    assert ("absent", "district.visits") in told(look(district=seen))


def test_a_source_that_failed() -> None:
    why = Text(zh="连接失败", en="no connection")
    found = look(district=replace(DISTRICT, problem=why))
    assert told(found) == set()
    assert {"unruled", "absent", "scope-kind"} <= {code for code, _ in told(found, known=False)}


def test_real_people_in_test_data() -> None:
    real = RealValues(
        schema="", table="students", column="sfzjh", kind=Kind.ID_CARD, count=9, verified=9
    )
    found = look(training=replace(TRAINING, real=(real,)))
    assert told(found) == {("real-in-test", "training.students.sfzjh")}
    assert found[0].count == 9
    unread = replace(TRAINING, unread={"t": Text(zh="超时", en="timed out")})
    found = look(training=unread)
    assert told(found) == set()
    assert told(found, known=False) == {("real-in-test", "training.t")}
