"""gateway.dns.rate: an allowance per client, in bounded memory."""

from gateway.dns.rate import Buckets


def test_a_burst_then_the_rate():
    buckets = Buckets(rate=10, burst=5)
    assert [buckets.take("a", 0.0) for _ in range(6)] == [True] * 5 + [False]
    assert not buckets.take("a", 0.05)
    assert buckets.take("a", 0.15)
    assert not buckets.take("a", 0.15)
    assert [buckets.take("a", 100.0) for _ in range(6)] == [True] * 5 + [False]


def test_clients_do_not_share():
    buckets = Buckets(rate=1, burst=1)
    assert buckets.take("a", 0.0)
    assert buckets.take("b", 0.0)
    assert not buckets.take("a", 0.0)


def test_the_table_is_bounded():
    buckets = Buckets(rate=1, burst=1, room=100)
    for number in range(1000):
        assert buckets.take(str(number), 0.0)
    assert len(buckets._clients) == 100


def test_rate_zero_is_no_limit():
    buckets = Buckets(rate=0, burst=1)
    assert all(buckets.take("a", 0.0) for _ in range(100))
