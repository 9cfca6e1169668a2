"""The signer: one number for each statement, whatever it is asked, and a chain that survives it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.ledger import Checkpoint, Digest, check, read, read_anchors
from gateway.signer import Anchoring, Signer, key_of
from gateway.signing import LENGTH, Signing, receive
from rules.load import WorldError
from tests.gateway.event_samples import eventually


def ask(signer: Signer, n: int = 0) -> dict[str, Any]:
    return signer.answer({"ask": "sign", "kind": "test", "body": {"n": n}}, 1000)


def test_statements_are_numbered_linked_and_kept(tmp_path: Path) -> None:
    signer = Signer(tmp_path, node="n1", clock=lambda: 7.0)
    lines = [ask(signer, n)["line"] for n in range(3)]
    again = Signer(tmp_path, node="n1")
    lines.append(ask(again)["line"])
    found = check(lines, {signer.key: key_of(tmp_path).public_key()})
    assert found.faults == ()
    assert [(one.seq, one.by) for one in found.checkpoints] == [(n, 1000) for n in (1, 2, 3, 4)]
    assert again.answer({"ask": "since", "seq": 2}, 0)["lines"] == lines[2:]
    assert (tmp_path / "key.pem").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "public.pem").stat().st_mode & 0o777 == 0o644


def test_a_torn_last_line_was_never_answered(tmp_path: Path) -> None:
    signer = Signer(tmp_path, node="n1")
    for n in range(3):
        ask(signer, n)
    path = tmp_path / "chain.jsonl"
    os.truncate(path, path.stat().st_size - 20)
    again = Signer(tmp_path, node="n1")
    assert again.head is not None
    assert again.head.seq == 2
    assert read(ask(again)["line"]).seq == 3


@pytest.mark.parametrize("text", ["noise\n", '{"v":1}\n'])
def test_a_chain_that_is_not_ours_is_not_gone_on_with(tmp_path: Path, text: str) -> None:
    ask(Signer(tmp_path, node="n1"))
    with (tmp_path / "chain.jsonl").open("a") as file:
        file.write(text)
    with pytest.raises(WorldError):
        Signer(tmp_path, node="n1")


def test_a_line_taken_out_of_the_chain_is_noticed(tmp_path: Path) -> None:
    signer = Signer(tmp_path, node="n1")
    for n in range(3):
        ask(signer, n)
    path = tmp_path / "chain.jsonl"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[1:]))
    with pytest.raises(WorldError, match="2 lines"):
        Signer(tmp_path, node="n1")


@pytest.mark.parametrize(
    "question",
    [
        None,
        [],
        {},
        {"ask": "sign"},
        {"ask": "sign", "kind": "", "body": {}},
        {"ask": "sign", "kind": "x", "body": []},
        {"ask": "sign", "kind": "x", "body": {"x": "y" * 600_000}},
        {"ask": "sign", "kind": "x", "body": {"x": float("nan")}},
        {"ask": "sign", "kind": "x", "body": {}, "seq": 1, "prev": "0" * 64, "time": 5},
        {"ask": "since", "seq": -1},
        {"ask": "since", "seq": "1"},
        {"ask": "key"},
    ],
)
def test_questions_it_does_not_answer(tmp_path: Path, question: object) -> None:
    signer = Signer(tmp_path, node="n1")
    first = ask(signer)["line"]
    answer = signer.answer(question, 0)
    if isinstance(question, dict) and "prev" in question:  # it chooses number and link itself
        assert read(answer["line"]).prev == read(first).hash
    else:
        assert "error" in answer
        assert signer.head == read(first)


def test_a_full_disk_leaves_the_chain_as_it_was(tmp_path: Path) -> None:
    script = (
        "import resource, signal, sys; from pathlib import Path\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "from gateway.signer import Signer\n"
        "signer = Signer(Path(sys.argv[1]), node='n1')\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))\n"
        "ask = {'ask': 'sign', 'kind': 'x', 'body': {'x': 'y' * 500}}\n"
        "print([('line' in signer.answer(ask, 0)) for _ in range(5)])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": "."},
    )
    assert done.stdout.strip() == "[True, True, False, False, False]", done.stderr
    signer = Signer(tmp_path, node="n1")
    assert read(ask(signer)["line"]).seq == 3


def test_sm3_where_openssl_has_it(tmp_path: Path) -> None:
    signer = Signer(tmp_path, node="n1", digest=Digest.SM3)
    lines = [ask(signer)["line"], ask(signer)["line"]]
    keys = {signer.key: key_of(tmp_path).public_key()}
    assert check(lines, keys).faults == ()
    assert json.loads(lines[0])["digest"] == "sm3"


def test_anchoring_goes_on_when_a_place_fails(tmp_path: Path) -> None:
    signer = Signer(tmp_path, node="n1")
    told: list[int] = []
    broken = [True]

    def moody(one: Checkpoint) -> None:
        if broken[0]:
            raise OSError("away")
        told.append(-one.seq)

    anchoring = Anchoring(
        lambda: signer.head, {"a": lambda one: told.append(one.seq), "b": moody}, every=3600.0
    )
    anchoring.step()
    ask(signer)
    anchoring.step()
    anchoring.step()
    broken[0] = False
    anchoring.step()
    ask(signer)
    anchoring.close()
    assert told == [1, -1, 2, -2]


@contextmanager
def process(folder: Path, *options: str) -> Iterator[tuple[subprocess.Popen[bytes], Signing]]:
    """A signer process, ready."""
    folder.mkdir(exist_ok=True)
    ready = folder / "ready"
    signing = Signing(socket=folder / "s.sock", folder=folder / "copy")
    command = [sys.executable, "-O", "-m", "gateway.signer", "--folder", str(folder / "signer")]
    command += ["--socket", str(signing.socket), "--node", "n1", "--ready", str(ready), *options]
    child = subprocess.Popen(command, stderr=subprocess.PIPE)
    try:
        assert eventually(ready.exists)
        yield child, signing
    finally:
        if child.poll() is None:
            child.kill()
        child.communicate()


@pytest.mark.wire
def test_a_process_signs_anchors_and_ends(tmp_path: Path) -> None:
    anchors = tmp_path / "elsewhere"
    with process(tmp_path, "--anchor", f"file:{anchors}", "--anchor-every", "0.2") as (child, line):
        first = line.sign("test", {"n": 1})
        assert first.by == os.getuid()
        assert eventually((anchors / "anchors-n1.jsonl").exists)
        last = line.sign("test", {"n": 2})
        child.send_signal(signal.SIGTERM)
        assert child.wait(20) == 0
    kept = read_anchors((anchors / "anchors-n1.jsonl").read_text())
    assert kept[-1].hash == last.hash
    assert not line.socket.exists()


@pytest.mark.wire
def test_a_killed_signer_goes_on_where_it_was(tmp_path: Path) -> None:
    for expected in (1, 2, 3):
        with process(tmp_path) as (child, line):
            assert line.sign("test", {}).seq == expected
            child.kill()
            child.wait()
        (tmp_path / "ready").unlink(missing_ok=True)


@pytest.mark.wire
def test_hostile_peers_do_not_hold_it_up(tmp_path: Path) -> None:
    with process(tmp_path) as (_, line):
        silent = socket.socket(socket.AF_UNIX)
        silent.connect(str(line.socket))  # says nothing: two seconds
        for noise in (b"", b"\0", LENGTH.pack(2**31), LENGTH.pack(3) + b"{{{", b"\xff" * 64):
            with socket.socket(socket.AF_UNIX) as other:
                other.connect(str(line.socket))
                other.sendall(noise)
        with socket.socket(socket.AF_UNIX) as other:
            other.settimeout(20)
            other.connect(str(line.socket))
            other.sendall(LENGTH.pack(4) + b"null")
            assert "error" in receive(other)
        silent.close()
        patient = Signing(socket=line.socket, folder=line.folder, timeout=20.0)
        assert patient.sign("test", {}).seq == 1


@pytest.mark.wire
@pytest.mark.skipif(os.getuid() != 0, reason="needs root to become another user")
def test_the_key_is_not_readable_by_the_database_s_account() -> None:
    """The signer's folder as another user: the owner of the database cannot read the key."""
    with tempfile.TemporaryDirectory(dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        Signer(folder, node="n1")
        found = []
        for file in ("key.pem", "public.pem"):
            done = subprocess.run(["cat", folder / file], capture_output=True, user=65534, cwd="/")
            found.append(done.returncode)
        assert found == [1, 0]
