"""Columns as codes, and their rungs."""

import numpy as np
import pytest

from audit.lifecycle.coarsen import coded as module
from audit.lifecycle.coarsen.coded import Reading, TooManyError, climbed, nested, rows_of
from audit.lifecycle.coarsen.ladder import HIDE, Ladder, Steps
from rules.model import Text

AGE = Ladder(id="a", title=Text(zh="年", en="a"), steps=Steps.BANDS, bands=((6, 12), (12,)))


def read(*values):
    reading = Reading(["c"])
    reading.add([list(values[:2])])
    reading.add([list(values[2:])])
    return reading.columns()[0]


def test_reading():
    one = read("b", "a", None, "a", 7, "\x00")
    assert one.values == ("b", "a", "", "7")
    assert one.codes.tolist() == [0, 1, 2, 1, 3, 2]
    assert rows_of([one]) == 6
    assert rows_of([]) == 0


def test_rungs_follow_the_ladder():
    column, rungs = climbed(read("10", "7", "20", "x", "7"), AGE)
    assert column.values == ("7", "10", "20", "x")
    assert [column.values[code] for code in column.codes] == ["10", "7", "20", "x", "7"]
    assert rungs.labels[1] == ("[6,12)", "≥12", "?")
    assert [one.tolist() for one in rungs.loss[:2]] == [[0] * 4, pytest.approx([1 / 3, 0, 0])]
    assert rungs.loss[-1].tolist() == [1]
    assert rungs.mean[1] == pytest.approx(3 / 3 / 5)
    assert nested(rungs)


def test_nothing_and_one_value():
    column, rungs = climbed(read(), HIDE)
    assert len(column.codes) == 0
    assert rungs.mean == (0.0, 0.0)
    _, rungs = climbed(read("a", "a"), HIDE)
    assert rungs.mean == (0.0, 1.0)


def test_two_spellings_of_one_day_are_one_value():
    ladder = Ladder(id="d", title=Text(zh="日", en="d"), steps=Steps.DATE)
    column, _ = climbed(read("20130409", "2013-04-09", "2013年4月9日"), ladder)
    assert column.values == ("2013-04-09",)
    assert column.codes.tolist() == [0, 0, 0]


def test_too_many_values(monkeypatch):
    monkeypatch.setattr(module, "MOST_VALUES", 3)
    with pytest.raises(TooManyError, match="c: "):
        read("a", "b", "c", "d")


def test_bent_rungs_are_seen():
    _, rungs = climbed(read("10", "7", "20"), AGE)
    maps = (rungs.maps[0], np.array([0, 0, 1], np.int32), np.array([0, 1, 1], np.int32))
    bent = module.Rungs(name="c", ranges=False, maps=maps, labels=(), loss=(), mean=())
    assert not nested(bent)
