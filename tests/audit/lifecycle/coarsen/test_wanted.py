"""Groups that hold, against the definitions written out."""

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.lifecycle.coarsen.wanted import Groups, Sensitive, Wanted, held, order_of
from tests.audit.lifecycle.coarsen.oracle import WANTED, oracle


def arrays(rows, ordered):
    values = sorted({v for _, v in rows})
    group = np.array([g for g, _ in rows], np.int64)
    codes = np.array([values.index(v) for _, v in rows], np.int32)
    column = Sensitive(name="s", size=len(values), empty=values.index("") if "" in values else -1,
                       place=order_of(values) if ordered else None)  # fmt: skip
    made = Groups(group=group, number=int(group.max()) + 1, counts=np.ones(len(rows), np.int64),
                  sensitive=(codes,))  # fmt: skip
    return made, column


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 4), st.sampled_from(["", "1", "2", "10", "30"])),
             min_size=1, max_size=24),
    WANTED, st.booleans(),
)  # fmt: skip
def test_against_the_definitions(rows, wanted, ordered):
    numbers = {g: place for place, g in enumerate(sorted({g for g, _ in rows}))}
    rows = [(numbers[g], v) for g, v in rows]
    groups = defaultdict(list)
    for group, value in rows:
        groups[group].append(value)
    made, column = arrays(rows, ordered)
    found = held(made, [column], wanted)
    alive, starred = oracle(groups, wanted, ordered)
    assert (set(np.flatnonzero(found.alive).tolist()), found.starred) == (alive, starred)
    assert found.suppressed == sum(len(v) for key, v in groups.items() if key not in alive)


def test_the_published_example_of_closeness():
    """Li et al. 2007: {3,4,5} of nine salaries is 0.375 away, {6,8,11} 0.167."""
    salaries = ["3", "4", "5", "6", "8", "11", "7", "9", "10"]
    rows = [(place // 3, value) for place, value in enumerate(salaries)]
    made, column = arrays(rows, ordered=True)
    for t, alive in ((0.374, False), (0.376, True)):
        found = held(made, [column], Wanted(k=3, t=t, cells=False))
        assert bool(found.alive[0]) is alive


def test_order():
    assert order_of(["", "10", "9"]).tolist() == [0, 1, 0]
    assert order_of(["优", "1"]) is None
    assert Wanted().plain
    assert not Wanted(t=0.1).plain
    assert Wanted(entropy=True).plain
    assert not Wanted(entropy=True, l=2).plain
    with pytest.raises(TypeError):
        Wanted(5)
