"""Calibration: harmless texts stay below certainty, harmful ones come above it."""

from math import exp

import numpy as np
import pytest

from rules.recognise.card import Head
from rules.training.calibrate import (
    CERTAIN,
    EVEN,
    MIXED,
    NEVER,
    SIZES,
    SURE,
    Seen,
    curves,
    logits,
    pooled,
    threshold,
)

HEAD = Head(id="porn", category="porn", scale=1.0, bias=0.0, sizes=(EVEN, EVEN), block=NEVER)
HARMLESS = frozenset({"benign"})


def seen(label: str, group: str, mean: float, size: float, count: int, spread: float) -> list[Seen]:
    rng = np.random.default_rng([len(group), count])
    windows = 9 if size >= 1 else 1
    return [
        Seen(label=label, group=group, best=(one + windows / 9,), mean=(one,), size=size,
             windows=windows)
        for one in (mean + spread * rng.standard_normal(count)).tolist()
    ]  # fmt: skip


def world() -> list[Seen]:
    found = []
    for size in (0.0, 0.25, 0.5, 0.75, 1.0):
        found += seen("benign", f"news {size}", -2 - 4 * size, size, 200, 1.0)
        found += seen("porn", f"porn {size}", 2 - 2 * size, size, 200, 1.0)
    return found + seen("porn", f"porn {MIXED}", -3.0, 1.0, 100, 0.5)


def sure(all_: list[Seen], head: Head, label: str) -> float:
    return float((logits([o for o in all_ if o.label == label], 0, head) >= SURE).mean())


def test_few_harmless_texts_are_certain_and_most_harmful_ones_are() -> None:
    all_ = world()
    head = curves(all_, 0, HEAD, frozenset({"porn"}), HARMLESS, 0.005)
    assert len(head.sizes) == SIZES
    assert sure(all_, head, "benign") <= 0.01
    assert sure([one for one in all_ if MIXED not in one.group], head, "porn") > 0.6


def test_one_side_alone_teaches_nothing() -> None:
    alone = [one for one in world() if one.label == "benign"]
    assert curves(alone, 0, HEAD, frozenset({"porn"}), HARMLESS, 0.005) == HEAD


def test_a_threshold_keeps_its_promise() -> None:
    all_ = world()
    head = curves(all_, 0, HEAD, frozenset({"porn"}), HARMLESS, 0.005)
    strict = threshold(all_, 0, head, HARMLESS, 0.002)
    loose = threshold(all_, 0, head, HARMLESS, 0.05)
    assert loose < strict
    news = [one for one in all_ if one.group == "news 0.0"]
    shares = 1 / (1 + np.exp(-logits(news, 0, head)))
    assert (shares > loose).mean() <= 0.05


def test_pooled_takes_the_two_strongest_windows() -> None:
    one = pooled(np.array([[1.0], [5.0], [3.0]], dtype=np.float32), 1.0, "porn", "g")
    assert one.best == (4.0,)
    assert one.mean == (3.0,)
    assert one.windows == 3
    assert pooled(np.array([[2.0]], dtype=np.float32), 0.1, "porn", "g").best == (2.0,)


def test_certainty_is_what_policy_counts_from() -> None:
    assert 1 / (1 + exp(-SURE)) == pytest.approx(CERTAIN)
