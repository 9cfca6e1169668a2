"""The key file: made once, for its owner only, refused when it is none."""

from pathlib import Path

import pytest

from audit.keyfile import load_keys
from rules.load import WorldError


def test_made_once(tmp_path: Path) -> None:
    place = tmp_path / "sub" / "k"
    with pytest.raises(WorldError):
        load_keys(place, make=False)
    first = load_keys(place, make=True)
    assert load_keys(place, make=False).wrapping == first.wrapping
    assert place.stat().st_mode & 0o077 == 0
    place.chmod(0o640)
    with pytest.raises(WorldError, match="chmod"):
        load_keys(place, make=False)
