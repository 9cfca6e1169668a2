"""Devices that Orders name wait sealed, and not for ever."""

from pathlib import Path

from gateway.identity import devices
from gateway.identity.seal import Seal

NOW = 1_800_000_000.0
SEAL = Seal(b"s" * 32)


def test_there_and_back(tmp_path: Path) -> None:
    folder = tmp_path / "identity"
    assert devices.load(folder, SEAL, NOW) == []
    devices.remember(folder, SEAL, "no-1", "10.200.1.7", NOW)
    devices.remember(folder, SEAL, "no-1", "10.200.1.8", NOW + 60)
    devices.remember(folder, SEAL, "no-1", "10.200.1.7", NOW + 120)
    found = devices.load(folder, SEAL, NOW + 120)
    assert [(one.text, one.at) for one in found] == [
        ("10.200.1.8", NOW + 60),
        ("10.200.1.7", NOW + 120),
    ]
    data = (folder / devices.NAME).read_bytes()
    assert b"10.200" not in data
    assert (folder / devices.NAME).stat().st_mode & 0o077 == 0


def test_after_two_days_it_is_gone(tmp_path: Path) -> None:
    devices.remember(tmp_path, SEAL, "no-1", "10.200.1.7", NOW)
    assert devices.load(tmp_path, SEAL, NOW + devices.KEPT) == []


def test_damaged_or_of_another_key_is_none(tmp_path: Path) -> None:
    devices.remember(tmp_path, SEAL, "no-1", "10.200.1.7", NOW)
    assert devices.load(tmp_path, Seal(b"t" * 32), NOW) == []
    (tmp_path / devices.NAME).write_bytes(b"nonsense")
    assert devices.load(tmp_path, SEAL, NOW) == []
