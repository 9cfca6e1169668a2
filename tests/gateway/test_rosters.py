"""Sealed rosters: opened with their key alone; key files are private and never overwritten."""

from pathlib import Path

import pytest

from gateway.rosters import make_key, open_roster, opened, read_key, sealed, write_new
from rules.load import DataError, WorldError

KEY, OTHER = bytes(range(32)), bytes(32)
NAMES = "张小萌\n李明\n".encode()


def test_sealing_and_opening() -> None:
    data = sealed(NAMES, KEY, bytes)
    assert NAMES not in data
    assert opened(data, KEY, "f") == NAMES


@pytest.mark.parametrize(
    ("data", "key"),
    [
        (sealed(NAMES, KEY), OTHER),
        (sealed(NAMES, KEY)[:-1], KEY),
        (sealed(NAMES, KEY) + b"x", KEY),
        (NAMES, KEY),
        (b"", KEY),
    ],
    ids=["other key", "cut", "longer", "plain", "empty"],
)
def test_what_can_not_be_opened(data: bytes, key: bytes) -> None:
    with pytest.raises(DataError) as error:
        opened(data, key, "roster")
    assert "张小萌" not in str(error.value)


def test_key_files(tmp_path: Path) -> None:
    path = tmp_path / "key"
    make_key(path, bytes)
    assert read_key(path) == OTHER
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(WorldError):
        make_key(path)
    path.write_bytes(KEY)
    assert read_key(path) == KEY
    path.chmod(0o644)
    with pytest.raises(WorldError):
        read_key(path)
    short = tmp_path / "short"
    write_new(short, b"zz")
    with pytest.raises(DataError):
        read_key(short)


def test_rosters_of_both_sorts(tmp_path: Path) -> None:
    key, plain, closed = tmp_path / "key", tmp_path / "plain", tmp_path / "sealed"
    make_key(key)
    plain.write_bytes(NAMES)
    write_new(closed, sealed(NAMES, read_key(key)))
    assert open_roster(plain, None).size == 2
    assert open_roster(closed, key).size == 2
    with pytest.raises(DataError):
        open_roster(closed, None)
    with pytest.raises(DataError):
        open_roster(plain, key)
