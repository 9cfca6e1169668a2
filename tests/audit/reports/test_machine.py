"""The JSON: whole, plain, without the body of any evidence."""

import json
from dataclasses import replace

from audit.reports import machine
from audit.reports.model import MARK
from tests.audit.reports.made import hostile, report


def test_whole() -> None:
    told = json.loads(machine.render(report()))
    assert told["format"] == "qinglang-report/1"
    assert told["mark"]["zh"] == MARK.zh
    assert len(told["run"]["items"]) == 211
    assert (len(told["high_risks"]), len(told["hazards"])) == (81, 32)
    assert len(told["matrix"]["cells"]) == 36
    assert len(told["run"]["evidence"]) == 3
    assert all("document" not in one for one in told["run"]["evidence"])
    assert all("access" not in one for one in told["targets"])
    assert [one["number"] for one in told["issues"]][:2] == ["T001", "T002"]


def test_hostile_texts_round_trip_or_are_replaced() -> None:
    assert json.loads(machine.render(hostile()))["repairs"]


def test_a_check_that_is_gone() -> None:
    told = machine.tree(replace(report(), checks={}))
    found = [one for item in told["run"]["items"] for one in item["findings"]]
    assert all(one["title"] == one["check"] for one in found)
