"""Links, subjects, ages."""

from audit.lifecycle.links import GUARDIANS, PUPILS, STAFF, inferred, subjects_of, under_age
from audit.lifecycle.model import Address, By, Judged, Table
from rules.recognise.personal.kinds import Kind


def column(table, name, kind, distinct=10):
    at = Address(source="s", schema="p", table=table, column=name)
    return Judged(at=at, kind=kind, by=By.VALUES, sampled=10, distinct=distinct)


def table(name, *columns, rows=10, **more):
    return Table(source="s", schema="p", name=name, rows=rows, columns=columns, **more)


def test_same_meaning_links_to_where_it_is_unique():
    pupils = table("students", column("students", "sfzjh", Kind.ID_CARD))
    aid = table("aid", column("aid", "idno", Kind.ID_CARD, distinct=7), rows=900)
    made = inferred([aid, pupils])
    (link,) = made[0].links
    assert (str(link.other), link.inferred) == ("s.p.students.sfzjh", True)
    assert made[1].links == ()


def test_a_name_ending_in_id_links_to_the_key():
    pupils = table("students", column("students", "id", None), key=("id",))
    aid = table("aid", column("aid", "student_id", None))
    assert str(inferred([aid, pupils])[0].links[0].other) == "s.p.students.id"


def test_subjects():
    name = column("x", "xm", Kind.NAME)
    assert subjects_of("students", [name]) == PUPILS
    assert subjects_of("教师信息", [name]) == STAFF
    assert subjects_of("guardians", [name]) == GUARDIANS
    assert subjects_of("students", []) is None
    assert subjects_of("x", [column("x", "xh", Kind.STUDENT_NUMBER)]) == PUPILS


def test_ages():
    born = [column("x", "csrq", Kind.BIRTH_DATE)]
    rows = [("2020-01-01",), ("20100101",), (None,), ("2012年11月24日",), ("2012年11月25日",)]
    assert under_age(born, rows, "2026-11-24") == 0.5
    cards = [column("x", "c", Kind.ID_CARD)]
    assert under_age(cards, [("110199202001010018",)], "2026-11-24") == 1.0
    assert under_age([column("x", "xm", Kind.NAME)], rows, "2026-11-24") is None
    assert under_age(born, [], "2026-11-24") is None
