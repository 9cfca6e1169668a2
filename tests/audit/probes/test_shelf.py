"""Evidence in a folder: owner only, whole or not at all, known again when collecting resumes."""

from pathlib import Path

import pytest

from audit.probes.host import evidence, nothing
from audit.probes.shelf import keep, name, read, taken
from rules.load import DataError
from tests.audit.seen import RECORDINGS

ONE = evidence(
    "web01", (RECORDINGS / "debian12.txt").read_bytes(), method="m", taken=9.0, live=True
)


def test_kept_and_read(tmp_path: Path) -> None:
    path = keep(tmp_path / "e", ONE)
    assert read(path) == ONE
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert list(path.parent.iterdir()) == [path]


def test_what_is_there_already(tmp_path: Path) -> None:
    keep(tmp_path, ONE)
    keep(tmp_path, nothing("bad", "unreachable", method="m", taken=9.0))
    (tmp_path / "broken.json").write_text("{")
    assert taken(tmp_path) == {"web01"}
    assert taken(tmp_path, since=10.0) == set()
    assert taken(tmp_path / "none") == set()


def test_names_stay_in_the_folder() -> None:
    assert "/" not in name(nothing("../../etc/x", "p", method="m", taken=1.0))


@pytest.mark.parametrize("text", ["", "[]", '{"id": 1}', "[" * 100_000])
def test_what_is_no_evidence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(DataError, match="no evidence"):
        read(path)
