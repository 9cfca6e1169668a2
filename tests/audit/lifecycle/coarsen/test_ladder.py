"""Ladders climb as their files say, and never carry a strange value up."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.lifecycle.coarsen.ladder import HIDE, ODD, Ladder, Steps
from rules.model import Text

TITLE = Text(zh="阶梯", en="ladder")
DATE = Ladder(id="d", title=TITLE, steps=Steps.DATE)
BANDS = Ladder(id="b", title=TITLE, steps=Steps.BANDS, bands=((0, 5, 10), (0, 10)))
AREAS = ({"东区": ("一中", "二中"), "西区": ("三中",)}, {"城区": ("东区", "西区")})
TREE = Ladder(id="t", title=TITLE, steps=Steps.TREE, tree=AREAS)
AREA = Ladder(id="p", title=TITLE, steps=Steps.PREFIX, prefix=(4, 2))


@pytest.mark.parametrize(
    ("ladder", "value", "labels"),
    [
        (DATE, "2013-4-9", ("2013-04-09", "2013-04", "2013", "2010~2014", "*")),
        (DATE, "2013年4月9日", ("2013-04-09", "2013-04", "2013", "2010~2014", "*")),
        (DATE, "2013-04-09T00:00:00", ("2013-04-09", "2013-04", "2013", "2010~2014", "*")),
        (DATE, "2013", ("2013", "2013", "2013", "2010~2014", "*")),
        (DATE, "", ("", "", "", "", "*")),
        (DATE, "生于春天", ("生于春天", ODD, ODD, ODD, "*")),
        (BANDS, "-1", ("-1", "<0", "<0", "*")),
        (BANDS, "5", ("5", "[5,10)", "[0,10)", "*")),
        (BANDS, "10", ("10", "≥10", "≥10", "*")),
        (BANDS, "inf", ("inf", ODD, ODD, "*")),
        (TREE, "二中", ("二中", "东区", "城区", "*")),
        (TREE, "四中", ("四中", ODD, ODD, "*")),
        (AREA, "990199", ("990199", "9901", "99", "*")),
        (HIDE, "男", ("男", "*")),
    ],
)
def test_labels(ladder, value, labels):
    assert ladder.labels(value) == labels


@pytest.mark.parametrize(
    "wrong",
    [
        {"steps": Steps.PREFIX, "prefix": (2, 4)},
        {"steps": Steps.BANDS, "bands": ((0, 5), (3,))},
        {"steps": Steps.BANDS, "bands": ((5, 0),)},
        {"steps": Steps.BANDS, "bands": ((),)},
        {"steps": Steps.TREE, "tree": ({"a": ("x",), "b": ("x",)},)},
    ],
)
def test_what_is_no_ladder(wrong):
    with pytest.raises(ValueError, match=r"stands|must"):
        Ladder(id="x", title=TITLE, **wrong)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([DATE, BANDS, TREE, AREA, HIDE]), st.lists(st.text(max_size=12), max_size=4))
def test_any_text_climbs(ladder, values):
    """Always as many rungs, the last `*`; one label below is one label above."""
    climbs = [ladder.labels(value) for value in [*values, "2013-04-09", "7"]]
    assert {len(one) for one in climbs} == {len(ladder.labels(""))}
    for rung in range(len(climbs[0]) - 1):
        above = {}
        for one in climbs:
            assert above.setdefault(one[rung], one[rung + 1]) == one[rung + 1]
    assert {one[-1] for one in climbs} == {"*"}
