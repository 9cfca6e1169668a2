"""Delegations, care and ends: what cannot be meant is refused where it is written."""

from typing import Any

import pytest

from policies.check import check
from policies.entrust import Care, Delegation, Until
from policies.model import Office
from policies.policy import PolicySet
from tests.policies.samples import CATEGORIES, WORDS, district, policy


def grant(**fields: Any) -> Delegation:
    return Delegation(id="d", title=WORDS, **fields)


@pytest.mark.parametrize(
    "fields",
    [
        {"minutes": -1},
        {"approvals": -1},
        {"to": ()},
        {"to": (Office.DISTRICT,)},
        {"standing": True, "until": Until.parse("2027-01-01")},
    ],
)
def test_contradictory_delegations(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="`"):
        grant(**fields)


@pytest.mark.parametrize("text", ["", "soon", "2027-13-01", "9999-12-31"])
def test_no_end(text: str) -> None:
    with pytest.raises(ValueError, match="`"):
        Until.parse(text)


def test_an_end_is_kept_as_written() -> None:
    assert (Until.parse(" 2027-07-15 "), Until("2027-07-15").timestamp) == (
        "2027-07-15",
        1_815_667_200.0,
    )


@pytest.mark.parametrize(
    "fields",
    [{"to": ()}, *({"to": ("a",), "webhook": u} for u in ("x", "http://a.example", "file:///x"))],
)
def test_care_that_reaches_nobody(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="`"):
        Care(**fields)


@pytest.mark.parametrize(
    ("scope", "categories", "said"),
    [
        ("school", ("crisis",), "visits to it are private"),
        ("school", ("gamez",), "unknown category"),
        ("group", ("games",), "only the district and schools"),
        ("school", ("games", "porn"), ""),
    ],
)
def test_care_in_a_file(scope: str, categories: tuple[str, ...], said: str) -> None:
    made = policy("p1", scope, care=Care(to=("甲",), categories=categories))
    found = [p.message for p in check(PolicySet(policies=(district(), made)), CATEGORIES)]
    assert [said in one for one in found] == [True] * bool(said)
