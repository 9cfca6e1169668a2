"""Sealing: what was sealed opens, and nothing else does."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.identity.seal import Seal, SealError, ensure_key, read_key
from rules.load import WorldError

SEAL = Seal(b"k" * 32)


@given(st.binary(max_size=200), st.text(max_size=20).filter(lambda t: t.isprintable()))
def test_what_was_sealed_opens(data: bytes, belongs: str) -> None:
    assert SEAL.open(SEAL.seal(data, belongs), belongs) == data


def test_equal_texts_seal_differently() -> None:
    assert SEAL.seal(b"x", "a") != SEAL.seal(b"x", "a")


@given(st.binary(max_size=80))
def test_other_bytes_do_not_open(data: bytes) -> None:
    with pytest.raises(SealError):
        SEAL.open(data, "a")


def test_moved_changed_or_foreign_rows_do_not_open() -> None:
    sealed = SEAL.seal(b"name", "a")
    for changed in (sealed[:-1], sealed[:-1] + b"\0\0", b"\x02" + sealed[1:]):
        with pytest.raises(SealError):
            SEAL.open(changed, "a")
    with pytest.raises(SealError):
        SEAL.open(sealed, "b")
    with pytest.raises(SealError):
        Seal(b"o" * 32).open(sealed, "a")


def test_marks_are_keyed() -> None:
    assert SEAL.index("x") == SEAL.index("x")
    assert len({SEAL.index("x"), SEAL.index("y"), Seal(b"o" * 32).index("x")}) == 3


def test_the_key_file(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "names.key"
    key = ensure_key(path)
    assert ensure_key(path) == key == read_key(path)
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    with pytest.raises(WorldError, match="chmod 600"):
        read_key(path)
    path.chmod(0o600)
    path.write_bytes(b"short")
    with pytest.raises(WorldError, match="32"):
        read_key(path)
    with pytest.raises(WorldError, match="names"):
        read_key(tmp_path / "names")
    with pytest.raises(ValueError, match="32"):
        Seal(b"short")
