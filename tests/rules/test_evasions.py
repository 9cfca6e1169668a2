"""The table of tricks: it loads, every row has shots and a driver, a broken one is refused."""

from pathlib import Path

import pytest

from rules.evasions import Wire, load_evasions
from rules.load import DataError
from tests.shots import DRIVERS

ROW = """\
id: some
title: {zh: 某类, en: Some}
rows:
  - id: one
    title: {zh: 一, en: One}
    how: {zh: 看, en: seen}
    deed: block
    wire: request
    source: "RFC"
    catch: [{url: a.example/}]
"""


def test_the_shipped_table() -> None:
    found = load_evasions()
    ids = [row.id for family in found.values() for row in family.rows]
    assert len(set(ids)) == len(ids) >= 75
    assert {row.wire for family in found.values() for row in family.rows} == set(Wire)


def test_every_row_has_a_driver() -> None:
    """A row that nobody can fire is a claim that nobody tried."""
    assert set(DRIVERS) == set(Wire)


def test_titles_are_in_both_languages() -> None:
    for family in load_evasions().values():
        for row in family.rows:
            said = (row.title.zh, row.title.en, row.how.zh, row.how.en, row.source)
            assert all(said), row.id


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (ROW, "`let`"),
        (ROW + "    let: []\n", "`let`"),
        (ROW.replace("request", "telepathy") + "    let: [{url: b.example/}]\n", "telepathy"),
        (ROW + "    let: [{uri: b.example/}]\n", "uri"),
    ],
)
def test_a_broken_row_is_refused(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "some.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        load_evasions(tmp_path)
    assert words in str(caught.value)


def test_two_rows_of_one_id_are_refused(tmp_path: Path) -> None:
    row = ROW[ROW.index("  - id") :] + "    let: [{url: b.example/}]\n"
    text = ROW[: ROW.index("  - id")] + row + row
    (tmp_path / "some.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match="same id"):
        load_evasions(tmp_path)
