"""Reports survive their JSON form."""

from __future__ import annotations

from pathlib import Path

import pytest

from rules.importers.rows import BadLine
from rules.report import BuildReport, Collision, ListReport

REPORT = BuildReport(
    hash="h",
    inputs="i",
    path=Path("/x"),
    rebuilt=True,
    rows=5,
    sets=2,
    seconds=1.5,
    lists=(
        ListReport(
            id="own",
            rows=5,
            bad=2,
            reasons={"odd": 2},
            skipped={"none": 1},
            unmapped=("x",),
            notes={"n": 1},
            samples=(BadLine(file="f", line=1, reason="odd", text="例"),),
        ),
        ListReport(id="gone", refused="empty", stale=True, bad=3),
    ),
    collisions=(Collision(host="a.com", help="crisis", others=("porn (own)",), harmful=True),),
)


def test_json_and_back() -> None:
    assert BuildReport.from_json(REPORT.to_json(), Path("/x")) == REPORT


def test_sums() -> None:
    assert REPORT.bad == 5
    assert REPORT.refused == {"gone": "empty"}


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"lists": [{"id": 1}], "collisions": []}'])
def test_foreign_json(text: str) -> None:
    with pytest.raises((ValueError, KeyError, TypeError)):
        BuildReport.from_json(text, Path("/x"))
