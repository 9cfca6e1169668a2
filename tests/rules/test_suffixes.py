"""Public suffixes."""

from __future__ import annotations

import pytest

from rules.suffixes import load_suffixes, parse

SUFFIXES = load_suffixes()


@pytest.mark.parametrize(
    "name",
    ["com", "com.cn", "edu.cn", "co.uk", "xn--55qx5d.cn", "foo.ck", "kawasaki.jp", "a.kawasaki.jp"],
)
def test_public_suffixes(name: str) -> None:
    assert SUFFIXES.covers(name.encode())


@pytest.mark.parametrize(
    "name",
    [
        "qq.com",
        "github.io",
        "www.ck",
        "city.kawasaki.jp",
        "a.b.kawasaki.jp",
        "b.foo.ck",
        "",
        "localhost",
    ],
)
def test_other_names(name: str) -> None:
    assert not SUFFIXES.covers(name.encode())


def test_private_ones_are_kept_apart() -> None:
    assert b"github.io" in SUFFIXES.private
    assert b"com.cn" not in SUFFIXES.private


def test_the_format() -> None:
    found = parse(
        "// ===BEGIN ICANN DOMAINS===\n// note\ncn\n公司.cn\n*.ck\n!www.ck\n\n"
        "// ===BEGIN PRIVATE DOMAINS===\nblog.example  trailing\n"
    )
    assert found.icann == {b"cn", b"xn--55qx5d.cn"}
    assert (found.wild, found.exceptions) == ({b"ck"}, {b"www.ck"})
    assert found.private == {b"blog.example"}
