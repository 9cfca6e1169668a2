"""Points, stretches, surroundings, curves."""

from __future__ import annotations

import pytest

from rules.recognise.scoring import (
    STRETCH,
    Curve,
    Raw,
    Saying,
    densest,
    fitting,
    in_order,
    load_curves,
    outermost,
    points_of,
    probability,
    supported,
)
from rules.sources import load_categories


def saying(weight: float = 2.0, category: str = "gambling", **more: object) -> Saying:
    fields = {"needs": (), "forbids": (), "within": 0} | more
    return Saying("harm", category, weight, "x", **fields)  # type: ignore[arg-type]


def raw(start: int, end: int, weight: float = 2.0, category: str = "gambling") -> Raw:
    return Raw(start, end, start, saying(weight, category))


def test_the_curve() -> None:
    curve = Curve(categories=(), slope=1.0, offset=5.0, length=2.0)
    assert probability(curve, 5.0, 100) == pytest.approx(0.5)
    assert probability(curve, 5.0, 50) > probability(curve, 5.0, 500)
    assert probability(curve, 5.0, 1000) == probability(curve, 5.0, 10**9)
    assert probability(curve, 1e9, 100) == 0.99


def test_the_curves_know_the_categories() -> None:
    known = load_categories()
    families = load_curves().families
    assert {name for curve in families.values() for name in curve.categories} <= set(known)
    assert "other" in families
    assert all(curve.slope > 0 for curve in families.values())


def test_points() -> None:
    strong, soft = raw(0, 5, 6.0), raw(9, 14, 2.0)
    assert points_of([strong, soft], 8.0, 0.0, 0.0) == 8.0
    assert points_of([strong, soft], 12.0, 0.0, 0.0) == 10.0, "half of the kin"
    assert points_of([soft], 2.0, 50.0, 0.0) == 4.0, "hooks never add more than the own points"
    assert points_of([strong], 6.0, 0.0, 4.0) == pytest.approx(6 / 2.2)
    assert points_of([soft], 2.0, 0.0, 4.0) == pytest.approx(2 / 2.6)
    assert points_of([strong], 6.0, 4.0, 4.0) == 10.0, "hooks take context away"
    assert points_of([strong], 6.0, 0.0, 99.0) == points_of([strong], 6.0, 0.0, 12.0)


def test_the_densest_stretch() -> None:
    near = [raw(0, 6), raw(10, 16)]
    assert densest(near) == (0, 2)
    far = [raw(0, 6), raw(STRETCH + 1, STRETCH + 7), raw(STRETCH + 20, STRETCH + 26)]
    assert densest(far) == (1, 3)
    assert densest([raw(0, 6, 9.0), *far[1:]]) == (0, 1)


def test_phrases_inside_others_of_the_same_category() -> None:
    hits = [raw(0, 12), raw(0, 6), raw(6, 12), raw(6, 15), raw(0, 6, category="porn")]
    kept = outermost(sorted(hits, key=in_order))
    assert [(one.start, one.end, one.saying.category) for one in kept] == [
        (0, 12, "gambling"),
        (0, 6, "porn"),
        (6, 15, "gambling"),
    ]


def test_surroundings() -> None:
    data = b"abets bet! x bet y"
    assert fitting(data, 1, 3, True, True, saying()) == 6
    assert fitting(data, 1, 3, False, False, saying()) == 1
    assert fitting(data, 1, 3, True, True, saying(needs=(b"y",), within=3)) == 13
    assert fitting(data, 1, 3, True, True, saying(forbids=(b"b",), within=1)) == 6
    assert fitting(data, 1, 3, True, True, saying(needs=(b"z",), within=9)) == -1
    assert fitting(b"v88 v8", 0, 1, True, True, saying()) == 0, "a figure may follow a letter"
    assert fitting(b"188", 1, 2, True, True, saying()) == -1


def test_one_phrase_alone_may_be_a_quotation() -> None:
    assert not supported([raw(0, 6, 6.0)], 0.0)
    assert not supported([raw(0, 6, 6.0), raw(0, 6, 6.0)], 0.0), "the same phrase twice"
    assert supported([raw(0, 6, 6.0)], 2.0)
    assert supported([raw(0, 6, 8.0)], 0.0)
    assert supported([raw(0, 6), raw(9, 12)], 0.0)
