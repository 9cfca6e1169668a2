"""Adblock lists: whole hosts and their exceptions; the rest is counted by reason."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.importers.adblock import adblock

CASES = {
    "host": ("||a.com^", [("a.com", "default")], {}),
    "with a bar": ("||a.com^|", [("a.com", "default")], {}),
    "exception": ("@@||a.com^", [("a.com", "!default")], {}),
    "important": ("||a.com^$important", [("a.com", "default")], {}),
    "bare host": ("a.com", [("a.com", "default")], {}),
    "hosts line": ("0.0.0.0 a.com", [("a.com", "default")], {}),
    "address": ("||192.0.2.1^", [("192.0.2.1", "default")], {}),
    "unicode": ("||例子.cn^", [("xn--fsqu00a.cn", "default")], {}),
    "options": ("||a.com^$third-party", [], {"narrowed by options": 1}),
    "exception with options": ("@@||a.com^$script", [], {"narrowed by options": 1}),
    "cosmetic": ("a.com##.ad", [], {"cosmetic rule": 1}),
    "generic cosmetic": ("##.ad", [], {"cosmetic rule": 1}),
    "scriptlet": ("a.com#%#//scriptlet('x')", [], {"cosmetic rule": 1}),
    "path": ("||a.com/ads/", [], {"rule about a path": 1}),
    "wildcard": ("||ads.*.com^", [], {"wildcard": 1}),
    "expression": ("/ads[0-9]+/", [], {"not a rule about a whole host": 1}),
    "start of address": ("|https://a.com/", [], {"not a rule about a whole host": 1}),
    "comment": ("! title", [], {}),
    "head": ("[Adblock Plus 2.0]", [], {}),
    "hash comment": ("# note", [], {}),
}


@pytest.mark.parametrize("case", CASES)
def test_adblock(case: str, run: Callable) -> None:
    line, found, skipped = CASES[case]
    caught = run(adblock, line + "\n")
    assert caught.found == found
    assert caught.rows.tally.skipped == skipped
    assert caught.bad == []


def test_bad_lines(run: Callable) -> None:
    caught = run(adblock, "||a.com^\n||a..b^\nhello world\n||b.com^\n")
    assert caught.keys == ["a.com", "b.com"]
    assert [line for line, _ in caught.bad] == [2, 3]


@given(body=st.text(alphabet="|@^$#*/a.c!0 \n,[]~", max_size=200))
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_text(body: str, run: Callable) -> None:
    caught = run(adblock, body)
    assert caught.rows.tally.rows == len(caught.keys)
