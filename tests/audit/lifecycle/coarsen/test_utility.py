"""Figures of what is left, by hand."""

import numpy as np
import pytest

from audit.lifecycle.coarsen.utility import class_size, discernibility, entropy


def test_by_hand():
    assert discernibility(np.array([3, 2]), 2, 7) == 9 + 4 + 14
    assert discernibility(np.array([4_000_000_000]), 0, 1) == 16 * 10**18
    assert class_size(np.array([3, 5]), 2) == 2.0
    assert class_size(np.array([], np.int64), 2) == 0


def test_entropy():
    values = np.array([0, 0, 1, 1], np.int32)
    same, one = values, np.zeros(4, np.int32)
    kept = np.ones(4, np.int32)
    assert entropy([values], [same], kept) == 0
    assert entropy([values], [one], kept) == 1
    assert entropy([values], [same], np.array([1, 1, 1, 0])) == pytest.approx(0.25)
    assert entropy([one], [one], kept) == 0
    assert entropy([one[:0]], [one[:0]], kept[:0]) == 0
