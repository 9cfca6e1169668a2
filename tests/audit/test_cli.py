"""The `qinglang` command: rooms that are installed, exit codes, and errors in one sentence."""

import argparse
import subprocess
import sys

import pytest

from audit import cli
from rules.load import DataError, Problem, WorldError

PROBLEM = Problem(file="f.yaml", line=3, column=7, message="wrong", remedy="mend it")


def made_of(handler: object) -> object:
    """A parser with one command that runs `handler`."""

    def parser(_words: object) -> argparse.ArgumentParser:
        top = argparse.ArgumentParser()
        commands = top.add_subparsers()
        commands.add_parser("do").set_defaults(run=handler)
        return top

    return parser


def failing(error: BaseException) -> object:
    def handler(_: argparse.Namespace) -> int:
        raise error

    return handler


@pytest.mark.parametrize(
    ("handler", "code", "said"),
    [
        (lambda _: 0, 0, ""),
        (lambda _: 1, 1, ""),
        (failing(DataError([PROBLEM, PROBLEM])), 2, "f.yaml:3:7: wrong → mend it"),
        (failing(WorldError("the port is taken")), 3, "qinglang: the port is taken"),
        (failing(FileNotFoundError(2, "No such file", "x")), 3, "No such file"),
        (failing(KeyboardInterrupt()), 130, ""),
    ],
    ids=["done", "fails the expectation", "bad data", "bad world", "missing file", "Ctrl-C"],
)
def test_exit_codes(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    handler: object,
    code: int,
    said: str,
) -> None:
    monkeypatch.setattr(cli, "parser", made_of(handler))
    assert cli.main(["do"]) == code
    assert said in capsys.readouterr().err


def test_every_command_of_this_version_is_there() -> None:
    text = cli.parser().format_help()
    for command in ("up", "gateway", "events", "doctor", "rules", "policy"):
        assert command in text


def test_a_room_whose_packages_are_missing_is_left_out() -> None:
    """An officer's machine has no mitmproxy: the other rooms' commands still work."""
    code = (
        "import sys; sys.modules['mitmproxy'] = None; sys.modules['dns'] = None\n"
        "from audit import cli; print(cli.parser().format_help())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "rules" in done.stdout


def test_a_command_loads_no_other_rooms_files() -> None:
    for words, absent in (
        (["data", "mask-key", "--help"], "audit.lifecycle.destroy_cli"),
        (["rules", "--help"], "audit.lifecycle.mask_cli"),
        (["audit", "runs", "--help"], "audit.lifecycle.mask_cli"),
    ):
        code = (
            "import sys\nfrom audit import cli\n"
            f"try: cli.main({words!r})\n"
            f"except SystemExit: sys.exit({absent!r} in sys.modules or 'numpy' in sys.modules)"
        )
        subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)


def test_an_unknown_command_is_told_all_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["data", "nonsense"])
    assert ended.value.code == 2
    assert "certificate" in capsys.readouterr().err


def test_a_closed_pipe_is_no_error() -> None:
    command = f"{sys.executable} -m audit.cli rules sources --json | head -c 1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr
