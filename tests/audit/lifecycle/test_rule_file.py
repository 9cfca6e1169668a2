"""The shipped example is read; every problem of a file is told at once, at its place."""

# ruff: noqa: E501, PT018 - tables

from pathlib import Path

import pytest

from audit.lifecycle import rule_file
from audit.lifecycle.rule_file import parse, read
from audit.lifecycle.rule_times import Period
from rules.load import DataError

EXAMPLE = Path(rule_file.__file__).parent / "datasets" / "example.yaml"
TEXT = EXAMPLE.read_text(encoding="utf-8")


def problems(*changes: tuple[str, str]) -> list[str]:
    text = TEXT
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    with pytest.raises(DataError) as caught:
        parse(text, "x.yaml")
    return [str(one) for one in caught.value.problems]


def line(of: str, column_of: str = "") -> str:
    """Where a piece of the example stands: file:line:column."""
    for number, text in enumerate(TEXT.splitlines(), 1):
        if of in text:
            return f"x.yaml:{number}:{text.index(column_of or of) + 1}: "
    raise LookupError(of)


def test_the_example() -> None:
    book = read(EXAMPLE)
    roll = book.dataset("roll")
    assert roll is not None and book.dataset("other") is None
    assert book.period(roll.retention[0]) == Period(years=10)
    assert roll.has("district", "public", "students")
    assert not roll.has("training", "public", "students")
    assert roll.source_of(roll.retention[0].since.of) == "district"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("old", "new", "says", "at"),
    [
        ("parameter: roll-file", "parameter: rol", "no parameter `rol`", line("parameter: roll-file", "roll-file")),
        ("{source: district,", "{source: distric,", "no source `distric`", line("{source: district,", "district")),
        ("guardians.agreed_on", "agreed.agreed_on", "different tables", line("recorded: guardians", "recorded")),
        ("born: students.born", "born: pupils.born", "different tables", line("recorded: guardians", "recorded")),
        ("tables: students\n", "tables: pupils\n", "no table of dataset `roll`", line("tables: students", "students")),
        ("column: students.id, values", "column: x.id, values", "no table of dataset", line("values:", "students.id")),
        ("id: roll-file", "id: other", "no parameter `roll-file`", line("parameter: roll-file", "roll-file")),
        ("[students, guardians]", "[students, guardians, students]", "is of dataset", line("tables: [students", "tables")[:-4]),
        ("encrypted: volume", "encrypted: volum", "did you mean `volume`", line("encrypted: volume", "volume")),
        ("until: 2027-07-31", "until: 31.7.2027", "is no day", line("until: 2027-07-31", "2027")),
    ],
)  # fmt: skip
def test_one_problem_at_its_place(old: str, new: str, says: str, at: str) -> None:
    found = problems((old, new))
    assert any(says in one and one.startswith(at) for one in found), found


def test_all_at_once() -> None:
    found = problems(
        ("{source: district,", "{source: distric,"),
        ("parameter: roll-file", "parameter: rol"),
        ("{name: training,", "{name: district,"),
    )
    assert sum("no source" in one for one in found) == 1
    assert sum("no parameter" in one for one in found) == 1
    assert sum("stands twice" in one for one in found) == 1


def test_consent_of_minors_wants_their_guardians() -> None:
    guardian = TEXT[
        TEXT.index("      guardian:\n") : TEXT.index(
            '      basis:\n        - {source: 个人信息保护法, clause: "13'
        )
    ]
    found = problems(("ground: duty", "ground: consent"), (guardian, ""))
    assert len(found) == 2 and any("PIPL 31" in one for one in found)


def test_a_dataset_in_two_sources_names_them() -> None:
    found = problems(
        (
            "tables: [students, guardians]}",
            "tables: [students, guardians]}\n      - {source: training, tables: [t]}",
        )
    )
    assert any("names no source" in one for one in found)


@pytest.mark.parametrize(
    "text", ["", "[]", "district: x", "a: [", "district: x\nsources: []\ndatasets: []"]
)
def test_no_rules(text: str) -> None:
    with pytest.raises(DataError):
        parse(text, "x.yaml")
