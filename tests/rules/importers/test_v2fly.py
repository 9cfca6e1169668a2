"""v2fly lists: kinds, attributes, includes, cycles."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.importers.streams import Lines, Member
from rules.importers.v2fly import v2fly


def read(catch: Callable, lists: dict[str, str], *wanted: str) -> Any:
    caught = catch()
    members = [
        Member(PurePosixPath("x/data") / name, Lines(name, io.BytesIO(body.encode())))
        for name, body in lists.items()
    ]
    v2fly(members, caught.rows, wanted or ("main",))
    return caught


CASES = {
    "bare": ("a.com", [("a.com", "main")]),
    "domain": ("domain:a.com", [("a.com", "main")]),
    "full": ("full:a.com", [("a.com", "=main")]),
    "comment": ("# x\na.com # y\n\n", [("a.com", "main")]),
    "attribute": ("a.com @cn @ads", [("a.com", "main")]),
    "affiliation": ("a.com @cn &other", [("a.com", "main")]),
    "finite expression below": (
        r"regexp:(^|\.)a[12]\.com$",
        [("a1.com", "main"), ("a2.com", "main")],
    ),
    "finite expression exact": (r"regexp:^a[12]\.com$", [("a1.com", "=main"), ("a2.com", "=main")]),
    "names that are no hosts": (r"regexp:^a[-1]?.com$", None),
}


@pytest.mark.parametrize("case", CASES)
def test_kinds(case: str, catch: Callable) -> None:
    body, found = CASES[case]
    caught = read(catch, {"main": body})
    assert caught.bad == []
    if found is None:
        assert "a.com" in caught.keys
        assert all("." in key for key in caught.keys)
    else:
        assert caught.found == found


def test_patterns(catch: Callable) -> None:
    caught = read(
        catch, {"main": "keyword:casino\nregexp:^r+[0-9]+\\.googlevideo\\.com$\nregexp:x+\\.a.+$\n"}
    )
    kept = [(one.text, one.anchor) for one in caught.rows.patterns]
    assert kept == [
        ("=casino", ""),
        ("^r+[0-9]+\\.googlevideo\\.com$", "googlevideo.com"),
        ("x+\\.a.+$", ""),
    ]


def test_bad_rules(catch: Callable) -> None:
    caught = read(
        catch, {"main": "odd:a.com\na.com b\nkeyword:ab\nregexp:(a+)+$\nb.com\ndomain:\n"}
    )
    assert caught.keys == ["b.com"]
    assert sorted(line for line, _ in caught.bad) == [1, 2, 3, 4, 6]


def test_include_with_filters(catch: Callable) -> None:
    lists = {
        "main": "include:other @ads\ninclude:third @-cn\n",
        "other": "a.com @ads\nb.com\n",
        "third": "c.com @cn\nd.com @us\ne.com\n",
    }
    assert read(catch, lists).keys == ["a.com", "d.com", "e.com"]


def test_two_filters_must_both_hold(catch: Callable) -> None:
    lists = {"main": "include:other @a @-b\n", "other": "1.com @a\n2.com @a @b\n3.com\n"}
    assert read(catch, lists).keys == ["1.com"]


def test_attribute_of_the_wanted_list(catch: Callable) -> None:
    caught = read(catch, {"main": "a.com @ads\nb.com\n"}, "main@ads")
    assert caught.found == [("a.com", "main@ads")]


def test_includes_nest_and_a_line_comes_once(catch: Callable) -> None:
    lists = {"main": "include:b\ninclude:c\n", "b": "include:c\nb.com\n", "c": "c.com\n"}
    assert sorted(read(catch, lists).keys) == ["b.com", "c.com"]


def test_cycles_and_missing_lists_are_told_once(catch: Callable) -> None:
    lists = {"main": "include:b\ninclude:none\na.com\n", "b": "include:main\ninclude:none\nb.com\n"}
    caught = read(catch, lists)
    assert sorted(caught.keys) == ["a.com", "b.com"]
    reasons = [reason for _, reason in caught.bad]
    assert reasons == [
        "include cycle: main → b → main",
        "include of a list that is not there: none",
    ]


def test_a_wanted_list_that_is_not_there_is_noted(catch: Callable) -> None:
    assert read(catch, {"main": "a.com"}, "gone").rows.tally.notes == {"no list `gone`": 1}


def test_only_the_data_folder_counts(catch: Callable) -> None:
    caught = catch()
    other = Member(PurePosixPath("x/LICENSE"), Lines("LICENSE", io.BytesIO(b"a.com\n")))
    v2fly([other, Member(PurePosixPath("x/data/l"), None, "y")], caught.rows, ["license"])
    assert caught.keys == []


@given(body=st.text(alphabet="ab.com:@- \n#&ingcludefrxpky*+$^()[", max_size=200))
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_text(body: str, catch: Callable) -> None:
    caught = read(catch, {"main": body, "a": "include:main"}, "main", "a")
    assert all(key.isascii() for key in caught.keys)
