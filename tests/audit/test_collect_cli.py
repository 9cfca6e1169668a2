"""The commands of collecting: what they print, where they refuse, their exit codes."""

import getpass
import json
import shutil
from pathlib import Path

import pytest

from audit.cli import main
from tests.audit import sshd_hosts
from tests.audit.seen import RECORDINGS


def test_the_script_is_shown_and_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", "collect-script", "--show"]) == 0
    assert "/etc/passwd" in capsys.readouterr().out
    assert main(["audit", "collect-script", "--json"]) == 0
    version = json.loads(capsys.readouterr().out)["version"]
    assert main(["audit", "collect-script", "--output", str(tmp_path / "c.sh")]) == 0
    assert version in (tmp_path / "c.sh").read_text()


def test_import(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(RECORDINGS / f"{name}.txt") for name in ("debian12", "anolis8")]
    assert main(["audit", "import-collected", *files, "--output", str(tmp_path), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["evidence"]
    assert [one["target"] for one in rows] == ["debian12", "anolis8"]
    assert rows[0]["gaps"] == []
    assert "sudo" in rows[1]["gaps"]
    assert len(list(tmp_path.glob("*.json"))) == 2


def test_a_file_that_is_no_output_changes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x.txt").write_text("hello")
    good = str(RECORDINGS / "debian12.txt")
    into = ["--output", str(tmp_path / "e")]
    assert main(["audit", "import-collected", good, str(tmp_path / "x.txt"), *into]) == 2
    assert "x.txt:1:1" in capsys.readouterr().err
    assert not (tmp_path / "e").exists()
    assert main(["audit", "import-collected", good, good, "--target", "a"]) == 2
    assert main(["audit", "import-collected", str(tmp_path / "none")]) == 3


INVENTORY = "targets:\n  - {id: a, name: a, system: oa, kind: server, address: 127.0.0.1}\n"
SCOPE = (
    "id: s\nsystem: oa\ntargets: [a, b]\nbegins: 2020-01-01\nends: 2099-01-01\nper_minute: 6000\n"
)


def signed(folder: Path, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """A signed scope and its signers, as arguments."""
    (folder / "scope.yaml").write_text(SCOPE)
    assert main(["audit", "scope", "key", "li", "--out", str(folder / "li.pem")]) == 0
    line = capsys.readouterr().out
    (folder / "signers.yaml").write_text(f"district: d\nkeys:\n{line}")
    key = ["--signer", "li", "--key", str(folder / "li.pem")]
    assert main(["audit", "scope", "sign", str(folder / "scope.yaml"), *key]) == 0
    capsys.readouterr()
    return ["--scope", str(folder / "scope.yaml"), "--signers", str(folder / "signers.yaml")]


def test_scopes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    signed(tmp_path, capsys)
    verify = ["audit", "scope", "verify", str(tmp_path / "scope.yaml"), "--signers",
              str(tmp_path / "signers.yaml")]  # fmt: skip
    assert main(verify) == 0
    assert main([*verify, "--json"]) == 0
    (tmp_path / "scope.yaml").write_text(SCOPE.replace("[a, b]", "[a, b, c]"))
    assert main(verify) == 2
    assert "good signatures" in capsys.readouterr().err
    assert main(["audit", "scope", "key", "li", "--out", str(tmp_path / "li.pem")]) == 2


def test_ssh_wants_a_scope(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "i.yaml").write_text(INVENTORY)
    assert main(["audit", "collect", "--inventory", str(tmp_path / "i.yaml")]) == 2
    assert "--scope" in capsys.readouterr().err
    assert main(["audit", "collect"]) == 2


def test_the_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "i.yaml").write_text(INVENTORY)
    assert main(["audit", "sample", "--inventory", str(tmp_path / "i.yaml"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["chosen"] == ["a"]
    assert main(["audit", "sample", "--inventory", str(tmp_path / "i.yaml")]) == 0


@pytest.mark.wire
def test_here(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["audit", "collect", "--target", "local", "--output", str(tmp_path), "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["evidence"][0]["facts"] > 500
    assert said["cpu_seconds"] > 0


@pytest.mark.wire
@pytest.mark.skipif(shutil.which("sshd") is None, reason="openssh-server is not here")
def test_over_ssh_and_resumed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One host answers, one does not: exit code 1; the second time only the other is asked."""
    trust = signed(tmp_path, capsys)
    answer = f"ForceCommand cat {RECORDINGS / 'debian12.txt'}"
    with sshd_hosts.hosts(tmp_path, [answer]) as up:
        rows = "".join(
            f"  - {{id: {name}, name: x, system: oa, kind: server, address: 127.0.0.1,"
            f' access: {{port: "{port}"}}}}\n'
            for name, port in (("a", up[0].port), ("b", sshd_hosts.free_port()))
        )
        (tmp_path / "i.yaml").write_text("targets:\n" + rows)
        call = ["audit", "collect", "--inventory", str(tmp_path / "i.yaml"), *trust,
                "--user", getpass.getuser(), "--key", str(tmp_path / "client"),
                "--known-hosts", str(tmp_path / "known_hosts"),
                "--output", str(tmp_path / "e"), "--json"]  # fmt: skip
        assert main(call) == 1
        first = json.loads(capsys.readouterr().out)
        assert main(call) == 1
        second = json.loads(capsys.readouterr().out)
    assert [bool(one["problem"]) for one in first["evidence"]] == [False, True]
    assert second["skipped"] == ["a"]
    assert [one["target"] for one in second["evidence"]] == ["b"]
