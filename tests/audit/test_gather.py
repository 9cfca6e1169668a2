"""Collecting an inventory directly: over real SSH, with one host that is not there, resumed."""

from __future__ import annotations

import getpass
import json
import shutil
from pathlib import Path

import pytest

from audit.cli import main
from tests.audit import sshd_hosts

RECORDING = Path(__file__).parent / "recordings" / "debian12.txt"
SCOPE = """id: s
system: oa
targets: [a, b, web]
begins: "2020-01-01T00:00"
ends: "2099-01-01T00:00"
per_minute: 6000
"""


def signed(folder: Path, text: str = SCOPE) -> list[str]:
    (folder / "scope.yaml").write_text(text, encoding="utf-8")
    scope, key = str(folder / "scope.yaml"), str(folder / "signer.pem")
    assert main(["audit", "scope", "key", "chief", "--out", key]) == 0
    assert main(["audit", "scope", "sign", scope, "--signer", "chief", "--key", key]) == 0
    return ["--scope", scope, "--signers", str(folder / "signers.yaml")]


def inventory(folder: Path, *ports: int) -> Path:
    rows = [
        f"- {{id: {name}, name: {name}, system: oa, kind: server, address: 127.0.0.1, "
        f"access: {{via: ssh, port: '{port}'}}}}"
        for name, port in zip("ab", ports, strict=True)
    ]
    rows.append("- {id: web, name: web, system: oa, kind: application, address: 127.0.0.1, "
                "access: {port: '1'}}")  # fmt: skip
    lines = "\n  ".join(rows)
    (folder / "inventory.yaml").write_text(
        "organisations: [{id: o, name: 某校}]\n"
        "systems: [{id: oa, name: OA, organisation: o, s: 3, a: 2, g: 3}]\n"
        f"targets:\n  {lines}\n",
        encoding="utf-8",
    )
    return folder / "inventory.yaml"


@pytest.mark.wire
@pytest.mark.skipif(shutil.which("sshd") is None, reason="openssh-server is not here")
def test_over_ssh_into_the_store(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with sshd_hosts.hosts(tmp_path, [f"ForceCommand cat {RECORDING}"]) as up:
        listed = inventory(tmp_path, up[0].port, sshd_hosts.free_port())
        scope = signed(tmp_path)
        capsys.readouterr()
        key = json.dumps(public(tmp_path))
        (tmp_path / "signers.yaml").write_text(
            f"district: d\nneeded: 1\nkeys:\n  - {{id: chief, key: {key}}}\n", encoding="utf-8"
        )
        run = ["audit", "run", "--inventory", str(listed), *scope, "--user", getpass.getuser(),
               "--key", str(tmp_path / "client"), "--known-hosts", str(tmp_path / "known_hosts"),
               "--keep", str(tmp_path / "e"), "--store", str(tmp_path / "a.db"),
               "--timeout", "10", "--json"]  # fmt: skip
        assert main(run) == 1
        told = json.loads(capsys.readouterr().out)
        assert len(told["items"]) == 211
        assert [one["id"] for one in told["targets"]] == ["a", "b", "web"]
        seen = {
            one["target"]: one["problem"] for one in told["evidence"] if one["probe"] == "linux"
        }
        assert seen["a"] == ""
        assert seen["b"]
        lost = [f for i in told["items"] for f in i["findings"] if f["target"] == "b"]
        assert lost
        assert {one["state"] for one in lost} == {"unknown"}
        assert main([*run, "--resume"]) == 1
        again = json.loads(capsys.readouterr().out)
        assert again["previous"] == told["run"]
        assert again["drift"] == []
    assert main(["audit", "verify", "--store", str(tmp_path / "a.db")]) == 0


def public(folder: Path) -> str:
    import base64

    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key = load_pem_private_key((folder / "signer.pem").read_bytes(), None)
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()  # type: ignore[union-attr]


def test_without_a_scope_nobody_is_contacted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    listed = inventory(tmp_path, 1, 2)
    assert main(["audit", "run", "--inventory", str(listed), "--collect"]) == 2
    assert "--scope" in capsys.readouterr().err
