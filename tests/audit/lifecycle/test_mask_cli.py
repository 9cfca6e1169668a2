"""`qinglang data mask|mask-key|certificate`: exit codes, and no value in what is said."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from audit.cli import main
from tests.audit.lifecycle.school import fill, person


@pytest.fixture
def school(tmp_path: Path) -> Path:
    rows = ["学号,姓名,手机号"]
    rows += [f"{one[0]},{one[1]},{one[3]}" for one in map(person, range(40))]
    (tmp_path / "a.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    return tmp_path


def test_mask_then_verify(school: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = Ed25519PrivateKey.generate()
    (school / "sign.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    (school / "public.pem").write_bytes(
        key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    assert main(["data", "mask-key", f"{school}/mask.key"]) == 0
    target, paper = school / "b.csv", school / "b.csv.certificate.json"
    told = ["data", "mask", "--policy", "test-copy", "--in", f"{school}/a.csv", "--out",
            f"{target}", "--key-file", f"{school}/mask.key", "--sign-key",
            f"{school}/sign.pem"]  # fmt: skip
    assert main(told) == 0
    check = ["data", "certificate", "verify", f"{paper}", "--key", f"{school}/public.pem"]
    assert main([*check, "--result", f"{target}"]) == 0
    target.write_text("changed", encoding="utf-8")
    assert main([*check, "--result", f"{target}"]) == 1
    paper.write_text(paper.read_text("utf-8").replace("test-copy", "sharing"), encoding="utf-8")
    assert main([*check, "--json"]) == 1
    said = "".join(capsys.readouterr())
    assert "证书成立" in said
    assert "1990000" not in said


def test_json_and_the_plan(school: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = ["data", "mask", "--policy", "sharing", "--in", f"{school}/a.csv", "--out",
            f"{school}/b.csv", "--json"]  # fmt: skip
    assert main([*told, "--plan"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert [one["algorithm"] for one in plan[0]["columns"]] == ["pseudonym", "keep", "keep"]
    assert main(told) == 0
    assert json.loads(capsys.readouterr().out)["published"] is True


def test_databases(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fill(f"sqlite:///{tmp_path}/a.db", 20)
    told = ["data", "mask", "--policy", "test-copy", "--in", f"sqlite:///{tmp_path}/a.db", "--out",
            f"sqlite:///{tmp_path}/b.db", "--certificate", f"{tmp_path}/c.json"]  # fmt: skip
    assert main([*told, "--plan"]) == 0
    assert "student.xm: name → fake" in capsys.readouterr().out
    assert main(told) == 0
    assert main(["data", "certificate", "verify", f"{tmp_path}/c.json"]) == 0


@pytest.mark.parametrize(
    "more",
    [
        ["--policy", "nowhere.yaml"],
        ["--out", "sqlite:////tmp/x.db"],
        ["--in", "/no/such.csv"],
        ["--key-file", "/no/such.key"],
        ["--vault", "/no/such.vault"],
        ["--inventory", "/no/such.json"],
        ["--sign-key", "/no/such.pem"],
    ],
)
def test_bad_input_is_2(school: Path, more: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    told = ["data", "mask", "--policy", "test-copy", "--in", f"{school}/a.csv", "--out",
            f"{school}/b.csv"]  # fmt: skip
    assert main([*told, *more]) == 2
    assert "1990000" not in "".join(capsys.readouterr())


def test_a_paper_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "c.json").write_text("{}", encoding="utf-8")
    assert main(["data", "certificate", "verify", f"{tmp_path}/c.json"]) == 1
    assert main(["data", "certificate", "verify", f"{tmp_path}/none.json"]) == 2
