"""Which node a command speaks of."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.commands import machine, node_of
from gateway.node import Address, Node
from rules.load import DataError


def test_a_node_as_last_started(tmp_path: Path) -> None:
    made = Node(name="gw", data=tmp_path, dns=Address(host="10.0.0.1", port=53))
    made.run.mkdir()
    made.write(made.run / "node.json")
    assert node_of(tmp_path) == made


def test_a_node_that_never_started_has_the_defaults(tmp_path: Path) -> None:
    found = node_of(tmp_path / "var")
    assert found.data == tmp_path / "var"
    assert found.workers == machine().cores >= 1


def test_a_damaged_node_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "node.json").write_text("{")
    with pytest.raises(DataError, match=r"node\.json:"):
        node_of(tmp_path)
