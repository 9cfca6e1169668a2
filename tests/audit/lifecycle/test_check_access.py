"""Rights beyond the rules, with the way a role came by them."""

from dataclasses import replace

import pytest

from audit.lifecycle.check_access import named
from audit.lifecycle.reality import PUBLIC, Right
from rules.model import Text
from tests.audit.lifecycle.check_world import DISTRICT, RIGHTS, look, right, ruled, told


def having(*more: Right) -> set[tuple[str, str]]:
    return told(
        look(district=replace(DISTRICT, rights=replace(RIGHTS, entries=(*RIGHTS.entries, *more))))
    )


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        (right("roll_app", "delete", "students"), ("grant", "district.public.students.roll_app")),
        (right("stranger", "select", "visits"), ("grant", "district.public.visits.stranger")),
        (right(PUBLIC, "select", "guardians"), ("public", "district.public.guardians.PUBLIC")),
        (right("class_teacher", "select", "students", "id_card"),
         ("grant", "district.public.students.class_teacher")),
        (right("class_teacher", "select", "students"),
         ("grant", "district.public.students.class_teacher")),
        (right("class_teacher", "select", "guardians", "id"),
         ("grant", "district.public.guardians.class_teacher")),
        (right("stranger", "select", "students", "id", via=("class_teacher",)),
         ("grant", "district.public.students.stranger")),
        (right("health_reader", "update", "students", "name"),
         ("grant", "district.public.students.health_reader")),
    ],
    ids=str,
)  # fmt: skip
def test_one_right_too_many(more: Right, wanted: tuple[str, str]) -> None:
    assert having(more) == {wanted}


def test_rights_elsewhere_do_not_concern_the_rules() -> None:
    assert having(right("stranger", "delete", "weather")) == set()
    assert having(right("roll_owner", "ddl", "students")) == set()


def test_owners_and_administrators_are_named() -> None:
    owners = replace(RIGHTS, owners={**RIGHTS.owners, ("public", "visits"): "somebody"})
    assert told(look(district=replace(DISTRICT, rights=owners))) == {
        ("owner", "district.public.visits")
    }
    mighty = replace(RIGHTS, mighty={**RIGHTS.mighty, "vendor": "superuser"})
    assert told(look(district=replace(DISTRICT, rights=mighty))) == {
        ("administrator", "district.vendor")
    }


def test_rights_end_with_the_share_and_the_contract() -> None:
    ended = ruled(("masked: none, until: 2027-07-31", "masked: none, until: 2026-07-31"))
    assert ("share-ended", "district.public.students.health_reader") in told(look(book=ended))
    contract = ruled(("number: C1, until: 2027-12-31", "number: C1, until: 2026-01-01"))
    entries = (*RIGHTS.entries, right("vendor", "select", "students"))
    seen = replace(DISTRICT, rights=replace(RIGHTS, entries=entries))
    found = [one for one in look(book=contract, district=seen) if one.code == "contract-ended"]
    assert [one.count for one in found] == [1]


def test_rights_that_can_not_be_read_are_unknown() -> None:
    seen = replace(DISTRICT, rights=Text(zh="无权查看", en="denied"))
    found = look(district=seen)
    assert told(found) == set()
    assert {code for code, _ in told(found, known=False)} == {
        "grant", "public", "owner", "administrator"
    }  # fmt: skip


def test_names_of_accounts() -> None:
    assert named("roll@localhost", ("roll",))
    assert named("teacher_3", ("teacher_*",))
    assert not named("roll", ("roll_app", "Roll"))
    assert not named("roll", ())
