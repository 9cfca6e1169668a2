"""`qinglang data`: every file of commands is found."""

import argparse

from audit.lifecycle import data_cli


def test_commands_are_found() -> None:
    top = argparse.ArgumentParser()
    data_cli.register(top.add_subparsers(dest="command"))
    assert top.parse_args(["data", "find", "x.csv", "--json"]).files == ["x.csv"]
    assert top.parse_args(["data", "roster", "key", "--output", "k"]).data_command == "roster"
