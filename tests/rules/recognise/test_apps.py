"""Programs by what they say of themselves."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.model import Signal
from rules.recognise.apps import MEMO, AppBook, AppRow

BOOK = AppBook(
    [
        AppRow(id="douyin", agents=("Aweme", "com.ss.android.ugc.aweme")),
        AppRow(id="weird", agents=("+Cool/", "Aweme 99")),
        AppRow(id="softether", ja4=("t13d880900_fcb5b95cb75a_b0d3b4ac2a14",)),
        AppRow(id="ipfs", alpn=("libp2p",)),
        AppRow(id="other", alpn=("libp2p", "dot")),
    ]
)


def ids(signals: tuple[Signal, ...]) -> list[str]:
    return [one.category for one in signals]


@pytest.mark.parametrize(
    ("agent", "wanted"),
    [
        ("", []),
        ("Mozilla/5.0", []),
        ("com.ss.android.ugc.aweme/180101 (Linux)", ["client:douyin"]),
        ("Mozilla/5.0 (iPhone) AWEME_18.1", ["client:douyin"]),
        ("notaweme/1", []),
        ("x-aweme/1", ["client:douyin"]),
        ("Mozilla +Cool/1", ["client:weird"]),
        ("aweme 99", ["client:douyin", "client:weird"]),
        ("x" * 600 + " aweme", []),
        ("抖音 aweme", ["client:douyin"]),
    ],
)
def test_a_mark_begins_a_word(agent: str, wanted: list[str]) -> None:
    assert sorted(set(ids(BOOK.request(agent)))) == wanted
    assert BOOK.request(agent) == BOOK.request(agent)


def test_a_signal_says_what_and_where() -> None:
    (found,) = BOOK.tls(["h2"], "t13d880900_fcb5b95cb75a_b0d3b4ac2a14")
    assert (found.recogniser, found.place, found.list, found.confidence) == (
        "app",
        "ja4",
        "apps",
        1.0,
    )
    assert found.matched == "t13d880900_fcb5b95cb75a_b0d3b4ac2a14"


def test_the_tls_side() -> None:
    assert BOOK.tls([], "") == ()
    assert BOOK.tls(["h2", "http/1.1"], "t13d1516h2_8daaf6152771_e5627efa2ab1") == ()
    assert ids(BOOK.tls(["h2", "libp2p"])) == ["client:ipfs", "client:other"]
    assert BOOK.wants_ja4
    assert not AppBook([AppRow(id="a", agents=("abcd",))]).wants_ja4


def test_an_empty_book_knows_nobody() -> None:
    assert AppBook([]).request("Mozilla") == ()
    assert AppBook([]).tls(["h2"], "x") == ()


def test_the_memo_is_bounded() -> None:
    book = AppBook([AppRow(id="a", agents=("abcd",))])
    for number in range(MEMO + 5):
        book.request(f"abcd/{number}")
    assert len(book._known) <= MEMO
    book.request("y" * 600)
    assert "y" * 600 not in book._known


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80), st.text(max_size=80))
def test_any_text_around_a_mark(before: str, after: str) -> None:
    found = ids(BOOK.request(f"{before} Aweme{after}"))
    assert "client:douyin" in found
