"""The search finds the best choice there is: every choice is tried beside it."""

import itertools
from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.lifecycle.coarsen import lattice as module
from audit.lifecycle.coarsen.lattice import count, number
from audit.lifecycle.coarsen.wanted import Wanted
from tests.audit.lifecycle.coarsen.oracle import LADDERS, ROWS, WANTED, oracle, search


def lost(place, label, rung, rows):
    """(values below a label - 1) / (all values - 1), from the rows."""
    below = {row[place] for row in rows if LADDERS[place].labels(row[place])[rung] == label}
    every = {row[place] for row in rows}
    return 1.0 if rung == 3 else (len(below) - 1) / max(1, len(every) - 1)


def cheapest(rows, wanted):
    """Every choice by the definitions."""
    ordered = True
    best = None
    for choice in itertools.product(range(4), repeat=2):
        groups = defaultdict(list)
        for row in rows:
            told = tuple(LADDERS[n].labels(row[n])[rung] for n, rung in enumerate(choice))
            groups[told].append(row[2])
        alive, _ = oracle(groups, wanted, ordered)
        gone = sum(len(v) for key, v in groups.items() if key not in alive)
        if not alive or gone > int(wanted.most_suppressed * len(rows) + 1e-9):
            continue
        cost = gone + sum(
            len(groups[key]) * lost(n, key[n], choice[n], rows) / 2 for key in alive for n in (0, 1)
        )
        best = cost / len(rows) if best is None else min(best, cost / len(rows))
    return best


@settings(max_examples=120, deadline=None)
@given(ROWS, WANTED, st.sampled_from([0.0, 0.1, 0.3]))
def test_the_best_there_is(rows, wanted, share):
    wanted = Wanted(k=wanted.k, l=wanted.l, entropy=wanted.entropy, t=wanted.t,
                    cells=wanted.cells, most_suppressed=share)  # fmt: skip
    found = search(rows, wanted).best()
    best = cheapest(rows, wanted)
    if found is None:  # said only where not even `*` everywhere holds
        top = search(rows, wanted)
        assert not top._passes((3, 3))
    else:
        assert found.proved
        assert found.loss == pytest.approx(best)


def test_few_are_counted():
    """A failure speaks for all choices below, so most are never counted."""
    rows = [(f"a{n % 9}{n % 7}", str(n % 13), "1") for n in range(900)]
    found = search(rows, Wanted(k=30, most_suppressed=0.0)).best()
    assert found.proved
    assert found.checked < found.choices * 3 / 4


def test_a_search_that_is_cut_short_says_so():
    rows = [(f"a{n % 9}{n % 7}", str(n % 13), "1") for n in range(900)]
    assert not search(rows, Wanted(k=30, most_suppressed=0.0)).best(most=1).proved


def test_nothing():
    assert search([("a", "1", "1")] * 3, Wanted(k=4)).best() is None


def test_too_many_choices(monkeypatch):
    monkeypatch.setattr(module, "MOST_CHOICES", 15)
    with pytest.raises(OverflowError):
        search([("a", "1", "1")], Wanted()).best()


def test_combinations_beyond_64_bits():
    codes = [np.array([0, 2**30, 5, 0], np.int32)] * 3
    back, size = number(codes)
    assert (back.tolist(), size) == ([0, 2, 1, 0], 3)
    nothing, none = number([])
    assert (len(nothing), none) == (0, 0)
    made = count((0,) * 3, codes, [], np.ones(4, np.int64))
    assert made.counts.tolist() == [2, 1, 1]
    assert made.codes[0].tolist() == [0, 5, 2**30]
