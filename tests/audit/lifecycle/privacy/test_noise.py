"""The sampler: its exact distribution, and that neighbours can not be told apart."""

import math
import random
from collections import Counter
from fractions import Fraction

import pytest

from audit.lifecycle.privacy.noise import error_bar, exponential_coin, laplace, share_beyond

DRAWS = 100_000


def below(seed):
    return random.Random(seed).randrange


def probability(x, scale):
    decay = math.exp(-1 / float(scale))
    return (1 - decay) / (1 + decay) * decay ** abs(x)


@pytest.mark.parametrize("scale", [Fraction(1), Fraction(10, 3)], ids=str)
def test_the_distribution(scale):
    """Chi-square with a bound that a right sampler passes but for one seed in a billion."""
    draw = below(7)
    found = Counter(laplace(scale, draw) for _ in range(DRAWS))
    reach = math.ceil(5 * float(scale))
    expected = {x: DRAWS * probability(x, scale) for x in range(-reach, reach + 1)}
    tail = DRAWS - sum(expected.values())
    outside = sum(count for x, count in found.items() if abs(x) > reach)
    chi = sum((found[x] - want) ** 2 / want for x, want in expected.items())
    chi += (outside - tail) ** 2 / tail
    freedom = 2 * reach + 1
    assert chi < freedom + 6 * math.sqrt(2 * freedom) + 18
    assert abs(sum(found.elements())) < 6 * float(scale) * math.sqrt(2 * DRAWS)


def test_a_wrong_sampler_is_seen():
    """The same figure for a rounded continuous Laplace: the test above can fail."""
    dice = random.Random(1)
    scale = 1.0
    found = Counter(
        round(dice.expovariate(1 / scale) - dice.expovariate(1 / scale)) for _ in range(50_000)
    )
    expected = {x: 50_000 * probability(x, Fraction(1)) for x in range(-5, 6)}
    assert sum((found[x] - want) ** 2 / want for x, want in expected.items()) > 200


@pytest.mark.parametrize(("above", "under"), [(0, 1), (1, 2), (1, 1), (7, 3)])
def test_coins(above, under):
    draw = below(3)
    hits = sum(exponential_coin(above, under, draw) for _ in range(10_000))
    want = math.exp(-above / under)
    assert abs(hits / 10_000 - want) < 5 * math.sqrt(want * (1 - want) / 10_000) + 1e-12


def test_neighbours():
    """Counts of 4 and 5 under epsilon 1: no answer is more than e times likelier for one."""
    scale = Fraction(1)
    one = Counter(4 + laplace(scale, draw) for draw in [below(11)] for _ in range(DRAWS))
    other = Counter(5 + laplace(scale, draw) for draw in [below(12)] for _ in range(DRAWS))
    seen = [x for x in one | other if min(one[x], other[x]) > 200]
    assert len(seen) > 6
    for x in seen:
        slack = 1 + 5 * math.sqrt(1 / one[x] + 1 / other[x])
        assert one[x] <= math.e * slack * other[x]
        assert other[x] <= math.e * slack * one[x]
    assert max(one[x] / other[x] for x in seen) > 2  # and the noise is not needlessly great
    exact = [probability(x - 4, scale) / probability(x - 5, scale) for x in range(-20, 30)]
    assert max(exact) <= math.e * (1 + 1e-9)


@pytest.mark.parametrize("scale", [Fraction(1, 2), Fraction(1), Fraction(20)], ids=str)
def test_error_bars(scale):
    bar = error_bar(scale, 0.95)
    assert share_beyond(bar, scale) <= 0.05 + 1e-9
    assert bar == 0 or share_beyond(bar - 1, scale) > 0.05
    assert error_bar(scale, 0.95, 100) > bar


def test_no_scale():
    with pytest.raises(ValueError, match="more than 0"):
        laplace(Fraction(0), below(1))
