"""Local recoding: every part holds, every value is within its label."""

from collections import Counter, defaultdict

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.lifecycle.coarsen.local import Cutting, checked, labels
from audit.lifecycle.coarsen.wanted import Wanted
from tests.audit.lifecycle.coarsen.oracle import ROWS, holds, search

WANTED = st.builds(
    Wanted, k=st.integers(1, 4), l=st.integers(1, 2), entropy=st.booleans(),
    t=st.sampled_from([None, 0.3, 0.5]),
)  # fmt: skip


@settings(max_examples=120, deadline=None)
@given(ROWS, WANTED)
def test_parts_hold(rows, wanted):
    one = search(rows, wanted)
    parts = Cutting(one.bottom, one.rungs, one._columns, wanted).cut()
    everything = Counter(row[2] for row in rows if row[2])
    if parts is None:
        assert not holds([row[2] for row in rows], everything, wanted, ordered=True)
        return
    assert checked(parts, one.bottom, one._columns, wanted)
    groups = defaultdict(Counter)
    for part, code, size in zip(parts.part.tolist(), one.bottom.sensitive[0].tolist(),
                                one.bottom.counts.tolist(), strict=True):  # fmt: skip
        groups[part][code] += size
    assert min(sum(counts.values()) for counts in groups.values()) >= wanted.k


def test_labels_are_no_wider_than_needed():
    rows = [("aaa", str(n), "1") for n in range(8)] + [("bbb", "x", "1")] * 2
    one = search(rows, Wanted(k=2))
    parts = Cutting(one.bottom, one.rungs, one._columns, Wanted(k=2)).cut()
    values = [["aaa", "bbb"], [str(n) for n in range(8)] + ["x"]]
    told = labels(parts, one.rungs, values)
    assert sorted(zip(*told, strict=True)) == [
        ("aaa", "0~1"), ("aaa", "2~3"), ("aaa", "4~5"), ("aaa", "6~7"), ("bbb", "x"),
    ]  # fmt: skip
    assert float(sum(parts.losses[0])) == pytest.approx(0)


def test_a_strange_value_is_no_end_of_a_range():
    rows = [("aaa", "1", "1"), ("aaa", "x", "1"), ("aaa", "", "1"), ("aaa", "9", "1")]
    one = search(rows, Wanted(k=2))
    parts = Cutting(one.bottom, one.rungs, one._columns, Wanted(k=2)).cut()
    told = labels(parts, one.rungs, [["aaa"], ["1", "9", "", "x"]])
    assert sorted(told[1]) == ["*", "1~9"]


def test_the_whole_does_not_hold():
    one = search([("a", "1", "1")], Wanted(k=2))
    assert Cutting(one.bottom, one.rungs, one._columns, Wanted(k=2)).cut() is None
