"""`audit report` on a folder of evidence: formats, one school, masked, sealed and opened."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from audit.cli import main
from audit.probes import host, shelf
from audit.record import Beside as Recorded
from audit.record import record
from tests.audit.reports.made import SYSTEMS, UNITS, checks, evidence, run

INVENTORY = """
id: inventory
organisations:
  - {id: district, name: 示例区教育局}
  - {id: s01, name: 示例区第一中学, above: district}
  - {id: s02, name: 示例区第二小学, above: district}
systems:
  - {id: portal, name: 智慧校园平台, organisation: s01, s: 3, a: 2, g: 3}
  - {id: site, name: 学校网站, organisation: s02, s: 3, a: 2, g: 3}
targets:
  - {id: web01, name: 门户主机, system: portal, kind: server, platform: debian, address: 192.0.2.10}
  - {id: db01, name: db01, system: portal, kind: server, platform: openeuler}
  - {id: lost, name: lost, system: site, kind: server}
"""


@pytest.fixture
def room(tmp_path: Path) -> Path:
    for one in evidence():
        shelf.keep(tmp_path / "e", one)
    (tmp_path / "i.yaml").write_text(INVENTORY, encoding="utf-8")
    return tmp_path


def report(room: Path, *words: str, out: str = "r.json", kind: str = "json") -> int:
    return main(
        ["audit", "report", "--format", kind, "--evidence", str(room / "e"),
         "--inventory", str(room / "i.yaml"), "--output", str(room / out), *words]
    )  # fmt: skip


def test_a_file_for_its_owner_only(room: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert report(room, "--system", "portal") == 0
    assert "r.json" in capsys.readouterr().out
    assert (room / "r.json").stat().st_mode & 0o777 == 0o600
    told = json.loads((room / "r.json").read_bytes())
    assert told["system"]["name"] == "智慧校园平台"
    assert told["organisation"]["name"] == "示例区第一中学"
    assert told["above"] == "示例区教育局"
    assert not list(room.glob("*.part"))


def test_one_school(room: Path) -> None:
    assert report(room, "--organisation", "s02", "--masked", "--label", "秘密") == 0
    text = (room / "r.json").read_text(encoding="utf-8")
    told = json.loads(text)
    assert len(told["targets"]) == 1
    assert told["label"] == "秘密"
    assert "web01" not in text
    assert "第二小学" not in text


@pytest.mark.wire
def test_a_trend_from_earlier_reports(room: Path) -> None:
    assert report(room) == 0
    assert report(room, "--previous", str(room / "r.json"), out="next.json") == 0
    assert len(json.loads((room / "next.json").read_bytes())["earlier"]) == 1


@pytest.mark.wire
def test_sealed_and_opened(room: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WORD", "一句足够长的口令 correct")
    assert report(room, "--passphrase-env", "WORD", out="r.sealed", kind="csv") == 0
    opening = ["audit", "report", "open", str(room / "r.sealed"), "--output", str(room / "r.csv")]
    assert main([*opening, "--passphrase-env", "WORD"]) == 0
    assert "8.1.4.1.a" in (room / "r.csv").read_text(encoding="utf-8-sig")
    monkeypatch.setenv("WORD", "another long passphrase")
    assert main([*opening, "--passphrase-env", "WORD"]) == 2


def test_for_a_recipient(room: Path) -> None:
    own = X25519PrivateKey.generate()
    (room / "k.pub").write_bytes(
        own.public_key().public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo)
    )
    (room / "k").write_bytes(
        own.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())
    )
    assert report(room, "--encrypt-to", str(room / "k.pub"), out="s", kind="csv") == 0
    assert main(["audit", "report", "open", str(room / "s"), "--key", str(room / "k"),
                 "--output", str(room / "o")]) == 0  # fmt: skip
    assert b"8.1.4.1.a" in (room / "o").read_bytes()


@pytest.mark.parametrize(
    "words",
    [
        ("--organisation", "nobody"),
        ("--system", "nobody"),
        ("--encrypt-to", "{room}/i.yaml"),
        ("--passphrase-env", "NOT_SET_ANYWHERE"),
        ("--previous", "{room}/i.yaml"),
    ],
)
def test_bad_input_writes_nothing(room: Path, words: tuple[str, ...]) -> None:
    assert report(room, *(one.format(room=room) for one in words)) == 2
    assert not (room / "r.json").exists()


def test_a_recorded_run_stays_what_it_was(room: Path) -> None:
    told = record(run(), Recorded(checks=checks(), organisation=UNITS[1], system=SYSTEMS[0]))
    (room / "run.json").write_text(json.dumps(told), encoding="utf-8")
    words = ["audit", "report", "--format", "json", "--run", str(room / "run.json")]
    assert main([*words, "--output", str(room / "r.json")]) == 0
    found = json.loads((room / "r.json").read_bytes())
    assert found["system"]["name"] == SYSTEMS[0].name
    assert found["organisation"]["name"] == UNITS[1].name
    assert len(found["run"]["items"]) == 211
    assert found["run"]["now"] == run().now


def test_nothing_to_report_on(room: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "report", "--output", str(room / "x")]) == 2
    assert "--evidence" in capsys.readouterr().err
    (room / "bad.json").write_text('{"format": "other"}')
    bad = ["audit", "report", "--run", str(room / "bad.json"), "--output", str(room / "x")]
    assert main(bad) == 2


def test_an_output_that_cannot_be_written(room: Path) -> None:
    assert report(room, out="no/such/folder.json") == 3


@pytest.mark.wire
def test_the_command_itself(room: Path) -> None:
    import sys

    done = subprocess.run(
        [sys.executable, "-m", "audit.cli", "audit", "report", "--format", "docx", "--evidence",
         str(room / "e"), "--output", str(room / "r.docx")],
        check=False,
    )  # fmt: skip
    assert done.returncode == 0
    assert (room / "r.docx").read_bytes().startswith(b"PK")


def test_a_system_is_reported_at_its_level_by_its_own_evidence(tmp_path: Path) -> None:
    folder, file = tmp_path / "e", tmp_path / "i.yaml"
    raw = (Path(__file__).parent / "recordings" / "debian12.txt").read_bytes()
    for name in ("a", "b"):
        shelf.keep(folder, host.evidence(name, raw, method="m", taken=1.8e9, live=False))
    file.write_text(
        "organisations: [{id: o, name: 单位}]\n"
        "systems:\n"
        "  - {id: s, name: 门户, organisation: o, s: 2, a: 2, g: 2}\n"
        "  - {id: t, name: 成绩, organisation: o, s: 3, a: 3, g: 3}\n"
        "targets:\n"
        "  - {id: a, name: 甲, system: s, kind: server}\n"
        "  - {id: b, name: 乙, system: t, kind: server}\n",
        encoding="utf-8",
    )
    found = tmp_path / "r.json"
    given = ["--evidence", str(folder), "--inventory", str(file), "--system", "s"]
    assert main(["audit", "report", "--format", "json", *given, "--output", str(found)]) == 0
    text = found.read_text(encoding="utf-8")
    assert "7.1.4.1.a" in text
    assert "8.1.4.1.a" not in text
    assert "乙" not in text
