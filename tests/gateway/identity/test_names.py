"""The sealed table of names: what is put is got, nothing is read from the file without the key."""

import sqlite3
from pathlib import Path

import pytest

from gateway.identity.names import Name, Names
from gateway.identity.pseudonyms import Epoch
from rules.load import WorldError

KEY = b"k" * 32


def test_put_and_get(tmp_path: Path) -> None:
    path = tmp_path / "names.sqlite"
    names = Names(path, KEY)
    names.put("t1", "no-1", "张三", user="G1", epoch=0, at=5.0)
    names.put("t1", "no-1", "张三丰", user="G1")
    assert names.get("t1") == Name(token="t1", school="no-1", name="张三丰", user="G1")
    assert names.get("t2") is None
    assert len(names) == 1
    names.close()
    reader = Names(path, KEY, write=False)
    found = reader.get("t1")
    assert found is not None
    assert found.name == "张三丰"
    with pytest.raises(WorldError):
        reader.put("t3", "s", "x")
    reader.close()
    assert path.stat().st_mode & 0o777 == 0o600
    for file in tmp_path.iterdir():
        assert "张三".encode() not in file.read_bytes()
        assert b"G1" not in file.read_bytes()


def test_what_was_written_is_not_written_again(tmp_path: Path) -> None:
    names = Names(tmp_path / "n", KEY)
    rows = [Name(token=f"t{n}", school="s", name=f"n{n}", user=f"u{n}") for n in range(3)]
    assert names.put_all(rows) == 3
    assert names.put_all(rows) == 0
    names.close()


def test_one_person_over_rotations(tmp_path: Path) -> None:
    names = Names(tmp_path / "n", KEY)
    for epoch in (1, 0, 2):
        names.put(f"t{epoch}", "s", "张三", user="g1", epoch=epoch)
    names.put("x", "s", "张三", user="g2")  # of the same name
    names.put("y", "other", "张三", user="g1")  # in another school
    assert names.aliases("t1") == ("t0", "t1", "t2")
    assert names.aliases("nobody") == ()
    assert names.forget("t2") == 3
    assert names.get("t0") is None
    assert len(names) == 2
    names.close()


def test_rotations_are_rows_without_keys(tmp_path: Path) -> None:
    names = Names(tmp_path / "n", KEY)
    epoch = Epoch(school="s", number=1, key="ab" * 32, since=3.0, issuer="a", reason="b")
    assert names.rotated([epoch]) == (epoch,)
    assert names.rotated([epoch]) == ()
    assert names.rotations() == (("s", 1, 3.0, "a", "b"),)
    names.close()
    assert b"abab" not in (tmp_path / "n").read_bytes()


def test_rows_that_were_swapped_or_sealed_with_another_key(tmp_path: Path) -> None:
    path = tmp_path / "n"
    names = Names(path, KEY)
    names.put("a", "s", "甲")
    names.put("b", "s", "乙")
    names.close()
    base = sqlite3.connect(path)
    base.execute("UPDATE names SET sealed = (SELECT sealed FROM names WHERE token='a')")
    base.commit()
    base.close()
    names = Names(path, KEY, write=False)
    assert names.get("a") is not None
    with pytest.raises(WorldError, match="moved"):
        names.get("b")
    names.close()
    other = Names(path, b"o" * 32, write=False)
    with pytest.raises(WorldError, match="another key"):
        other.get("a")
    other.close()


def test_no_table_is_an_empty_one_and_a_damaged_one_is_said(tmp_path: Path) -> None:
    names = Names(tmp_path / "none", KEY, write=False)
    assert names.get("a") is None
    names.close()
    assert not (tmp_path / "none").exists()
    (tmp_path / "bad").write_bytes(b"not a database" * 100)
    with pytest.raises(WorldError, match="names"):
        Names(tmp_path / "bad", KEY)
