"""`audit probe`: nothing beyond this machine without a signed scope."""

import json
from pathlib import Path

import pytest

from audit.cli import main
from audit.probe_cli import loopback
from tests.audit.test_collect_cli import SCOPE, signed


def test_what_is_sent_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "probe", "http", "--show"]) == 0
    assert "/.git/HEAD" in capsys.readouterr().out


def test_refused_without_scope(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "probe", "tls", "192.0.2.1"]) == 2
    assert "signed scope" in capsys.readouterr().err
    assert main(["audit", "probe", "tls", "localhost", "--address", "192.0.2.1"]) == 2
    for typed in ("ftp://a/", "http://u:p@a/", "a:99999", "//"):
        assert main(["audit", "probe", "http", typed]) == 2
    assert main(["audit", "probe", "http"]) == 2


def test_refused_beyond_the_scope(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scope = signed(tmp_path, capsys)
    assert "targets: [a, b]" in SCOPE
    assert main(["audit", "probe", "tls", "192.0.2.1", *scope]) == 2
    assert "not within the signed scope" in capsys.readouterr().err


def test_loopback() -> None:
    assert loopback("127.3.2.1")
    assert loopback("::1")
    assert loopback("localhost")
    assert not loopback("localhost.example")
    assert not loopback("10.0.0.1")


@pytest.mark.wire
def test_nobody_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = ["audit", "probe", "tls", "127.0.0.1:1", "--timeout", "2", "--output", str(tmp_path)]
    assert main([*asked, "--json"]) == 1
    (row,) = json.loads(capsys.readouterr().out)["evidence"]
    assert row["document"] is None
    assert "refused" in row["problem"]
    assert main(asked) == 1
    assert len(list(tmp_path.glob("*.json"))) == 1
