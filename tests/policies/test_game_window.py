"""The published game hours, as the shipped policy decides them: every date of the notices."""

from datetime import date, timedelta

import pytest

from policies.calendar import DayKind
from policies.compile import compile_policies
from policies.decide import decide
from policies.load import load_policies
from policies.model import Action, Subject
from policies.moment import at
from rules.model import Facts, Signals, Stage
from rules.sources import load_categories

CATEGORIES = tuple(load_categories([]).values())
SHOT = compile_policies(load_policies(), categories=CATEGORIES, rulebase="")
GAMES = Signals(mask=SHOT.kinds.mask(["games"]))
STAGES = ("primary-upper", "junior", "senior")


def days(first: str, last: str) -> list[str]:
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return [(start + timedelta(days=n)).isoformat() for n in range((end - start).days + 1)]


OPEN = [
    *["2021-09-24", "2021-09-25", *days("2021-10-01", "2021-10-07"), "2021-10-08", "2021-10-10"],
    *days("2023-01-13", "2023-01-15"),
    *["2023-01-20", *days("2023-01-21", "2023-01-27"), *days("2023-02-03", "2023-02-05")],
    *["2026-01-01", *days("2026-02-16", "2026-02-19"), "2026-02-23", "2026-04-06"],
    *["2026-05-04", "2026-05-05", "2026-10-01", *days("2026-10-05", "2026-10-07")],
]
CLOSED = [
    *["2021-09-26", *days("2021-09-27", "2021-09-30"), "2021-10-09", "2023-01-28", "2023-01-29"],
    *["2026-01-04", "2026-02-14", "2026-02-28", "2026-05-09", "2026-09-20", "2026-10-10"],
]
UNKNOWN = ["2021-12-25", "2023-10-01", "2024-10-01", "2031-09-06"]  # fails closed


def games(stage: str, time: str) -> Action:
    facts = Facts(stage=Stage.REQUEST, host="games.example")
    return decide(SHOT, facts, GAMES, Subject(stage=stage), at(time)).action


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("day", OPEN)
def test_open_from_eight_to_nine(day: str, stage: str) -> None:
    found = [
        games(stage, f"{day}T{time}") for time in ("19:59:59", "20:00:00", "20:59:59", "21:00")
    ]
    assert found == [Action.BLOCK, Action.OBSERVE, Action.OBSERVE, Action.BLOCK]


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("day", [*CLOSED, *(day for day in UNKNOWN if day != "2021-12-25")])
def test_closed_all_day(day: str, stage: str) -> None:
    hours = (f"{day}T{hour:02d}:{minute:02d}" for hour in range(24) for minute in (0, 30, 59))
    assert {games(stage, time) for time in hours} == {Action.BLOCK}


def test_an_unknown_friday_is_a_friday() -> None:
    """Fridays are open by weekday; a year nobody announced cannot take them away."""
    assert date.fromisoformat("2031-09-05").weekday() == 4
    assert games("junior", "2031-09-05T20:30") is Action.OBSERVE


def test_unknown_days_are_told() -> None:
    for day in UNKNOWN:
        assert not SHOT.knows(day)
    local = SHOT.seat(Subject(stage="junior")).calendar
    assert str(DayKind.UNKNOWN) in {
        str(kind) for kind, bit in _bits() if local.kinds("2031-09-06") & bit
    }


def _bits() -> list[tuple[DayKind, int]]:
    from policies.calendar import BIT

    return list(BIT.items())


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize(
    ("time", "stopped"),
    [("21:59:59", False), ("22:00:00", True), ("05:59:59", True), ("06:00:00", False)],
)
def test_night_stop(stage: str, time: str, stopped: bool) -> None:
    facts = Facts(stage=Stage.REQUEST, host="video.example")
    signals = Signals(mask=SHOT.kinds.mask(["video"]))
    for day in ("2026-09-05", "2026-10-01", "2031-09-06"):  # a Saturday, a holiday, unknown
        found = decide(SHOT, facts, signals, Subject(stage=stage), at(f"{day}T{time}"))
        assert (found.clause == f"{stage}/night") is stopped
