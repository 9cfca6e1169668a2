"""Which changes of files are noticed."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from gateway.node import Node
from gateway.watch import stamp, watched


def touch(path: Path) -> None:
    os.utime(path, ns=(1, 1))


@pytest.mark.parametrize(
    ("change", "noticed"),
    [
        pytest.param(lambda at: (at / "new.yaml").write_text("x"), True, id="new file"),
        pytest.param(lambda at: (at / "deep" / "a.yaml").write_text("xy"), True, id="other size"),
        pytest.param(lambda at: touch(at / "deep" / "a.yaml"), True, id="other time"),
        pytest.param(lambda at: (at / "deep" / "a.yaml").unlink(), True, id="removed"),
        pytest.param(
            lambda at: (at / "deep" / "a.yaml").rename(at / "deep" / "b.yaml"), True, id="renamed"
        ),
        pytest.param(lambda at: (at / "code.py").write_text("x"), False, id="code"),
        pytest.param(lambda at: (at / ".a.yaml.swp").write_text("x"), False, id="editor's own"),
        pytest.param(lambda at: (at / "a.yaml~").write_text("x"), False, id="editor's backup"),
        pytest.param(lambda at: (at / "__pycache__").mkdir(), False, id="cache"),
        pytest.param(lambda at: None, False, id="nothing"),
    ],
)
def test_changes(tmp_path: Path, change: Callable[[Path], object], noticed: bool) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.yaml").write_text("x")
    before = stamp([tmp_path])
    change(tmp_path)
    assert (stamp([tmp_path]) != before) is noticed


def test_what_is_not_there_is_no_error(tmp_path: Path) -> None:
    absent = stamp([tmp_path / "none"])
    (tmp_path / "none").write_text("")
    assert stamp([tmp_path / "none"]) != absent


def test_orders_lists_and_own_folders_are_watched(tmp_path: Path) -> None:
    node = Node(name="n", data=tmp_path, policy=(tmp_path / "p",), rules=(tmp_path / "r",))
    wanted = {tmp_path / "p", tmp_path / "r", tmp_path / "orders.jsonl", tmp_path / "lists"}
    assert wanted < set(watched(node))
