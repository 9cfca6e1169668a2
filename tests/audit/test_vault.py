"""Keys and bodies: what is shut opens only with its key, in its place, unchanged."""

import os

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audit.vault import VaultError, fresh_keys, opened, read_keys, shut

KEY = bytes(range(32))


def test_there_and_back() -> None:
    keys = read_keys(fresh_keys(os.urandom))
    sealed = shut(keys.wrapping, "证据".encode(), "a", os.urandom)
    assert opened(keys.wrapping, sealed, "a").decode() == "证据"
    assert "wrapping" not in repr(keys)


@pytest.mark.parametrize(("key", "place"), [(bytes(32), "a"), (KEY, "b")])
def test_another_key_or_place(key: bytes, place: str) -> None:
    with pytest.raises(VaultError):
        opened(key, shut(KEY, b"x", "a", os.urandom), place)


@pytest.mark.parametrize(
    "data",
    [b"", b"{}", b"[]", b'{"kind": "qinglang-audit-keys", "format": 2}',
     b'{"kind": "qinglang-audit-keys", "format": 1, "wrapping": "eA==", "signing": "eA=="}'],
)  # fmt: skip
def test_no_key_file(data: bytes) -> None:
    with pytest.raises(VaultError):
        read_keys(data)


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=80))
def test_foreign_bytes(data: bytes) -> None:
    with pytest.raises(VaultError):
        opened(KEY, data, "a")
    with pytest.raises(VaultError):
        read_keys(data)
