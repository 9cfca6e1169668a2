"""Two people, a last day, and what each step needs."""

import datetime as dt

import pytest

from audit.lifecycle.people import Actor, Way
from audit.lifecycle.sharing import Share, SharingError, Standing, may_ask, may_step

DAY = dt.date(2026, 9, 1)


def person(name: str, account: str) -> Actor:
    return Actor(id=name, way=Way.ACCOUNT, account=account, owner=account)


BO = person("Bo", "2")


def share(step: Standing = Standing.PENDING, until: dt.date = DAY) -> Share:
    return Share(
        id="S1", by="Ann Li", recipient="r", dataset="d", purpose="p", fields=("a",),
        masked="none", until=until, asked=0.0, step=step, asker=person("Ann Li", "1"),
    )  # fmt: skip


@pytest.mark.parametrize("by", ["Ann Li", "ann li", " annli "])
def test_nobody_decides_on_the_own_request(by: str) -> None:
    with pytest.raises(SharingError, match="requester"):
        may_step(share(), Standing.APPROVED, person(by, "2"), DAY)


def test_another_decides_once() -> None:
    may_step(share(), Standing.APPROVED, BO, DAY)
    with pytest.raises(SharingError, match="not pending"):
        may_step(share(Standing.REJECTED), Standing.APPROVED, BO, DAY)


def test_only_the_approved_is_revoked() -> None:
    may_step(share(Standing.APPROVED), Standing.REVOKED, person("Ann Li", "1"), DAY)
    with pytest.raises(SharingError, match="only an approved"):
        may_step(share(), Standing.REVOKED, BO, DAY)


def test_an_approval_ends_after_its_last_day() -> None:
    approved = share(Standing.APPROVED)
    assert approved.standing(DAY) is Standing.APPROVED
    assert approved.standing(DAY + dt.timedelta(days=1)) is Standing.EXPIRED


def test_records_are_kept_three_years() -> None:
    assert share().keep_until() == dt.date(2029, 9, 1)
    assert share(until=dt.date(2028, 2, 29)).keep_until() == dt.date(2031, 3, 1)


@pytest.mark.parametrize(("fields", "until"), [((), DAY), (("a",), DAY - dt.timedelta(days=1))])
def test_a_request_names_fields_and_a_day_to_come(fields: tuple[str, ...], until: dt.date) -> None:
    with pytest.raises(SharingError):
        may_ask(fields, until, DAY)


def test_nobody_decides_under_the_account_that_asked() -> None:
    with pytest.raises(SharingError, match="account"):
        may_step(share(), Standing.APPROVED, person("Somebody Else", "1"), DAY)
