"""`qinglang data roster`: key, seal, use."""

from pathlib import Path

import pytest

from audit.cli import main


def test_key_then_seal_then_find(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key, names, closed = tmp_path / "key", tmp_path / "names.csv", tmp_path / "names.sealed"
    names.write_text("张小萌\n", encoding="utf-8")
    text = tmp_path / "a.txt"
    text.write_text("昨天张小萌来了", encoding="utf-8")
    assert main(["data", "roster", "key", "--output", str(key)]) == 0
    seal = ["data", "roster", "seal", str(names), "--key", str(key), "--output", str(closed)]
    assert main(seal) == 0
    assert main(seal) == 3  # never overwritten
    find = ["data", "find", str(text), "--roster", str(closed)]
    assert main([*find, "--roster-key", str(key)]) == 0
    out = capsys.readouterr()
    assert "name" in out.out
    assert "张小萌" not in out.out + out.err
    assert main(find) == 2


def test_bad_rosters_are_not_sealed(tmp_path: Path) -> None:
    key, names = tmp_path / "key", tmp_path / "names"
    names.write_text("\n")
    assert main(["data", "roster", "key", "--output", str(key)]) == 0
    seal = ["data", "roster", "seal", str(names), "--key", str(key), "--output"]
    assert main([*seal, str(tmp_path / "out")]) == 2
    assert not (tmp_path / "out").exists()
