"""36 cells and three measures: a pass needs everything known, a drill needs a date."""

import dataclasses

import pytest

from audit.matrix import DAY, Running, covered, states, ways
from audit.model import Defence, ItemResult, State, Tier
from audit.yardsticks import load_yardsticks
from rules.model import Text

MATRIX = load_yardsticks().matrix
P, F, H, U, N = State.PASS, State.FAIL, State.PARTIAL, State.UNKNOWN, State.NOT_APPLICABLE
WORD = Text(zh="甲", en="a")


def cell(*clauses: str):  # type: ignore[no-untyped-def]
    return dataclasses.replace(MATRIX.cells[0], clauses=clauses)


def only(*clauses: str):  # type: ignore[no-untyped-def]
    """The matrix with the first cell resting on these clauses and all others on none."""
    rest = tuple(dataclasses.replace(one, clauses=()) for one in MATRIX.cells[1:])
    return dataclasses.replace(MATRIX, cells=(cell(*clauses), *rest))


def name(clause: str) -> str:
    return f"GBT22239-2019:3:{clause}"


def results(**found: State) -> list[ItemResult]:
    return [
        ItemResult(control=name(f"8.1.4.1.{letter}"), target="", state=state, reason=WORD)
        for letter, state in found.items()
    ]


CATALOG = tuple(name(f"8.1.4.1.{letter}") for letter in "abcd")


@pytest.mark.parametrize(
    ("found", "wanted", "share"),
    [
        ({"a": P, "b": P, "c": P, "d": P}, P, 1.0),
        ({"a": P, "b": P, "c": P}, U, 0.75),  # d was not looked at
        ({"a": P, "b": P, "c": P, "d": U}, U, 0.75),
        ({"a": P, "b": F, "c": P, "d": U}, H, 0.5),
        ({"a": F, "b": F, "c": F, "d": F}, F, 0.0),
        ({"a": F, "b": F, "c": F, "d": U}, H, 0.0),
        ({"a": N, "b": N, "c": N, "d": N}, N, None),
        ({"a": P, "b": N, "c": N, "d": N}, P, 1.0),
        ({}, U, 0.0),
    ],
)
def test_states(found: dict[str, State], wanted: State, share: float | None) -> None:
    got = states(only("8.1.4.1"), CATALOG, results(**found))[0]
    assert (got.state, got.share) == (wanted, share)


@pytest.mark.parametrize(
    ("clause", "catalog", "wanted"),
    [
        ("8.1.4.1", ("8.1.4.1.a", "8.1.4.10.a", "8.1.4.1.b"), ("8.1.4.1.a", "8.1.4.1.b")),
        ("8.1.4.1.a", ("8.1.4.1.a", "8.1.4.1.b"), ("8.1.4.1.a",)),
        ("8.1.4.5", ("8.1.4.5",), ("8.1.4.5",)),
        ("8.1.4.5.a", ("8.1.4.5",), ("8.1.4.5",)),  # a point with one item has no letter
        ("8.1.4.9", (), ()),
    ],
)
def test_a_point_stands_for_its_items(
    clause: str, catalog: tuple[str, ...], wanted: tuple[str, ...]
) -> None:
    got = covered(cell(clause), MATRIX, [name(one) for one in catalog])
    assert got == tuple(name(one) for one in wanted)


def test_another_level_through_the_catalog() -> None:
    same = {name("8.1.4.1.a"): "GBT22239-2019:2:7.1.4.1.a"}
    found = [ItemResult(control="GBT22239-2019:2:7.1.4.1.a", target="", state=P)]
    got = states(only("8.1.4.1"), CATALOG, found, same=same)[0]
    assert (got.state, got.controls) == (P, ("GBT22239-2019:2:7.1.4.1.a",))


NOW = 1_800_000_000.0
FIRST = MATRIX.cells[0].id


@pytest.mark.parametrize(
    ("running", "drilled", "owned", "fresh"),
    [
        (Running(), 0, 0, 0),
        (Running(drilled={FIRST: NOW - 364 * DAY}), 1, 0, 0),
        (Running(drilled={FIRST: NOW - 366 * DAY}), 0, 0, 0),
        (Running(drilled={FIRST: NOW + DAY}), 0, 0, 0),  # a wrong clock drills nothing
        (Running(owners={FIRST: "王"}), 0, 0, 0),
        (Running(owners={FIRST: "王"}, policies={FIRST: "网安制度"}), 0, 1, 0),
        (Running(checked={CATALOG[0]: NOW, CATALOG[1]: NOW - 179 * DAY}), 0, 0, 2),
        (Running(checked={CATALOG[0]: NOW - 181 * DAY}), 0, 0, 0),
    ],
)
def test_three_ways(running: Running, drilled: int, owned: int, fresh: int) -> None:
    matrix = only("8.1.4.1")
    got = ways(matrix, states(matrix, CATALOG, []), running, now=NOW)
    assert (got.drilled, got.owned, got.fresh, got.cells, got.items) == (
        drilled,
        owned,
        fresh,
        1,
        4,
    )
    assert got.regular == fresh / 4


def test_an_interval_of_its_own() -> None:
    matrix = only("8.1.4.1")
    running = Running(checked={CATALOG[0]: NOW - 20 * DAY})
    got = ways(matrix, states(matrix, CATALOG, []), running, now=NOW, intervals={CATALOG[0]: 7})
    assert got.fresh == 0


def test_nothing_to_measure_is_nothing() -> None:
    got = ways(MATRIX, (), Running(), now=NOW)
    assert (got.practical, got.systematic, got.regular) == (0.0, 0.0, 0.0)


def test_36_cells_and_whose_they_are() -> None:
    assert {one.key for one in MATRIX.cells} == {(t, d) for t in Tier for d in Defence}
    assert all(one.clauses and one.activities for one in MATRIX.cells)
    assert "构造" in MATRIX.own.zh


def test_a_missing_or_doubled_cell_is_refused() -> None:
    with pytest.raises(ValueError, match="exactly once"):
        dataclasses.replace(MATRIX, cells=MATRIX.cells[:-1])
    with pytest.raises(ValueError, match="exactly once"):
        dataclasses.replace(MATRIX, cells=(*MATRIX.cells[:-1], MATRIX.cells[0]))
