"""Who acts comes from the kernel or a key; the record carries the proof."""

import argparse
from pathlib import Path

import pytest

from audit.lifecycle.acting import account, acting, add_book, book_of, own_key
from rules.load import DataError


def options(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_book(parser)
    return parser.parse_args(words)


def test_the_environment_does_not_say_who_acts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LOGNAME", "USER", "LNAME", "USERNAME"):
        monkeypatch.setenv(name, "the-director")
    assert account() != "the-director"
    told = options("--book", str(tmp_path / "b"))
    with acting(told) as act:
        made = act.write("note", {"n": 1})
    assert made.body["by"] == account()
    assert made.body["proof"]["way"] == "account"
    assert book_of(told).records()[0].body == made.body
    with pytest.raises(DataError), acting(options("--book", str(tmp_path / "b"), "--by", "X")):
        pass


def test_a_key_that_others_can_read_proves_nothing(tmp_path: Path) -> None:
    pem = tmp_path / "k.pem"
    pem.write_text("x")
    pem.chmod(0o644)
    with pytest.raises(DataError, match="chmod"):
        own_key(options("--sign-with", str(pem)))
