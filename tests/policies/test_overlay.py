"""Host groups as bits: suffixes, exact names, several names."""

import pytest

from policies.overlay import MAX_KNOWN, Overlay

GROUPS = {
    "s/club": ("robots.example", "=only.example", "中文.example", "192.0.2.7"),
    "s/sub": ("deep.robots.example",),
}
OVERLAY = Overlay(4, GROUPS)


def hit(host: str, name: str = "s/club") -> bool:
    return bool(OVERLAY.host(host) & OVERLAY.bits([name], loosens=False))


@pytest.mark.parametrize(
    ("host", "found"),
    [
        ("robots.example", True),
        ("a.b.robots.example", True),
        ("notrobots.example", False),
        ("example", False),
        ("only.example", True),
        ("www.only.example", False),
        ("xn--fiq228c.example", True),
        ("192.0.2.7", True),
        ("2.7", False),
        ("", False),
        (".", False),
        ("a" * 10_000, False),
        ("robots.example.", False),
    ],
)
def test_hosts(host: str, found: bool) -> None:
    assert hit(host) is found


def test_bits_are_above_the_categories_and_apart() -> None:
    masks = [OVERLAY.bits([n], loosens=x) for n in GROUPS for x in (True, False)]
    assert len(set(masks)) == 4
    assert all(mask >= 1 << 4 for mask in masks)
    assert hit("x.deep.robots.example", "s/sub")
    assert hit("x.deep.robots.example")


@pytest.mark.parametrize(
    ("host", "names", "address", "tightens", "loosens"),
    [
        ("robots.example", (), "", True, True),
        ("robots.example", ("robots.example",), "", True, True),
        ("robots.example", ("other.example",), "", True, False),
        ("other.example", ("robots.example",), "", True, False),
        ("other.example", (), "192.0.2.7", True, False),
        ("robots.example", (), "198.51.100.1", True, True),
        ("other.example", ("third.example",), "", False, False),
    ],
)
def test_any_name_tightens_all_names_loosen(
    host: str, names: tuple[str, ...], address: str, tightens: bool, loosens: bool
) -> None:
    mask = OVERLAY.exchange(host, names, address)
    assert bool(mask & OVERLAY.bits(["s/club"], loosens=False)) is tightens
    assert bool(mask & OVERLAY.bits(["s/club"], loosens=True)) is loosens


def test_addresses_are_only_asked_where_a_group_has_one() -> None:
    assert OVERLAY.addresses
    assert not Overlay(0, {"a": ("x.example",)}).addresses


def test_empty() -> None:
    empty = Overlay(4, {})
    assert not empty
    assert empty.host("x.example") == 0


def test_the_memo_is_bounded() -> None:
    overlay = Overlay(0, {"a": ("x.example",)})
    for number in range(MAX_KNOWN + 10):
        overlay.host(f"h{number}.example")
    assert len(overlay._known) <= MAX_KNOWN
    assert overlay.host("x.example")


def test_what_is_no_host_is_refused() -> None:
    with pytest.raises(ValueError, match=r"."):
        Overlay(0, {"a": ("bad host",)})
