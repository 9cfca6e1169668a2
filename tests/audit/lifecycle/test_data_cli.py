"""`qinglang data`: every file of commands is found."""

import argparse
import importlib
from pathlib import Path

from audit.lifecycle import data_cli


def test_commands_are_found() -> None:
    top = argparse.ArgumentParser()
    data_cli.register(top.add_subparsers(dest="command"))
    assert top.parse_args(["data", "find", "x.csv", "--json"]).files == ["x.csv"]
    assert top.parse_args(["data", "roster", "key", "--output", "k"]).data_command == "roster"


def test_every_command_is_found_by_its_name_alone() -> None:
    gatherer = Path(data_cli.__file__)
    every = data_cli.files(gatherer, data_cli.ELSEWHERE, ())
    for stem in every:
        commands = argparse.ArgumentParser().add_subparsers()
        importlib.import_module(f"audit.lifecycle.{stem}").register(commands)
        for name in commands.choices:
            assert data_cli.files(gatherer, data_cli.ELSEWHERE, [name]) == [stem]
    assert data_cli.files(gatherer, data_cli.ELSEWHERE, ["nonsense"]) == every
