"""Kept too long, without a day, in plain, under a hold that ended."""

import datetime as dt
from dataclasses import replace

from audit.lifecycle.reality import ageless, agreed, due, undated
from rules.model import Text
from tests.audit.lifecycle.check_world import DISTRICT, counting, look, ruled, told

WHY = Text(zh="超时", en="timed out")


def test_rows_beyond_their_time() -> None:
    found = look(district=counting(due("roll", "left"), 12))
    assert told(found) == {("overdue", "district.public.students.left_on")} or told(found) == {
        ("overdue", "district.students.left_on")
    }
    assert found[0].count == 12
    assert "10" in found[0].what.en
    assert "销毁" in found[0].what.zh or "删除" in found[0].what.zh


def test_a_count_that_failed_is_unknown_with_its_reason() -> None:
    for key in (due("roll", "left"), undated("visits", "year"), agreed("roll", "guardian")):
        found = look(district=counting(key, WHY))
        assert [(one.known, one.what) for one in found] == [(False, WHY)]


def test_a_period_nobody_fixed() -> None:
    book = ruled(
        (
            "title: 学籍档案, period: 10 years, document: {number: 示教档〔2026〕1号}",
            "title: 学籍档案",
        )
    )
    found = look(book=book)
    assert {one.code for one in found if one.known} == {"period"}
    assert {one.code for one in found if not one.known} == {"overdue"}


def test_a_permanent_period_is_never_due() -> None:
    book = ruled(("period: 1 year, then: destroy", "period: permanent, then: destroy"))
    assert told(look(book=book, district=counting(due("visits", "year"), 5))) == set()


def test_a_hold_that_ended() -> None:
    found = look(at=dt.date(2027, 1, 2))
    assert ("hold-ended", "district") in told(found)
    assert ("hold-ended", "district") not in told(look(at=dt.date(2027, 1, 1)))


def test_encryption() -> None:
    plain = replace(DISTRICT, fields={"visits.phone": False})
    assert {code for code, _ in told(look(district=plain))} == {"plain"}
    unseen = replace(DISTRICT, fields={"visits.phone": WHY})
    assert {code for code, _ in told(look(district=unseen), known=False)} == {"plain"}
    wanted = ruled(("encrypted: none", "encrypted: database"))
    assert {code for code, _ in told(look(book=wanted))} == {"plain"}
    sealed = replace(DISTRICT, tables=tuple(replace(t, sealed=True) for t in DISTRICT.tables))
    assert told(look(book=wanted, district=sealed)) == set()
    dark = replace(DISTRICT, tables=tuple(replace(t, sealed=None) for t in DISTRICT.tables))
    assert {code for code, _ in told(look(book=wanted, district=dark), known=False)} == {"plain"}
    volume = ruled(("encrypted: none", "encrypted: volume"))
    assert {code for code, _ in told(look(book=volume), known=False)} == {"plain"}


def test_consent() -> None:
    found = look(district=counting(agreed("roll", "guardian"), 2))
    assert {code for code, _ in told(found)} == {"guardian"}
    assert "14" in found[0].what.zh
    found = look(district=counting(agreed("visits", "consent"), 1))
    assert {code for code, _ in told(found)} == {"consent"}
    found = look(district=counting(ageless("roll"), 1))
    assert told(found) == set()
    assert {code for code, _ in told(found, known=False)} == {"guardian"}
