"""The list of people at the command line: first, then only by who manages it."""

import json
from pathlib import Path

import pytest

from audit.cli import main
from audit.lifecycle.acting import account


def people(folder: Path, *words: str) -> int:
    return main(["data", "people", *words, "--book", str(folder / "b"), "--json"])


def test_the_first_is_oneself_and_manages(tmp_path: Path) -> None:
    assert people(tmp_path, "add", "A", "--account", "somebody-else", "--manages") == 2
    assert people(tmp_path, "add", "A", "--account", account()) == 2
    assert people(tmp_path, "add", "A", "--account", account(), "--manages") == 0
    assert people(tmp_path, "add", "B") == 2


def test_a_file_leaving_and_the_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "people.yaml"
    file.write_text(
        "people:\n"
        f"  - {{id: A, account: {account()}, manages: true}}\n"
        "  - {id: app, service: true, databases: [app_rw]}\n"
        "  - {id: B, claims: true, databases: [b_reader]}\n",
        encoding="utf-8",
    )
    assert people(tmp_path, "import", str(file)) == 0
    assert people(tmp_path, "leave", "B", "--on", "2026-01-01") == 0
    assert people(tmp_path, "leave", "Z", "--on", "2026-01-01") == 2
    assert people(tmp_path, "add", "C", "--claims", "--by", "B") == 2
    capsys.readouterr()
    assert people(tmp_path, "list") == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [row["id"] for row in rows] == ["A", "app", "B"]
    assert rows[2]["leaves"] == "2026-01-01"
    assert main(["data", "access", "verify", "--book", str(tmp_path / "b")]) == 0


def test_a_manager_may_be_known_by_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("QINGLANG_PASSPHRASE", "eight letters")
    pem = str(tmp_path / "a.pem")
    told = ["--key-out", pem, "--sign-with", pem]
    assert people(tmp_path, "add", "A", "--manages", *told) == 0
    assert people(tmp_path, "add", "B", "--claims") == 2
    assert people(tmp_path, "add", "B", "--claims", "--sign-with", pem) == 0
    Path(pem).chmod(0o644)
    assert people(tmp_path, "add", "C", "--claims", "--sign-with", pem) == 2
    monkeypatch.setenv("QINGLANG_PASSPHRASE", "short")
    assert people(tmp_path, "add", "C", "--key-out", f"{pem}2") == 2
    assert main(["data", "access", "verify", "--book", str(tmp_path / "b")]) == 0
    assert "PRIVATE" not in "".join(capsys.readouterr())
