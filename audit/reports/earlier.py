"""An earlier JSON report of ours → one point of the trend. A foreign or damaged file is refused."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from audit.reports.machine import FORMAT
from audit.reports.model import Earlier
from rules.load import DataError, Problem


def earlier_of(told: Any, file: str) -> Earlier:
    """Raises DataError for anything but our own JSON report."""
    try:
        if not isinstance(told, Mapping) or told["format"] != FORMAT:
            raise ValueError(f"`format` is not {FORMAT}")
        run = told["run"]
        score = run["score"]
        taken = float(run["now"])
        return Earlier(
            id=datetime.fromisoformat(told["made"]).strftime("%Y-%m-%d"),
            taken=taken,
            floor=_share(score["floor"]),
            ceiling=_share(score["ceiling"]),
            failed=int(score["failed"]),
            unknown=int(score["unknown"]),
            high_risks=sum(one["state"] == "triggered" for one in told["high_risks"]),
        )
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        message = f"不是本产品的 JSON 报告 not one of our JSON reports: {str(error)[:120]}"
        raise DataError([Problem(file=file, line=1, column=1, message=message)]) from error


def _share(value: Any) -> float:
    share = float(value)
    if not 0 <= share <= 1:
        raise ValueError("a share lies between 0 and 1")
    return share
