"""The way of an officer: register, ask, approve, look, review, with a real signer socket."""

from __future__ import annotations

import argparse
import json
import sys
import threading
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.events_cli import register_events
from gateway.reveal_cli import PASSPHRASE, default_lookup
from gateway.signer import listen, serve
from rules.load import DataError, WorldError
from tests.gateway.evidence_samples import archive

CODE = "CODE-0001-0001"


def run(*arguments: str | Path) -> int:
    top = argparse.ArgumentParser()
    register_events(top.add_subparsers(required=True))
    options = top.parse_args(list(map(str, arguments)))
    return int(options.run(options))


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A node with events, its signer answering, and a table of names."""
    made = archive(tmp_path)
    made.signing.signer._clock = __import__("time").time
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "node.json").write_text(json.dumps({"name": "n1", "data": str(tmp_path)}))
    opened = listen(tmp_path / "run" / "signer.sock")
    stop = threading.Event()
    thread = threading.Thread(target=serve, args=(made.signing.signer, opened, stop.is_set))
    thread.start()
    names = types.ModuleType("gateway.identity.names")

    class Names:
        def __init__(self, path: Path, key: bytes, *, write: bool) -> None: ...

        def get(self, token: str) -> types.SimpleNamespace:
            return types.SimpleNamespace(name="李小明", user="li")

    names.Names = Names  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "gateway.identity.names", names)
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "names.key").write_bytes(bytes(32))
    monkeypatch.setenv(PASSPHRASE, "correct horse")
    yield tmp_path
    stop.set()
    thread.join()
    opened.close()


@pytest.mark.wire
def test_the_whole_way(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def told(*arguments: str | Path, code: int = 0) -> dict[str, object]:
        assert run("events", *arguments, "--data", data, "--json") == code
        found: dict[str, object] = json.loads(capsys.readouterr().out)
        return found

    for name in ("wang", "zhao"):
        told("approver", name, "--by", "admin", "--out", data / f"{name}.pem")
        assert (data / f"{name}.pem").stat().st_mode & 0o777 == 0o600
    asked = told("reveal", CODE, "--reason", "欺凌调查", "--by", "zhang", code=1)
    request = str(asked["request"])
    with pytest.raises(DataError, match="2 more"):
        run("events", "reveal", CODE, "--by", "zhang", "--request", request, "--data", data)
    approvals: list[str | Path] = []
    for name in ("wang", "zhao"):
        key = ("--key", data / f"{name}.pem", "--name", name)
        approvals += ["--approve", str(told("approve", request, *key)["approval"])]
    look = ("reveal", CODE, "--by", "zhang", "--request", request, *approvals)
    assert told(*look)["name"] == "李小明"
    with pytest.raises(DataError, match="another event"):
        run("events", *("reveal", "CODE-0001-0002", *look[2:]), "--data", data)
    emergency = ("reveal", CODE, "--by", "zhang", "--break-glass")
    opened = told(*emergency, "--reason", "有自伤风险")
    assert opened["name"] == "李小明"
    told("review", str(opened["request"]), "--by", "wang", "--justified")
    looks = told("looks")["looks"]
    assert isinstance(looks, list)
    assert [(one["break_glass"], one["reviewed"]) for one in looks] == [
        (False, False),
        (True, True),
    ]


@pytest.mark.wire
def test_what_is_refused(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run("events", "approver", "wang", "--by", "admin", "--out", data / "w.pem", "--data", data)
    base = ("--data", data)
    for arguments in (
        ("reveal", "0000-0000-0000", "--reason", "欺凌调查", "--by", "z"),
        ("reveal", CODE, "--by", "z"),  # no reason
        ("reveal", CODE, "--by", "z", "--request", "none"),
        ("approve", "none", "--key", data / "w.pem", "--name", "wang"),
        ("approver", "x", "--by", "admin"),
        ("approver", "a:b", "--by", "admin", "--out", data / "x.pem"),
        ("review", "none", "--by", "wang", "--justified"),
    ):
        with pytest.raises(DataError):
            run("events", *arguments, *base)
    with pytest.raises(FileExistsError):
        run("events", "approver", "wang", "--by", "admin", "--out", data / "w.pem", *base)
    monkeypatch.setenv(PASSPHRASE, "short")
    with pytest.raises(DataError, match="8"):
        run("events", "approver", "y", "--by", "admin", "--out", data / "y.pem", *base)


def test_without_a_signer_nothing_is_revealed(tmp_path: Path) -> None:
    archive(tmp_path)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "node.json").write_text(json.dumps({"name": "n1", "data": str(tmp_path)}))
    arguments = ("--reason", "有自伤风险", "--by", "z", "--break-glass", "--data", tmp_path)
    with pytest.raises(WorldError, match="签名进程"):
        run("events", "reveal", CODE, *arguments)


def test_without_a_table_of_names_nobody_is_known(tmp_path: Path) -> None:
    assert default_lookup(tmp_path)("tok", "s1") is None
