"""`qinglang events …` on a folder of events: documents, lines, exit codes."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from gateway.events_cli import register_events
from gateway.store import Store
from rules.load import WorldError
from tests.gateway.event_samples import batch

RUN = (
    "import argparse, sys\n"
    "from gateway.events_cli import register_events\n"
    "top = argparse.ArgumentParser(); register_events(top.add_subparsers())\n"
    "options = top.parse_args(sys.argv[1:]); raise SystemExit(options.run(options))\n"
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Three Events, and three exchanges that were let through."""
    with closing(Store("n1", tmp_path / "events")) as store:
        store.write([batch(events=3)])
    return tmp_path


def run(*arguments: str | Path) -> int:
    top = argparse.ArgumentParser()
    register_events(top.add_subparsers(required=True))
    options = top.parse_args(list(map(str, arguments)))
    return int(options.run(options))


def test_tail_in_a_pipe(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("events", "tail", "--data", data, "-n", "2") == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert lines[0].split("\t") == [
        "2026-03-01 12:00:00.000",
        "阻断 block",
        "request",
        "gambling",
        "s1",
        "tok-7f3k",
        "1RZJ-WMJF-6XSW",
        "bet.example/wheel",
    ]


def test_tail_on_a_terminal_is_aligned(
    data: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert run("events", "tail", "--data", data) == 0
    head, *lines = capsys.readouterr().out.splitlines()
    assert head.startswith("时间 time")
    assert len(lines) == 3
    wide = sum(ord(c) > 0x2E80 for c in head[: head.index("主机")])
    assert head.index("主机") + wide == lines[0].index("bet.example") + 2  # 阻断 is four wide


def test_tail_as_one_document(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("events", "tail", "--data", data, "--json", "-n", "1") == 0
    (event,) = json.loads(capsys.readouterr().out)["events"]
    assert (event["seq"], event["token"]) == (1002, "tok-7f3k")


def test_count(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("events", "count", "--data", data, "--json") == 0
    assert json.loads(capsys.readouterr().out) == {
        "events": {"block": 3},
        "passed": 3,
        "lost": 0,
        "exchanges": 6,
        "spilled_batches": 0,
        "damaged_files": 0,
    }
    assert run("events", "count", "--data", data) == 0
    assert "交换合计 exchanges: 6" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ((), 3),
        (("--from", "2026-03-01", "--to", "2026-03-01"), 3),
        (("--from", "2026-03-02"), 0),
        (("--to", "2026-02-28"), 0),
        (("--from", "2026-03-01T12:00", "--to", "2026-03-01T12:00:00.000001"), 1),
        (("--from", "2026-03-01T04:00:00+00:00"), 3),
        (("--from", "2026-03-01T04:00:01+00:00"), 0),
    ],
)
def test_export_windows(
    data: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], found: int
) -> None:
    assert run("events", "export", "--data", data, *options) == 0
    assert len(capsys.readouterr().out.splitlines()) == found


def test_export_to_files(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = data / "out.csv"
    assert run("events", "export", "--data", data, "--format", "csv", "--out", out, "--json") == 0
    assert json.loads(capsys.readouterr().out)["written"] == 3
    assert out.read_bytes().startswith(b"\xef\xbb\xbftime,")
    assert out.read_bytes().count(b"\r\n") == 4
    assert out.stat().st_mode & 0o777 == 0o600
    out = data / "out.jsonl"
    assert run("events", "export", "--data", data, "--out", out, "--what", "aggregates") == 0
    assert json.loads(out.read_text(encoding="utf-8"))["count"] == 3
    assert not list(data.glob("*.part"))


def test_export_as_one_document(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("events", "export", "--data", data, "--json") == 0
    assert len(json.loads(capsys.readouterr().out)["events"]) == 3
    assert run("events", "export", "--data", data, "--json", "--from", "2030-01-01") == 0
    assert json.loads(capsys.readouterr().out)["events"] == []


@pytest.mark.parametrize(
    "arguments",
    [
        ("tail", "-n", "-1"),
        ("tail", "-n", "many"),
        ("export", "--from", "yesterday"),
        ("export", "--from", "0001-01-01"),
        ("export", "--to", "9999-12-31"),
        ("export", "--format", "xml"),
    ],
)
def test_bad_arguments_are_exit_code_2(arguments: tuple[str, ...]) -> None:
    with pytest.raises(SystemExit) as stopped:
        run("events", *arguments)
    assert stopped.value.code == 2


def test_what_cannot_be_read_is_trouble_after_what_can(
    data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (data / "events" / "n2-2026-03-01.sqlite").write_bytes(b"garbage" * 1000)
    with pytest.raises(WorldError, match="n2-2026-03-01"):
        run("events", "export", "--data", data)
    assert len(capsys.readouterr().out.splitlines()) == 3
    with pytest.raises(WorldError, match="no data folder"):
        run("events", "tail", "--data", data / "none")


@pytest.mark.wire
def test_follow_shows_new_events_as_json_lines(data: Path) -> None:
    command = [sys.executable, "-c", RUN, "events", "tail", "--follow", "--json", "-n", "1"]
    environment = {**os.environ, "PYTHONPATH": "."}
    child = subprocess.Popen(
        [*command, "--data", str(data)], stdout=subprocess.PIPE, env=environment, text=True
    )
    try:
        if child.stdout is None:
            raise TypeError("no pipe")
        assert json.loads(child.stdout.readline())["seq"] == 1002
        with closing(Store("n1", data / "events")) as store:
            store.write([batch(2)])
        assert json.loads(child.stdout.readline())["seq"] == 2000
    finally:
        child.send_signal(signal.SIGKILL)
        child.communicate()
