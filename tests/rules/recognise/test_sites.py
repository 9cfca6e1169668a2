"""Rows by host: suffixes, countries, and what is remembered."""

from rules.recognise import sites
from rules.recognise.sites import Sites

SITES = Sites([("baidu.com", 1), ("www.baidu.com", 2), ("google.*", 3), ("translate.google.*", 4)])


def test_the_most_specific_row_comes_first() -> None:
    assert SITES.at("www.baidu.com") == (2, 1)
    assert SITES.at("a.baidu.com") == (1,)
    assert SITES.at("notbaidu.com") == ()
    assert SITES.at("") == ()


def test_a_star_stands_for_a_country() -> None:
    assert SITES.at("google.com") == (3,)
    assert SITES.at("www.google.co.uk") == (3,)
    assert SITES.at("translate.google.com.hk") == (4, 3)
    assert SITES.at("google.com.evil.example") == ()
    assert SITES.at("google.") == ()


def test_memory_is_bounded() -> None:
    few: Sites[int] = Sites([("a.example", 1)])
    for number in range(sites.MEMO + 10):
        few.at(f"h{number}.a.example")
    assert len(few._memo) <= sites.MEMO
