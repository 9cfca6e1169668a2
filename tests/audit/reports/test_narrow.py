"""A school sees its own targets and nothing of the others'."""

import json

from audit.model import Organisation, State
from audit.reports import machine
from audit.reports.narrow import below, narrow, own
from tests.audit.reports.made import BESIDE as TOLD
from tests.audit.reports.made import SYSTEMS, UNITS, made, run, yardsticks


def test_below() -> None:
    assert below(UNITS, "district") == {"district", "s01", "s02"}
    assert below(UNITS, "s02") == {"s02"}
    ring = (Organisation(id="a", name="a", above="b"), Organisation(id="b", name="b", above="a"))
    assert below(ring, "a") == {"a", "b"}


def test_only_its_own() -> None:
    assert own(run(), "s01", UNITS, SYSTEMS) == {"web01", "db01"}
    assert own(run(), "district", UNITS, SYSTEMS) == {"web01", "db01", "lost"}
    assert own(run(), "elsewhere", UNITS, SYSTEMS) == frozenset()


def test_nothing_of_the_others_is_left() -> None:
    keep = own(run(), "s02", UNITS, SYSTEMS)
    found = narrow(run(), keep, aggregation=yardsticks().aggregation, scoring=yardsticks().scoring)
    assert len(found.items) == 211
    assert {one.target for one in found.single} <= {"lost", ""}
    told = json.dumps(machine.tree(made(found, TOLD))["run"], ensure_ascii=False)
    assert "web01" not in told
    assert "门户主机" not in told
    assert all(one.state is not State.FAIL for one in found.items)


def test_all_of_them_is_the_same_run() -> None:
    keep = {one.id for one in run().targets}
    found = narrow(run(), keep, aggregation=yardsticks().aggregation, scoring=yardsticks().scoring)
    assert found.items == run().items
