"""Bounded counts, and what is told of noisy ones."""

import random
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.lifecycle.privacy import counts as module
from audit.lifecycle.privacy.budget import BudgetError, Domain
from audit.lifecycle.privacy.counts import answer, cells_of, noisy, settled, tally

SEX = Domain(values=("男", "女"))
MARK = Domain(cuts=(60.0,))
KEY = bytes(16)


def test_cells_come_from_the_declaration():
    assert len(cells_of([SEX, MARK])) == 9
    assert tally([], [SEX, MARK], subject=False, most=1, key=KEY) == [0] * 9
    with pytest.raises(BudgetError):
        cells_of([Domain(cuts=tuple(float(n) for n in range(200)))] * 2)


def test_a_subject_counts_for_so_many_rows():
    rows = [
        ["男", "1"],
        ["男", "1"],
        ["女", "1"],
        ["女", "2"],
        ["?", "3"],
        ["男", ""],
        ["男", None],
    ]
    assert tally(rows, [SEX], subject=True, most=1, key=KEY) == [1, 1, 1]
    assert tally(rows, [SEX], subject=True, most=2, key=KEY) == [2, 1, 1]
    assert tally([row[:1] for row in rows], [SEX], subject=False, most=1, key=KEY) == [4, 2, 1]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("男女x"), st.sampled_from("abcd")), max_size=30),
    st.sampled_from("abcd"),
    st.integers(1, 4),
)
def test_neighbouring_tables_differ_by_the_bound(rows, gone, most):
    """Whoever is taken out, with all rows, changes the counts by `most` in sum at most."""
    whole = tally(rows, [SEX], subject=True, most=most, key=KEY)
    less = tally([row for row in rows if row[1] != gone], [SEX], subject=True, most=most, key=KEY)
    assert sum(abs(a - b) for a, b in zip(whole, less, strict=True)) <= most


def test_too_many_subjects(monkeypatch):
    monkeypatch.setattr(module, "MOST_SUBJECTS", 2)
    with pytest.raises(BudgetError, match="主体"):
        tally([["男", "a"], ["男", "b"], ["男", "c"]], [SEX], subject=True, most=1, key=KEY)


def test_noise_of_its_scale():
    draw = random.Random(5).randrange
    small = noisy([100] * 400, Fraction(1), 1, draw)
    great = noisy([100] * 400, Fraction(1), 10, draw)
    assert sum(abs(x - 100) for x in small) * 4 < sum(abs(x - 100) for x in great)
    assert all(type(x) is int for x in small)


@given(st.lists(st.integers(-50, 200), min_size=1, max_size=40))
@settings(max_examples=150, deadline=None)
def test_settled(counts):
    made = settled(counts)
    assert min(made) >= 0
    assert sum(made) == max(0, sum(counts))
    assert all(type(x) is int for x in made)
    if min(counts) >= 0:
        assert made == counts


def test_an_answer():
    made = answer(["s", "m"], {"s": SEX, "m": MARK}, [30, 20, 0, 10, -3, 1, 0, 0, 2],
                  Fraction(1), 1)  # fmt: skip
    assert made.total == 60 == sum(made.margins["s"].values()) == sum(made.margins["m"].values())
    assert made.cells[0].labels == ("男", "<60")
    assert (made.cells[0].weak, made.cells[4].weak) == (False, True)
    assert made.cells[4].value == 0
    assert made.cells[4].noisy == -3
    assert made.each < made.all
