"""`qinglang audit` finds every file of commands of the room."""

import argparse

import pytest

from audit import audit_cli
from audit.cli import main


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
