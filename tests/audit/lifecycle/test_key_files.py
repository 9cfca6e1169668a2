"""Key files: private, rotated by a new line, and never quoted."""

from pathlib import Path

import pytest

from audit.lifecycle import key_files
from rules.load import DataError


def test_made_rotated_and_read(tmp_path: Path) -> None:
    path = tmp_path / "mask.key"
    assert key_files.rotate(path) == "k1"
    first = key_files.read(path)
    assert key_files.rotate(path) == "k2"
    second = key_files.read(path)
    assert (first.id, second.id) == ("k1", "k2")
    assert second.before == {"k1": first.master}
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_key_for_once() -> None:
    assert key_files.once().master != key_files.once().master


@pytest.mark.parametrize(
    "content", ["", "k1: abcd\n", "k1 no colon\n", "k1: " + "0g" * 32, "k:1: " + "00" * 32]
)
def test_bad_files_are_not_quoted(tmp_path: Path, content: str) -> None:
    path = tmp_path / "mask.key"
    path.write_text(content, encoding="ascii")
    path.chmod(0o600)
    with pytest.raises(DataError) as error:
        key_files.read(path)
    assert "abcd" not in str(error.value)


def test_missing_and_open_files(tmp_path: Path) -> None:
    path = tmp_path / "mask.key"
    with pytest.raises(DataError, match="mask-key"):
        key_files.read(path)
    key_files.rotate(path)
    path.chmod(0o644)
    with pytest.raises(DataError, match="chmod"):
        key_files.read(path)
