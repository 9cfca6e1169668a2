"""The worker process: started as the supervisor starts it, and ended by a signal.

Whole nodes are started in tests/wire; here one worker stands alone.
"""

import os
import resource
from pathlib import Path

import pytest

from gateway.mitm.worker import _withdraw, in_force, main, raise_limits
from gateway.node import Node
from gateway.reload import Loaded
from rules.load import DataError
from tests.gateway.mitm.harness import Lab


def test_a_node_file_that_is_wrong_is_said(tmp_path: Path) -> None:
    path = tmp_path / "node.json"
    path.write_text('{"name": "n"}')
    with pytest.raises(DataError, match="`data` is missing"):
        main(["--node", str(path), "--index", "0", "--listeners", "[]"])


def test_in_force_is_made_of_what_is_published(lab: Lab) -> None:
    node = Node(name="n", data=lab.folder, contact="信息中心 12345")
    force = in_force(Loaded(base=lab.base, snapshot=lab.snapshot), b"k" * 32, node)
    assert force.base is lab.base
    assert force.resolver.subject("127.0.5.9").school == "lab"


def test_only_our_own_word_is_withdrawn(tmp_path: Path) -> None:
    ready = tmp_path / "worker-0.ready"
    ready.write_text("1")
    _withdraw(ready)
    assert ready.exists()
    ready.write_text(str(os.getpid()))
    _withdraw(ready)
    _withdraw(ready)
    assert not ready.exists()


def test_file_limits_are_raised() -> None:
    raise_limits()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert soft == hard
