"""`audit import`: files become evidence in a folder, refused ones a sentence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from audit.cli import main
from tests.audit.importers.recorded import RECORDINGS


def run(*words: object) -> int:
    return main(["audit", "import", *map(str, words)])


def test_imported_and_heard_by_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [RECORDINGS / name for name in ("lynis.dat", "xccdf.xml")]
    assert run(*files, "--output", tmp_path / "e") == 0
    said = capsys.readouterr().out
    assert "未对应 unmapped" in said
    assert "web01" in said
    assert main(["audit", "run", "--evidence", str(tmp_path / "e"), "--json"]) in (0, 1)
    told = json.loads(capsys.readouterr().out)
    items = {one["clause"]: one for one in told["items"]}
    imported = [one for one in items["8.1.4.1.a"]["findings"] if one["imported"]]
    assert {one["link"] for one in imported} == {"contributes"}
    assert items["8.1.4.1.a"]["state"] == "unknown"
    assert told["facts_decided"] == 0


def test_names_by_inventory(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "id,name,address\nhost-7,web,127.0.0.1\nweb9,WEB01,192.0.2.9\n"
    (tmp_path / "i.csv").write_text(text, encoding="utf-8")
    (tmp_path / "x.yaml").write_text("hosts: {host-7: [tcp/22]}", encoding="utf-8")
    words = ["--inventory", tmp_path / "i.csv", "--expect", tmp_path / "x.yaml", "--json"]
    assert run(RECORDINGS / "nmap.xml", RECORDINGS / "lynis.dat", *words) == 0
    first, second = json.loads(capsys.readouterr().out)
    assert (first["targets"], second["targets"]) == (["host-7"], ["web9"])
    assert first["findings"][0]["state"] == "fail"
    assert first["mapped"] == 1


def test_a_bill_of_materials_as_47020(tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    assert run(RECORDINGS / "spdx.json", "--sbom-47020", out) == 0
    assert json.loads(out.read_text(encoding="utf-8"))["_status"] == "unverified"
    assert run(RECORDINGS / "lynis.dat", "--sbom-47020", out) == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([RECORDINGS / "kube-bench.json"], "--target"),
        ([RECORDINGS / "README.md"], "unknown format"),
        ([RECORDINGS / "nmap.xml", "--format", "arf"], "no XCCDF"),
    ],
)
def test_refused(
    words: list[object], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = RECORDINGS / "lynis.dat"
    arguments = [good, *words] if "--format" not in words else words
    assert run(*arguments, "--output", tmp_path / "e") == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "e").exists()


def test_one_target_cannot_be_several(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = (RECORDINGS / "nmap.xml").read_text(encoding="utf-8")
    host = text[text.index("<host ") : text.index("</host>") + 7]
    other = host.replace("127.0.0.1", "192.0.2.8")
    (tmp_path / "two.xml").write_text(text.replace(host, host + other), encoding="utf-8")
    assert run(tmp_path / "two.xml", "--target", "x") == 2
    assert "several" in capsys.readouterr().err
    assert run(RECORDINGS / "nmap.xml", "--target", "x") == 0
