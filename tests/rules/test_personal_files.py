"""Data files of personal data, and rosters: good ones load, bad ones are never quoted."""

from pathlib import Path

import pytest

from rules.load import DataError, load
from rules.personal_files import (
    MOST_NAMES,
    PERSONAL,
    SEALED,
    BankFile,
    load_finder,
    load_knowledge,
    load_roster,
    roster_of,
)


def test_the_shipped_knowledge_loads() -> None:
    known = load_knowledge()
    assert known.labels.labels
    assert known.people.surnames
    assert all(len(start) == 6 for one in known.prefixes for start in one.starts)


def test_examples_of_cards() -> None:
    finder = load_finder()
    examples = load(BankFile, PERSONAL / "banks.yaml").examples
    assert [finder.find(text)[0].kind for text in examples.hit] == ["bank_card"]
    assert [finder.find(text) for text in examples.miss] == [()]


@pytest.mark.parametrize(
    "data",
    [
        "张小萌\n李明\n".encode(),
        "\ufeff张小萌,3班\n李明,4班\n".encode(),
        "张小萌\r\n李明\r\n".encode("gb18030"),
    ],
)
def test_rosters(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "roster.csv"
    file.write_bytes(data)
    assert load_roster(file).size == 2
    assert load_finder(file).find("张小萌来了")[0].kind == "name"


@pytest.mark.parametrize(
    "data", [b"", b"\n\n", b"\xff\xff\xff", SEALED + b"x", b'"' + b"a" * 200_000, b"a\n" * (MOST_NAMES + 1)]  # noqa: E501
)  # fmt: skip
def test_bad_rosters_are_not_quoted(data: bytes) -> None:
    with pytest.raises(DataError) as error:
        roster_of(data, "roster.csv")
    assert "aaa" not in str(error.value)
    assert "roster.csv" in str(error.value)
