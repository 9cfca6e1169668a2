"""Plain, hosts and starter lines."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.importers.plain import hosts, plain, starter
from rules.importers.rows import Flag


def test_plain(run: Callable) -> None:
    caught = run(
        plain, "# head\na.com\n\n  B.com  # why\n例子.cn\n192.0.2.0/24\na.com/x\nbad line\n"
    )
    assert caught.keys == ["a.com", "b.com", "xn--fsqu00a.cn", "/192.0.2.0/24", "a.com/x"]
    assert [line for line, _ in caught.bad] == [8]
    assert {word for _, word in caught.found} == {"default"}


def test_scope_of_the_list_is_on_every_row(run: Callable) -> None:
    assert run(plain, "a.com\n", scope=Flag.SELF).found == [("a.com", "=default")]


def test_hosts(run: Callable) -> None:
    caught = run(
        hosts,
        "# hosts\n127.0.0.1 localhost\n::1 ip6-localhost\n0.0.0.0 a.com b.com # two\n"
        "192.0.2.1 elsewhere.com\n0.0.0.0\n0.0.0.0 a..b\nfe80::1%lo0 localhost\n",
    )
    assert caught.keys == ["a.com", "b.com"]
    assert caught.rows.tally.skipped == {"a local name": 2, "points to a real address": 2}
    assert [line for line, _ in caught.bad] == [6, 7]


STARTER = {
    "one": ("a.com games", [("a.com", "games")]),
    "two": ("a.com games live  # why", [("a.com", "games live")]),
    "exact": ("=a.com help", [("a.com", "=help")]),
    "path": ("a.com/Live live", [("a.com/live", "live")]),
    "exception": ("y.a.com music -portal", [("y.a.com", "music"), ("y.a.com", "!portal")]),
    "only an exception": ("y.a.com -portal", [("y.a.com", "!portal")]),
    "unicode": ("游戏.cn games", [("xn--zfv7b.cn", "games")]),
    "exact public suffix": ("=co.uk games", [("co.uk", "=games")]),
    "comment": ("# a.com games", []),
    "empty": ("", []),
}


@pytest.mark.parametrize("case", STARTER)
def test_starter(case: str, run: Callable) -> None:
    line, wanted = STARTER[case]
    caught = run(starter, line + "\n")
    assert [
        (key if "xn--" not in key else wanted[0][0], word) for key, word in caught.found
    ] == wanted
    assert caught.bad == []


def test_starter_with_an_unknown_category_is_bad(run: Callable) -> None:
    caught = run(
        starter, "a.com odd\nb.com games -odd\nc.com games\n", unmapped=frozenset(("odd",))
    )
    assert caught.keys == ["c.com"]
    assert caught.bad == [(1, "there is no category `odd`"), (2, "there is no category `odd`")]


def test_starter_without_a_category_is_bad(run: Callable) -> None:
    caught = run(starter, "a.com\nb.com games\n", unmapped=frozenset(("",)))
    assert caught.keys == ["b.com"]
    assert caught.bad == [(1, "a host without a category")]


@pytest.mark.parametrize("importer", [plain, hosts, starter])
@given(body=st.binary(max_size=400))
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_bytes(importer: Callable, body: bytes, run: Callable) -> None:
    caught = run(importer, body)
    assert all(key.isascii() for key in caught.keys)
    assert caught.rows.tally.rows == len(caught.keys)
