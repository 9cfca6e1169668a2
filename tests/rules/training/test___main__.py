"""The command: what it refuses, and with which exit code."""

from pathlib import Path

import pytest

from rules.training import __main__ as command


def test_whole_needs_corpora(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("QINGLANG_CORPORA", raising=False)
    with pytest.raises(SystemExit) as caught:
        command.main(["--whole"])
    assert caught.value.code == 2
    assert "--corpora" in capsys.readouterr().err


def test_missing_corpora_are_bad_input(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "benign").mkdir()
    (tmp_path / "benign" / "a.txt").write_text("# ours\n今天天气很好\n")
    code = command.main(
        [
            "--corpora",
            str(tmp_path / "none"),
            "--texts",
            str(tmp_path),
            "--out",
            str(tmp_path / "o"),
        ]
    )
    assert code == 2
    assert "harm-dev" in capsys.readouterr().err
    assert not (tmp_path / "o").exists()


def test_a_file_where_the_folder_should_be_is_the_world(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(command, "run", full)
    assert command.main(["--out", str(tmp_path)]) == 3
    assert "no space left" in capsys.readouterr().err
