"""`qinglang audit` finds every file of commands of the room."""

import argparse
import importlib
from pathlib import Path

import pytest

from audit import audit_cli
from audit.cli import main
from audit.lifecycle import data_cli


def test_files_of_commands_are_found() -> None:
    top = argparse.ArgumentParser()
    audit_cli.register(top.add_subparsers())
    chosen = top.parse_args(["audit", "catalog", "--level", "3"])
    assert chosen.level == 3


def test_the_command_says_what_it_can_do(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["audit", "--help"])
    assert ended.value.code == 0
    assert "catalog" in capsys.readouterr().out


def test_every_command_is_found_by_its_name_alone() -> None:
    gatherer = Path(audit_cli.__file__)
    every = data_cli.files(gatherer, audit_cli.ELSEWHERE, ())
    for stem in every:
        commands = argparse.ArgumentParser().add_subparsers()
        importlib.import_module(f"audit.{stem}").register(commands)
        for name in commands.choices:
            assert data_cli.files(gatherer, audit_cli.ELSEWHERE, [name]) == [stem]
    assert data_cli.files(gatherer, audit_cli.ELSEWHERE, ["nonsense"]) == every
