"""Operators answer yes, no, or refuse to compare; a value that does not fit is refused."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.operators import OPERATORS, OVER, PRESENCE, WrongTypeError, misfit, version

NOW = 1_800_000_000.0
YES = [
    ("eq", 5, 5), ("eq", True, True), ("eq", None, None), ("eq", 1.0, 1), ("ne", "a", "b"),
    ("lt", 4, 5), ("le", 5, 5), ("gt", 6, 5), ("ge", 5.5, 5), ("in", "b", ["a", "b"]),
    ("in", 0, [0, 1]), ("not_in", "c", ["a", "b"]), ("contains", ["a"], "a"),
    ("contains", "全角ＡＢ", "ＡＢ"), ("contains", {"k": 1}, "k"), ("lacks", [], "a"),
    ("matches", "aes256-ctr", "^aes"), ("not_matches", "", "x"), ("empty", [], None),
    ("empty", "", None), ("not_empty", {"a": 1}, None), ("subset", ["a"], ["a", "b"]),
    ("subset", [], ["a"]), ("superset", ["a", "b", "c"], ["a", "b"]),
    ("disjoint", ["c"], ["a", "b"]), ("count_eq", [1, 2], 2), ("count_le", [1], 1),
    ("count_ge", [1, 2, 3], 2), ("version_ge", "1:9.2p1-2+deb12u10", "9.2"),
    ("version_ge", "1.10", "1.9.9"), ("version_ge", "8.0", "8"), ("version_lt", "1.9.13p3", "1.10"),
    ("older_than", NOW - 40 * 86400, 30), ("newer_than", NOW - 3 * 86400, 30),
    ("mode_within", "0600", "0640"), ("mode_within", "0640", "0640"),
]  # fmt: skip
NO = [
    ("eq", 5, 6), ("ne", "a", "a"), ("in", "z", ["a"]), ("not_in", "a", ["a"]),
    ("contains", ["a"], "b"), ("matches", "3des-cbc", "^aes"), ("empty", ["x"], None),
    ("subset", ["c"], ["a"]), ("superset", [], ["a"]), ("disjoint", ["a"], ["a"]),
    ("count_le", [1, 2], 1), ("version_ge", "9.1", "9.2"), ("newer_than", NOW - 90 * 86400, 30),
    ("mode_within", "0644", "0640"), ("mode_within", "4755", "0755"), ("lt", 5, 5), ("ge", 4, 5),
]  # fmt: skip
WRONG = [
    ("eq", "1", 1), ("eq", True, 1), ("ge", "8", 8), ("ge", True, 1), ("lt", None, 3),
    ("empty", 0, None), ("matches", 5, "x"), ("subset", "a", ["a"]), ("in", ["a"], ["a"]),
    ("in", "1", [1]), ("version_ge", "unknown", "1"), ("mode_within", "rw-r--r--", "0644"),
    ("older_than", "2026-01-01", 3), ("count_eq", 5, 5),
]  # fmt: skip


@pytest.mark.parametrize(("name", "seen", "wanted"), YES)
def test_holds(name: str, seen: Any, wanted: Any) -> None:
    assert OPERATORS[name].holds(seen, wanted, NOW) is True


@pytest.mark.parametrize(("name", "seen", "wanted"), NO)
def test_does_not_hold(name: str, seen: Any, wanted: Any) -> None:
    assert OPERATORS[name].holds(seen, wanted, NOW) is False


@pytest.mark.parametrize(("name", "seen", "wanted"), WRONG)
def test_refuses_other_kinds(name: str, seen: Any, wanted: Any) -> None:
    with pytest.raises(WrongTypeError):
        OPERATORS[name].holds(seen, wanted, NOW)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("ge", "8"), ("ge", True), ("in", []), ("in", "a"), ("matches", "("), ("empty", 1),
     ("count_eq", -1), ("version_ge", "new"), ("mode_within", "rwx"), ("count_le", 1.5)],
)  # fmt: skip
def test_a_value_that_does_not_fit_is_named(name: str, wanted: Any) -> None:
    assert name in misfit(name, wanted)


def test_every_operator_is_shown_and_explained() -> None:
    assert {name for name, *_ in YES} == set(OPERATORS)
    assert all(one.means for one in OPERATORS.values())
    assert all(misfit(name, wanted) == "" for name, _, wanted in YES)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40))
def test_versions_of_anything(text: str) -> None:
    with contextlib.suppress(WrongTypeError):
        assert version(text)


def test_the_page_of_the_checks_names_every_operator() -> None:
    page = Path("audit/checks/README.md").read_text(encoding="utf-8")
    assert all(f"`{name}`" in page and one.means in page for name, one in OPERATORS.items())
    assert all(f"`{name}`" in page for name in (*PRESENCE, *OVER))
