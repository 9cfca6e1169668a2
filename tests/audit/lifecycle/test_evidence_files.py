"""Two commands write into one folder: both targets are listed, files are their owner's alone."""

from pathlib import Path

import pytest

from audit.lifecycle.check_evidence import sealed
from audit.lifecycle.evidence_files import LISTING, keep, replace_file
from audit.model import Evidence
from audit.targets import load_inventory
from rules.load import WorldError


def of(target: str) -> Evidence:
    return sealed(
        {"a": 1}, target=target, probe="dataset", method="m", collector="c", taken=1.0, dated=1.0
    )


def test_targets_stand_beside_each_other(tmp_path: Path) -> None:
    keep(tmp_path, of("one"), "甲", "portal")
    keep(tmp_path, of("two"), "乙", "")
    keep(tmp_path, of("one"), "丙", "mail")
    found = load_inventory(tmp_path / LISTING).targets
    assert [(one.id, one.name, one.system) for one in found] == [
        ("two", "乙", ""), ("one", "丙", "mail"),
    ]  # fmt: skip
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    assert len([*tmp_path.iterdir()]) == 3


def test_the_inventory_of_somebody_is_left_alone(tmp_path: Path) -> None:
    text = "id: district\ntargets:\n  - {id: a, name: a, system: '', kind: data}\n"
    (tmp_path / LISTING).write_text(text, encoding="utf-8")
    with pytest.raises(WorldError, match="not written by us"):
        keep(tmp_path, of("one"), "甲", "")
    assert (tmp_path / LISTING).read_text(encoding="utf-8") == text
    assert [path.name for path in tmp_path.iterdir()] == [LISTING]


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(WorldError, match="can not be written"):
        replace_file(tmp_path / "no" / "r.html", b"x")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(WorldError, match="can not be written"):
        keep(tmp_path / "file", of("one"), "甲", "")
