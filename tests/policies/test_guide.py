"""The guide for a district's administrator: every block of it is run, as she would run it."""

import re
import shlex
from pathlib import Path

import pytest

from audit import cli

GUIDE = (Path(__file__).parents[2] / "docs" / "first-policy.md").read_text(encoding="utf-8")
YAML = re.findall(r"```yaml\n# ((?:broken: |refused: )?)(\S+)\n(.*?)```", GUIDE, re.S)
SAID = re.search(r"```\n(my-district/\S+:\d+:\d+: .*?)\n```", GUIDE)
COMMANDS = [
    line
    for block in re.findall(r"```sh\n(.*?)```", GUIDE, re.S)
    for line in block.splitlines()
    if line.startswith("qinglang ")
]


def blocks(kind: str) -> list[tuple[str, str]]:
    return [(path, text) for marker, path, text in YAML if marker.strip(": ") == kind]


def laid_out(folder: Path, kind: str) -> Path:
    """The guide's files of one kind, where it says they are."""
    for path, text in blocks(kind):
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"# {path}\n{text}", encoding="utf-8")
    return folder / "my-district"


def test_there_is_a_block_of_each_kind() -> None:
    assert len(YAML) == len(re.findall(r"```yaml", GUIDE))
    assert blocks("")
    assert blocks("broken")
    assert blocks("refused")
    assert len(COMMANDS) >= 6


def test_the_school_is_lawful_and_its_cases_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    laid_out(tmp_path, "")
    monkeypatch.chdir(tmp_path)
    assert cli.main(["policy", "check", "my-district"]) == 0
    assert cli.main(["policy", "test", "my-district", "--data", "var"]) == 0


def test_a_case_that_does_not_hold_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = laid_out(tmp_path, "")
    (file,) = (folder / "schools").glob("*.yaml")
    text = file.read_text(encoding="utf-8")
    assert "expect: block, clause" in text
    file.write_text(text.replace("expect: block, clause", "expect: allow, clause"), "utf-8")
    monkeypatch.chdir(tmp_path)
    assert cli.main(["policy", "test", "my-district", "--data", "var"]) == 1


def test_the_mistake_is_told_as_the_guide_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    laid_out(tmp_path, "broken")
    monkeypatch.chdir(tmp_path)
    assert cli.main(["policy", "check", "my-district"]) == 2
    assert SAID is not None
    assert SAID[1] in capsys.readouterr().err


def test_help_cannot_be_kept_from_anyone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    laid_out(tmp_path, "refused")
    monkeypatch.chdir(tmp_path)
    assert cli.main(["policy", "check", "my-district"]) == 2
    assert "no-9-middle.yaml:" in capsys.readouterr().err


@pytest.mark.parametrize("line", [line for line in COMMANDS if " explain " in line])
def test_the_explanations_are_given(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    line: str,
) -> None:
    laid_out(tmp_path, "")
    monkeypatch.chdir(tmp_path)
    assert cli.main(shlex.split(line)[1:]) == 0
    said = capsys.readouterr().out
    assert "no-9-middle" in said
    if "live.bilibili.com" in line:
        assert "no-9-middle/class-focus" in said


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_of_the_guide_is_one_of_ours(line: str) -> None:
    """Words and options are taken; running a gateway is the wire tests' work."""
    assert cli.parser().parse_args(shlex.split(line)[1:]).run
