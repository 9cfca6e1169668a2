"""The vault: the same token for the same value, back again, and nothing plain in the file."""

from pathlib import Path

import pytest

from audit.lifecycle.vault import SealedVault
from policies.masks_model import Keys
from rules.load import WorldError

KEYS = Keys(id="k1", master=b"\x03" * 32)


def test_tokens_and_originals(tmp_path: Path) -> None:
    vault = SealedVault(tmp_path / "v.sqlite", KEYS, "sharing")
    one, two, again = vault.tokens("name", ["某测试", "某安北", "某测试"])
    assert one == again != two
    assert vault.tokens("school", ["某测试"]) != [one]
    vault.close()
    reopened = SealedVault(tmp_path / "v.sqlite", KEYS, "sharing")
    assert reopened.tokens("name", ["某测试"]) == [one]
    assert reopened.original(one) == "某测试"
    assert reopened.original("t00") is None
    reopened.close()
    assert "某测试".encode() not in (tmp_path / "v.sqlite").read_bytes()


def test_without_its_key_nothing_opens(tmp_path: Path) -> None:
    vault = SealedVault(tmp_path / "v.sqlite", KEYS, "sharing")
    (token,) = vault.tokens("name", ["某测试"])
    vault.close()
    other = SealedVault(tmp_path / "v.sqlite", Keys(id="k2", master=b"\x04" * 32), "sharing")
    assert other.original(token) is None
    other.close()


def test_what_cannot_be_opened(tmp_path: Path) -> None:
    with pytest.raises(WorldError):
        SealedVault(tmp_path / "no" / "v.sqlite", KEYS, "sharing")
