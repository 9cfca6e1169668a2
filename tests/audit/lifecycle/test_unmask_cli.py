"""`qinglang data unmask`: nothing opens without a signer, a request, and two approvals."""

from pathlib import Path

import pytest

from audit.cli import main
from audit.lifecycle import key_files, unmask_cli
from policies.masks_keyed import ff1, seal
from policies.masks_model import Context, Ff1, Seal
from rules.recognise.personal.kinds import Kind


def options(tmp_path: Path, algorithm: str, kind: str = "") -> object:
    import argparse

    key = tmp_path / "mask.key"
    if not key.exists():
        key_files.rotate(key)
    return argparse.Namespace(
        key_file=key, policy="sharing", column="t.c", kind=kind, algorithm=algorithm, vault=None
    )


def test_sealed_and_encrypted_values_open(tmp_path: Path) -> None:
    told = options(tmp_path, "seal")
    context = Context(
        purpose="sharing", keys=key_files.read(tmp_path / "mask.key"), dataset="t", column="c"
    )
    opened = unmask_cli._opener(told)  # type: ignore[arg-type]
    assert opened(seal(Seal(), context)("某测试")) == "某测试"
    assert opened("qm1:k1:AAAA") is None
    from dataclasses import replace

    opened = unmask_cli._opener(options(tmp_path, "ff1", "bank_card"))  # type: ignore[arg-type]
    hidden = ff1(Ff1(), replace(context, kind=Kind.BANK_CARD))("9999000000000000")
    assert opened(hidden) == "9999000000000000"


def test_without_a_node_nothing_is_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "v.txt").write_text("qm1:k1:AAAA\n", encoding="utf-8")
    told = ["data", "unmask", "ask", f"{tmp_path}/v.txt", "--column", "t.c", "--by", "officer",
            "--reason", "核对学籍", "--data", f"{tmp_path}/node"]  # fmt: skip
    assert main(told) in (2, 3)
    assert main([*told[:3], f"{tmp_path}/none.txt", *told[4:]]) == 2
    assert "AAAA" not in "".join(capsys.readouterr())


def test_a_token_needs_its_vault(tmp_path: Path) -> None:
    from rules.load import DataError

    with pytest.raises(DataError):
        unmask_cli._opener(options(tmp_path, "token"))  # type: ignore[arg-type]
    with pytest.raises(DataError):
        unmask_cli._opener(options(tmp_path, "seal", "nowhere"))  # type: ignore[arg-type]
