"""Running by a schedule, with a clock of our own."""

import argparse
from typing import Any

import pytest

from audit.repeating import repeated
from audit.scope import moment
from rules.load import DataError, WorldError


def options(**more: Any) -> argparse.Namespace:
    return argparse.Namespace(
        **{"schedule": "hourly", "times": 2, "scope": None, "metrics_port": None, **more}
    )


def test_twice_and_the_world_may_fail() -> None:
    now = [moment("2026-11-23T10:30")]
    ran: list[float] = []

    def once(_: argparse.Namespace) -> int:
        ran.append(now[0])
        if len(ran) == 1:
            raise WorldError("full")
        return 1

    def wait(seconds: float) -> None:
        now[0] += seconds

    assert repeated(options(), once, clock=lambda: now[0], wait=wait) == 3
    assert ran == [moment("2026-11-23T11:00"), moment("2026-11-23T12:00")]


def test_bad_schedules() -> None:
    with pytest.raises(DataError, match="cron"):
        repeated(options(schedule="now"), lambda _: 0)
    assert repeated(options(schedule="0 0 31 2 *"), lambda _: 0, clock=lambda: 0.0) == 0
