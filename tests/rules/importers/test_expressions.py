"""Regular expressions of lists: spelled out, kept, or refused."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.importers.expressions import MOST, EndlessError, anchor, check, expand

FINITE = {
    r"(^|\.)a[1-3]\.com$": (True, {"a1.com", "a2.com", "a3.com"}),
    r"^a\.(com|net)$": (False, {"a.com", "a.net"}),
    r"(^|\.)a[12]?\.com$": (True, {"a.com", "a1.com", "a2.com"}),
    r"(^|\.)a(0[1-2]|3)?\.cc$": (True, {"a.cc", "a01.cc", "a02.cc", "a3.cc"}),
    r"^x[ab]{2}\.com$": (False, {"xaa.com", "xab.com", "xba.com", "xbb.com"}),
    r"^x[0-1]{0,2}\.com$": (
        False,
        {"x.com", "x0.com", "x1.com", "x00.com", "x01.com", "x10.com", "x11.com"},
    ),
    r"^(?:a|b)-c\.com$": (False, {"a-c.com", "b-c.com"}),
    r"^a[0-1]{1}?\.com$": (False, {"a0.com", "a1.com"}),
}


@pytest.mark.parametrize("text", FINITE)
def test_expand(text: str) -> None:
    below, names = expand(text)
    assert (below, set(names)) == FINITE[text]
    assert all(re.search(text, name) for name in names)


@pytest.mark.parametrize(
    "text",
    [
        r"a\.com$",
        r"^a\.com",
        r"^a.+\.com$",
        r"^a*\.com$",
        r"^\d{5}\.com$",
        r"^[^a]\.com$",
        r"^(a\.com$",
        r"^a)\.com$",
        r"^[\w-]\.com$",
        r"^[a\.com$",
        r"^\bx$",
        r"^a{2,}$",
        r"^((((((((((a))))))))))$",
        r"^(?=a)a$",
        r"^[a-z]{64}$",
        "^a\\$",
        r"^(a|b){12}(a|b){12}$",
    ],
)
def test_endless_or_odd_ones_are_not_spelled_out(text: str) -> None:
    with pytest.raises(EndlessError):
        expand(text)


@given(st.text(alphabet=r"ab.\()[]{}|?*+^$-12,d", max_size=24))
@settings(max_examples=400, deadline=None)
def test_what_is_spelled_out_matches(text: str) -> None:
    try:
        _, names = expand(f"^{text}$")
        expression = re.compile(f"^(?:{text})$")
    except (EndlessError, re.error, OverflowError, FutureWarning):
        return
    assert len(names) <= MOST
    assert all(expression.search(name) for name in names[:50])


ANCHORS = {
    r"^r+[0-9]+\.googlevideo\.com$": "googlevideo.com",
    r"(\w+)-static-[0-9]+\.cdntogo\.net$": "cdntogo.net",
    r"javdb\d+\.com$": "",
    r"x\.com$": "",
    r"(^|\.)youyuapi\..+$": "",
    r"speed\.(coe|open)\.prod\.ooklaserver\.net$": "prod.ooklaserver.net",
    "": "",
}


@pytest.mark.parametrize("text", ANCHORS)
def test_anchor(text: str) -> None:
    assert anchor(text) == ANCHORS[text]


@pytest.mark.parametrize(
    "text",
    [
        r"(a+)+$",
        r"(a*)*b",
        r"(a|a)*{2}",
        r"(?=a)b",
        r"(a)\1",
        r"a++",
        r".*.*.*.*x",
        "(",
        "[",
        "a" * 300,
        r"(a{1,}){2,}x+y+",
    ],
)
def test_dangerous_or_broken_ones_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        check(text)


@pytest.mark.parametrize(
    "text", [r"^chatgpt-\S+-\d+\.azure\.com$", r"(^|\.)youyuapi\..+$", r"javdb\d+\.com$"]
)
def test_tame_ones_are_kept_and_end_soon(text: str) -> None:
    check(text)
    assert re.compile(text).search("a-1" * 84) is None
