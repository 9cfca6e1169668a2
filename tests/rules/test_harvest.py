"""One source read completely, by the importer of its format."""

from __future__ import annotations

import gzip
from dataclasses import replace
from pathlib import Path

import pytest

from rules.harvest import harvest, new_rows, probe
from rules.importers.rows import Flag
from rules.importers.streams import RefusedError
from rules.model import Text
from rules.sources import TREES, Format, Placed, Source, load_mappings
from rules.suffixes import load_suffixes

SUFFIXES = load_suffixes()
MAPPINGS = load_mappings()
BODIES = {
    Format.STARTER: "a.com games\n",
    Format.HOSTS: "0.0.0.0 a.com\n",
    Format.PLAIN: "a.com\n",
    Format.ADBLOCK: "||a.com^\n",
    Format.RPZ: "@ SOA a. b. 1 2 3 4 5\na.com CNAME .\n",
    Format.CSV: "a.com,games\n",
    Format.UT1: "a.com\n",
    Format.V2FLY: "a.com\n",
}


def placed(folder: Path, kind: Format, body: bytes) -> Placed:
    path = folder / "list"
    if kind in TREES:
        inner = "data" if kind is Format.V2FLY else "games"
        (path / inner).mkdir(parents=True)
        (path / inner / ("category-games" if kind is Format.V2FLY else "domains")).write_bytes(body)
    else:
        path.write_bytes(body)
    source = Source(
        id="own",
        title=Text(zh="x", en="x"),
        format=kind,
        licence="x",
        source="x",
        files=("list",),
        category="games",
    )
    return Placed(source=source, folder=folder, paths=(path,))


@pytest.mark.parametrize("kind", Format)
def test_every_format_is_read(kind: Format, tmp_path: Path) -> None:
    one = placed(tmp_path, kind, BODIES[kind].encode())
    kept: list[bytes] = []
    rows = new_rows(one.source, lambda *_: 0, lambda keys, _: kept.extend(keys), SUFFIXES)
    harvest(one, rows, MAPPINGS)
    assert kept == [b"a.com"]
    assert rows.tally.rows == 1


@pytest.mark.parametrize("kind", [kind for kind in Format if kind not in TREES])
def test_packed_files(kind: Format, tmp_path: Path) -> None:
    one = placed(tmp_path, kind, gzip.compress(BODIES[kind].encode()))
    assert probe(one, lambda _: ("games",), MAPPINGS, SUFFIXES).tally.rows == 1


@pytest.mark.parametrize("kind", Format)
def test_an_empty_file_is_refused(kind: Format, tmp_path: Path) -> None:
    with pytest.raises(RefusedError):
        probe(placed(tmp_path, kind, b""), lambda _: ("games",), MAPPINGS, SUFFIXES)


def test_a_list_that_maps_to_nothing_is_empty(tmp_path: Path) -> None:
    one = placed(tmp_path, Format.PLAIN, b"a.com\n")
    with pytest.raises(RefusedError, match="empty"):
        probe(one, lambda _: (), MAPPINGS, SUFFIXES)


def test_missing_and_unreadable_files_are_refused(tmp_path: Path) -> None:
    one = placed(tmp_path, Format.PLAIN, b"a.com\n")
    (tmp_path / "list").unlink()
    with pytest.raises(RefusedError, match="not there"):
        probe(one, lambda _: ("games",), MAPPINGS, SUFFIXES)
    (tmp_path / "list").mkdir()
    with pytest.raises(RefusedError, match="cannot be read"):
        probe(one, lambda _: ("games",), MAPPINGS, SUFFIXES)


def test_a_sidecar_may_name_a_restricted_registry(tmp_path: Path) -> None:
    flags: list[Flag] = []

    def words(_: tuple[str, ...], flag: Flag) -> int:
        flags.append(flag)
        return len(flags)

    one = placed(tmp_path, Format.PLAIN, b"gov.cn\na.gov.cn\n")
    for registries, narrowed in (((), True), (("GOV.cn",), False)):
        flags.clear()
        kept: list[bytes] = []
        source = replace(one.source, registries=registries)
        rows = new_rows(source, words, lambda keys, _, to=kept: to.extend(keys), SUFFIXES)
        harvest(replace(one, source=source), rows, MAPPINGS)
        assert sorted(kept) == [b"a.gov.cn", b"gov.cn"]
        assert (Flag.SELF in flags) is narrowed
        assert bool(rows.tally.notes) is narrowed
