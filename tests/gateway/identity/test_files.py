"""The folder: whole or not at all, names sealed, the last good copy, damaged state."""

from datetime import date
from pathlib import Path

import pytest

from gateway.identity.files import Folder, Table
from gateway.identity.seal import Seal
from rules.load import DataError

TODAY = date(2026, 9, 1)
ROSTER = "user,school,name\nG1,s,张三\n".encode()


def folder(tmp_path: Path, key: bytes = b"k" * 32) -> Folder:
    return Folder(tmp_path / "identity", Seal(key))


def test_imports_are_whole_and_names_are_sealed(tmp_path: Path) -> None:
    here = folder(tmp_path)
    empty = here.stamp()
    assert here.put(Table.ROSTER, ROSTER, "f", TODAY) == 1
    assert here.put(Table.HOSTS, b"address,school\n10.0.0.1,s\n", "f", TODAY) == 1
    assert here.put(Table.PREFIXES, b"prefix,school\n10.0.0.0/8,s\n", "f", TODAY) == 1
    assert here.stamp() != empty
    found = here.read(TODAY)
    assert (len(found.roster.persons), len(found.hosts), len(found.prefixes)) == (1, 1, 1)
    assert found.problems == ()
    assert not found.plain_roster
    for path in here.path.iterdir():
        assert "张三".encode() not in path.read_bytes()
        assert path.stat().st_mode & 0o077 == 0
    stamp = here.stamp()
    for table in Table:
        with pytest.raises(DataError, match="f:2"):
            here.put(table, ROSTER[:5] + b"\nx\n", "f:2", TODAY)
    assert here.stamp() == stamp


def test_a_table_spoiled_by_hand_leaves_its_last_good_copy(tmp_path: Path) -> None:
    here = folder(tmp_path)
    here.put(Table.PREFIXES, b"prefix,school\n10.0.0.0/8,s\n", "f", TODAY)
    here.read(TODAY)
    (here.path / "prefixes.csv").write_text("prefix,school\n10.0.0.0/99,s\n")
    for again in (here, folder(tmp_path)):
        found = again.read(TODAY)
        assert len(found.prefixes) == 1
        assert [one.line for one in found.problems] == [2]
    (here.path / "prefixes.good").write_text("spoiled")
    assert here.read(TODAY).prefixes == ()


def test_a_plain_roster_is_used_and_said(tmp_path: Path) -> None:
    here = folder(tmp_path)
    here.put(Table.ROSTER, ROSTER, "f", TODAY)
    (here.path / "roster.csv").write_text("user,school\na,s\nb,s\n")
    found = here.read(TODAY)
    assert found.plain_roster
    assert len(found.roster.persons) == 2
    (here.path / "roster.csv").write_text("nonsense")
    found = here.read(TODAY)
    assert len(found.roster.persons) == 1
    assert found.problems


def test_a_roster_sealed_with_another_key(tmp_path: Path) -> None:
    folder(tmp_path).put(Table.ROSTER, ROSTER, "f", TODAY)
    found = folder(tmp_path, b"o" * 32).read(TODAY)
    assert found.roster.persons == {}
    assert len(found.problems) == 1


def test_state_over_a_restart(tmp_path: Path) -> None:
    here = folder(tmp_path)
    assert here.kept() == {}
    here.keep({"a": [1, b"x"]})
    assert folder(tmp_path).kept() == {"a": [1, b"x"]}
    path = here.path / "sessions.sealed"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ValueError, match="sessions"):
        here.kept()
    path.write_bytes(Seal(b"k" * 32).seal(b"\x01", "sessions.sealed"))
    with pytest.raises(ValueError, match="map"):
        here.kept()
