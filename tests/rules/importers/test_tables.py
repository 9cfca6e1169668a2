"""CSV and TSV."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rules.importers.streams import RefusedError
from rules.importers.tables import table

CASES = {
    "tsv": ("a.com\tgames\nb.com\tgames,live\n", [("a.com", "games"), ("b.com", "games live")]),
    "csv": ("a.com,games\nb.com,games;live\n", [("a.com", "games"), ("b.com", "games live")]),
    "header": ("host,category\na.com,games\n", [("a.com", "games")]),
    "chinese header": ("域名,类别\na.com,games\n", [("a.com", "games")]),
    "header in other order": ("category,note,host\ngames,x,a.com\n", [("a.com", "games")]),
    "quotes": ('"a.com","games;live"\n', [("a.com", "games live")]),
    "quoted comma": ('a.com,"games,live"\n', [("a.com", "games live")]),
    "byte order mark": ("\ufeffhost,category\na.com,games\n", [("a.com", "games")]),
    "windows ends": ("a.com,games\r\nb.com,live\r\n", [("a.com", "games"), ("b.com", "live")]),
    "comment and blank": ("# list\n\na.com,games\n", [("a.com", "games")]),
    "no end": ("a.com,games\nb.com,games", [("a.com", "games"), ("b.com", "games")]),
    "address": ("192.0.2.1\tgames\n", [("192.0.2.1", "games")]),
    "empty category": ("a.com,\n", [("a.com", "default")]),
}


@pytest.mark.parametrize("case", CASES)
def test_table(case: str, run: Callable) -> None:
    body, found = CASES[case]
    caught = run(table, body)
    assert caught.found == found
    assert caught.bad == []


def test_columns_and_delimiter_are_said(run: Callable) -> None:
    caught = run(table, "1|a.com|games\n", columns=("n", "host", "category"), delimiter="|")
    assert caught.found == [("a.com", "games")]


def test_bad_lines_do_not_stop_the_rest(run: Callable) -> None:
    caught = run(table, "a.com,games\nnothing\nx y,games\nb.com,games\n")
    assert caught.keys == ["a.com", "b.com"]
    assert [line for line, _ in caught.bad] == [2, 3]


def test_short_rows_of_a_wide_table(run: Callable) -> None:
    caught = run(table, "id,host,category\n1,a.com,games\n2,b.com\n")
    assert caught.keys == ["a.com"]
    assert caught.bad == [(3, "too few columns")]


@pytest.mark.parametrize(
    "cut", ["a.com,games\nb.com,gam", "a.com,games\nb.co", "a.com,games\nb.com,"]
)
def test_a_cut_table_is_refused(cut: str, run: Callable) -> None:
    if cut.endswith(","):
        assert run(table, cut).keys == ["a.com", "b.com"]  # an empty category is a whole row
        return
    with pytest.raises(RefusedError, match="truncated"):
        run(table, cut, unmapped=frozenset(("gam",)))


def test_unknown_categories_are_skipped_and_told(run: Callable) -> None:
    caught = run(table, "a.com,games\nb.com,odd\n", unmapped=frozenset(("odd",)))
    assert caught.keys == ["a.com"]
    assert caught.rows.tally.skipped == {"no category of ours": 1}


@given(body=st.text(alphabet='a.c,;\t"\n\r games#\0', max_size=200))
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_text(body: str, run: Callable) -> None:
    try:
        caught = run(table, body)
    except RefusedError:
        return
    assert caught.rows.tally.rows == len(caught.keys)


def test_a_wide_field_is_bad_not_fatal(run: Callable) -> None:
    body = io.StringIO()
    body.write("id,host,category\n")
    body.write('1,"' + "a" * 200_000 + '",games\n2,a.com,games\n')
    assert run(table, body.getvalue()).keys == ["a.com"]
