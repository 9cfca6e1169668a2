"""Groups through a file, against a count in memory."""

from collections import Counter
from pathlib import Path

from audit.lifecycle.grouping import Groups

ROWS = [(n % 3, "x", n % 2, None if n == 4 else "q") for n in range(30)]


def test_groups_and_totals():
    with Groups(2, ["a", "b"]) as made:
        assert made.add(ROWS) == 30
        totals = made.totals()
        assert totals == {"a": {"0": 15, "1": 15}, "b": {"q": 29}}
        found = list(made.groups(totals))
        assert sorted(one.size for one in found) == sorted(
            Counter(row[:2] for row in ROWS).values()
        )
        assert sum(one.sensitive["b"]["q"] for one in found) == 29


def test_without_sensitive_columns():
    with Groups(1, []) as made:
        made.add([("a",), ("b",), ("a",)])
        assert sorted(one.size for one in made.groups({})) == [1, 2]


def test_values_of_quasi_identifiers_are_not_in_the_file_and_it_goes():
    with Groups(1, []) as made:
        made.add([("14000000001",)] * 9)
        folder = made._folder.name
        held = b"".join(path.read_bytes() for path in Path(folder).iterdir())
        assert b"14000000001" not in held
    assert not Path(folder).exists()
