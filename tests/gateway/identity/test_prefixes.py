"""Longest prefix: nested, adjacent, equal, both families; the same as the slow way."""

from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.identity.prefixes import Prefixes

ROWS = [
    ("10.0.0.0/8", "eight"),
    ("10.0.0.0/16", "sixteen"),
    ("10.0.0.0/24", "first"),
    ("10.0.1.0/24", "second"),
    ("10.0.1.255/32", "host"),
    ("10.255.255.255", "last"),
    ("255.255.255.255/32", "end"),
    ("fd00::/8", "six"),
    ("fd00:1::/64", "net"),
]
TABLE = Prefixes(ROWS)


@pytest.mark.parametrize(
    ("address", "value"),
    [
        ("9.255.255.255", None),
        ("10.0.0.0", "first"),
        ("10.0.0.255", "first"),
        ("10.0.1.0", "second"),
        ("10.0.1.255", "host"),
        ("10.0.2.0", "sixteen"),
        ("10.1.0.0", "eight"),
        ("10.255.255.254", "eight"),
        ("10.255.255.255", "last"),
        ("11.0.0.0", None),
        ("255.255.255.254", None),
        ("255.255.255.255", "end"),
        ("fcff::1", None),
        ("fd00::1", "six"),
        ("fd00:1::ffff", "net"),
        ("fd00:1:0:1::", "six"),
        ("fe00::", None),
        ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", None),
    ],
)
def test_the_longest_prefix_is_found(address: str, value: str | None) -> None:
    where = ip_address(address)
    found = TABLE.find(where.version, int(where))
    assert (found and found[1]) == value


def test_of_equal_prefixes_the_later_row_stands() -> None:
    table = Prefixes([("10.0.0.0/8", "a"), ("10.9.9.9/8", "b")])
    assert table.find(4, int(ip_address("10.1.1.1"))) == (8, "b")
    assert table.rows == 1


def test_an_empty_table_and_one_for_everything() -> None:
    assert Prefixes[str](()).find(4, 0) is None
    everything = Prefixes([("0.0.0.0/0", "all"), ("::/0", "all6")])
    assert everything.find(4, 2**32 - 1) == (0, "all")
    assert everything.find(6, 2**128 - 1) == (0, "all6")


def test_what_is_no_prefix_is_refused() -> None:
    with pytest.raises(ValueError, match="10"):
        Prefixes([("10.0.0.0/33", "x")])


@given(
    st.lists(st.tuples(st.integers(0, 2**32 - 1), st.integers(0, 32)), max_size=40),
    st.integers(0, 2**32 - 1),
)
def test_the_same_as_looking_at_every_row(rows: list[tuple[int, int]], number: int) -> None:
    networks = [ip_network((first >> (32 - n) << (32 - n), n)) for first, n in rows]
    fast = Prefixes([(str(network), str(network)) for network in networks])
    probes = {number, *(int(n.network_address) for n in networks)}
    probes |= {int(n.broadcast_address) for n in networks}
    probes |= {min(int(n.broadcast_address) + 1, 2**32 - 1) for n in networks}
    for probe in probes:
        holding = [n for n in networks if ip_address(probe) in n]
        best = max(holding, key=lambda n: n.prefixlen, default=None)
        found = fast.find(4, probe)
        assert (found and found[1]) == (best and str(best))
