"""Waivers: to the end of the day in Shanghai, revoked forward only, hiding nothing else."""

from dataclasses import replace

import pytest

from audit.model import ItemResult, State, Waiver
from audit.scope import moment
from audit.waivers import Revoked, Standing, covering, faults, in_force, standing, unwaived

GIVEN = Waiver(id="w", control="c", target="", reason="r", approver="王", granted="2026-11-01",
               expires="2026-11-30")  # fmt: skip


@pytest.mark.parametrize(
    ("when", "how"),
    [
        ("2026-10-31T23:59:59", Standing.FUTURE), ("2026-11-01T00:00", Standing.IN_FORCE),
        ("2026-11-30T23:59:59", Standing.IN_FORCE), ("2026-12-01T00:00", Standing.EXPIRED),
    ],
)  # fmt: skip
def test_until_the_end_of_the_day(when: str, how: Standing) -> None:
    assert standing(GIVEN, moment(when)) is how
    assert bool(in_force([GIVEN], moment(when))) is (how is Standing.IN_FORCE)


def test_revoked_from_then_on() -> None:
    gone = Revoked(waiver="w", at=moment("2026-11-10T00:00"), by="王", reason="x")
    assert standing(GIVEN, moment("2026-11-09T00:00"), [gone]) is Standing.IN_FORCE
    assert standing(GIVEN, moment("2026-11-11T00:00"), [gone]) is Standing.REVOKED


def test_what_is_left_open() -> None:
    items = [ItemResult(control="c", target="a", state=State.FAIL),
             ItemResult(control="d", target="a", state=State.PARTIAL),
             ItemResult(control="e", target="a", state=State.PASS)]  # fmt: skip
    assert [one.control for one in unwaived(items, [GIVEN])] == ["d"]
    assert covering([replace(GIVEN, target="b")], "c", "a") is None


@pytest.mark.parametrize(
    "change", [{"reason": " "}, {"approver": ""}, {"expires": "soon"}, {"expires": "2026-01-01"}]
)
def test_faults(change: dict[str, str]) -> None:
    assert faults(replace(GIVEN, **change))  # type: ignore[arg-type]
    assert faults(GIVEN) == []
