"""Written entries become keys; what cannot is counted and sampled."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.importers.plain import plain
from rules.importers.rows import (
    MOST_LOOSE,
    MOST_PATTERNS,
    NOTHING,
    SAMPLES,
    Flag,
    Pattern,
    Rows,
    entry,
    is_plain,
)

ENTRIES = {
    "host": ("example.com", "example.com"),
    "unicode host": ("例子.中国", "xn--fsqu00a.xn--fiqs8s"),
    "upper case": ("EXAMPLE.com", "example.com"),
    "top-level domain with a digit": ("a.b2c", "a.b2c"),
    "address": ("192.0.2.1", "192.0.2.1"),
    "ipv6": ("[2001:DB8::1]", "2001:db8::1"),
    "network": ("192.0.2.77/24", "/192.0.2.0/24"),
    "ipv6 network": ("2001:db8::/32", "/2001:db8::/32"),
    "path": ("example.com/A/b/", "example.com/a/b"),
    "path of root": ("example.com/", "example.com"),
    "whole url": ("https://example.com:8443/A?x=1#y", "example.com/a?x=1"),
    "address with path": ("192.0.2.1/a", "192.0.2.1/a"),
}


@pytest.mark.parametrize("case", ENTRIES)
def test_entry(case: str) -> None:
    written, key = ENTRIES[case]
    assert entry(written.encode()) == key.encode()


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"com",
        b"localhost",
        b"1.2.3.4.i",
        b"a.1",
        b"a..b",
        b"\xff.com",
        b"1.2.3.4/33",
        b"0.0.0.0/0",
        b"10.0.0.0/7",
        b"::/0",
        b"a b.com",
        b"*.a.com",
        b"a.com\0",
        b"http:///x",
        b".",
    ],
)
def test_entries_that_are_none(text: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        entry(text)


@given(st.binary(max_size=60))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_an_entry_or_refused(text: bytes) -> None:
    try:
        key = entry(text)
    except ValueError:
        return
    assert key.isascii()
    assert b"\n" not in key


def rows_of(kept: list[bytes]) -> Rows:
    return Rows(lambda names, flag: 0, lambda keys, words: kept.extend(keys))


def test_bad_lines_are_all_counted_and_some_kept() -> None:
    rows = rows_of([])
    for line in range(SAMPLES + 30):
        rows.take(b"a b", 0, line)
    assert rows.tally.bad == SAMPLES + 30
    assert len(rows.tally.samples) == SAMPLES
    assert rows.tally.samples[0].line == 0


def test_samples_hold_no_control_characters() -> None:
    rows = rows_of([])
    rows.take(b"a\x1b[31m b" + b"x" * 500, 0, 1)
    assert rows.tally.samples[0].text.isprintable()
    assert len(rows.tally.samples[0].text) <= 120


def test_paths_note_their_hosts_and_networks_do_not() -> None:
    rows = rows_of([])
    rows.take(b"a.com/x", 0, 1)
    rows.take(b"10.0.0.0/8", 0, 2)
    assert rows.paths == {b"a.com"}


def test_rows_without_a_word_are_skipped_and_counted() -> None:
    kept: list[bytes] = []
    rows = rows_of(kept)
    rows.take(b"a.com", NOTHING, 1)
    rows.pattern(Pattern(text="=abcd", word=NOTHING, anchor=""), 2)
    rows.flush()
    assert kept == []
    assert rows.tally.skipped == {"no category of ours": 2}


def test_public_suffixes_are_taken_for_themselves_only(run: Callable) -> None:
    caught = run(plain, "com.cn\na.com.cn\nCO.UK\n")
    assert sorted(caught.keys) == ["a.com.cn", "co.uk", "com.cn"]
    assert caught.bad == []
    notes = caught.rows.tally.notes
    assert list(notes) == [
        "public suffix, taken for itself only: com.cn",
        "public suffix, taken for itself only: co.uk",
    ]


def test_patterns_are_bounded() -> None:
    rows = rows_of([])
    for number in range(MOST_LOOSE + 5):
        rows.pattern(Pattern(text=f"=word{number}", word=0, anchor=""), number)
    assert (len(rows.patterns), rows.tally.bad) == (MOST_LOOSE, 5)
    for number in range(MOST_PATTERNS):
        rows.pattern(Pattern(text=f"x{number}$", word=0, anchor="a.com"), number)
    assert len(rows.patterns) == MOST_PATTERNS


def test_is_plain() -> None:
    assert is_plain("a.example.com")
    assert not is_plain("A.example.com")
    assert not is_plain("a")
    assert not is_plain("例子.cn")


def test_flags_are_distinct_bits() -> None:
    assert Flag.SELF | Flag.BELOW | Flag.NOT == 7
