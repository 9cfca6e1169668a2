"""Tables: equal keys join, different ones never meet."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules import table
from rules.importers.streams import RefusedError
from rules.table import NAMES, PATHS, TableBuilder, census, hasher, tag


def test_a_tag_holds_its_three_parts() -> None:
    one = tag(4094, 65535, 15)
    assert one >> 20 == 4094
    assert one >> 4 & 0xFFFF == 65535
    assert one & 15 == 15
    assert one < PATHS < 1 << 32


def test_seeds_give_other_hashes() -> None:
    assert hasher(0)(b"a.com") != hasher(1)(b"a.com")
    assert hasher(1)(b"a.com") == hasher(1)(b"a.com")


def test_an_empty_table_can_be_written(tmp_path: Path) -> None:
    shape = TableBuilder(tmp_path).finish()
    assert shape.rows == 0
    assert (tmp_path / NAMES).read_bytes() == b"\n"
    assert census(tmp_path) == {}


def test_equal_keys_join_their_sets(tmp_path: Path) -> None:
    builder = TableBuilder(tmp_path)
    one, two = builder.word((tag(1, 1, 0),)), builder.word((tag(2, 2, 0),))
    builder.add([b"a.com", b"b.com"], [one, one])
    builder.add([b"a.com"], [two])
    assert builder.finish().rows == 2
    assert census(tmp_path) == {1: 2, 2: 1}


def test_rollback_forgets(tmp_path: Path) -> None:
    builder = TableBuilder(tmp_path)
    word = builder.word((tag(1, 1, 0),))
    builder.add([b"a.com"], [word])
    mark = builder.mark()
    builder.add([b"b.com", b"c.com"], [word, word])
    builder.rollback(mark)
    builder.add([b"d.com"], [word])
    assert builder.finish().rows == 2
    assert (tmp_path / NAMES).read_bytes() == b"a.com\nd.com\n"


@given(st.sets(st.binary(min_size=1, max_size=8).filter(lambda key: b"\n" not in key), max_size=60))
@settings(max_examples=50, deadline=None)
def test_every_key_is_found_where_the_reader_looks(
    tmp_path_factory: pytest.TempPathFactory, keys: set[bytes]
) -> None:
    folder = tmp_path_factory.mktemp("table")
    builder = TableBuilder(folder)
    word = builder.word((tag(1, 1, 0),))
    if keys:
        builder.add(sorted(keys), [word] * len(keys))
    shape = builder.finish()
    slots = memoryview((folder / "slots.u64").read_bytes()).cast("Q")
    rows = memoryview((folder / "rows.u64").read_bytes()).cast("Q")
    names = (folder / NAMES).read_bytes()
    for key in keys:
        hashed = hasher(shape.seed)(key)
        at = hashed >> (64 - shape.bits)
        found = []
        while slots[at]:
            if slots[at] >> 32 == hashed & 0xFFFFFFFF:
                start = rows[(slots[at] & 0xFFFFFFFF) - 1] >> 32
                found.append(names[start : names.index(b"\n", start)])
            at += 1
        assert key in found


def test_colliding_keys_move_to_another_seed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = table.hasher
    monkeypatch.setattr(table, "hasher", lambda seed: (lambda _: 7) if seed < 2 else real(seed))
    builder = TableBuilder(tmp_path)
    word = builder.word((tag(1, 1, 0),))
    builder.add([b"a.com", b"b.com"], [word, word])
    shape = builder.finish()
    assert (shape.seed, shape.rows) == (2, 2)


def test_an_input_built_to_collide_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "hasher", lambda _: lambda _: 7)
    builder = TableBuilder(tmp_path)
    builder.add([b"a.com", b"b.com"], [builder.word((1,))] * 2)
    with pytest.raises(RefusedError, match="collide"):
        builder.finish()
