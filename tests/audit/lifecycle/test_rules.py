"""What one record of a rules file refuses."""

# ruff: noqa: E501 - tables

from typing import Any

import pytest

from audit.lifecycle.rule_times import Day, Period
from audit.lifecycle.rules import (
    Child,
    ColumnName,
    Consent,
    Destruction,
    Document,
    Entrusted,
    Export,
    Ground,
    Held,
    Hold,
    Legal,
    Parameter,
    Retention,
    Rows,
    Sealed,
    Storage,
    Then,
)

C = ColumnName.parse
DOC = Document(number="n")
DAY = Day(2026, 9, 1)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Held(source="d"), "tables"),
        (lambda: Consent(recorded=C("a.x"), subject=C("s.id")), "belong together"),
        (lambda: Consent(recorded=C("a.x"), born=C("s.born")), "another table"),
        (lambda: Consent(recorded=C("a.x"), subject=C("s.id"), key=C("b.k")), "different"),
        (lambda: Consent(recorded=C("a.x"), withdrawn=C("b.k")), "different"),
        (lambda: Consent(recorded=C("a.x"), subject=C("s.id"), key=C("a.k"), born=C("u.b")), "different"),
        (lambda: Consent(recorded=C("a.x"), under=16), "born"),
        (lambda: Legal(ground=Ground.DUTY, guardian=Consent(recorded=C("a.x"))), "under 14"),
        (lambda: Storage(place="p", encrypted=(Sealed.NONE, Sealed.VOLUME)), "none"),
        (lambda: Storage(place="p", encrypted=(Sealed.FIELD,)), "columns"),
        (lambda: Retention(id="r", since=C("a.d"), then=Then.DESTROY), "either"),
        (lambda: Retention(id="r", period=Period(days=1), then=Then.DESTROY), "either"),
        (lambda: Retention(id="r", since=C("a.d"), period=Period(days=1), then=Then.DESTROY, children=(Child(column=C("c.a"), parent=C("b.id")),)), "leads there"),
        (lambda: Retention(id="r", files=("*",), period=Period(days=1), then=Then.DESTROY, children=(Child(column=C("c.a"), parent=C("b.id")),)), "children"),
        (lambda: Parameter(id="p", title="t", period=Period(days=1)), "document"),
        (lambda: Entrusted(contractor="c", purpose="p", contract=DOC), "until"),
        (lambda: Export(allowed=True), "approval"),
        (lambda: Destruction(approvers=("A", " a ")), "two different"),
        (lambda: Hold(id="h", reason="r", document=DOC, since=DAY), "either"),
        (lambda: Hold(id="h", reason="r", document=DOC, since=DAY, whole=True, rows=(Rows(column=C("a.b"), values=("1",)),)), "either"),
    ],
)  # fmt: skip
def test_refused(make: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        make()
