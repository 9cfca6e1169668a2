"""Folders of policies: order, replacement, and files nobody would read."""

from pathlib import Path

import pytest

from policies.load import SHIPPED, load_policies
from policies.policy import Scope
from rules.load import DataError

YEAR_2028 = """id: cn-2028
year: 2027
title: {zh: 年, en: y}
holidays: []
makeup: []
basis: []
"""
SCHOOL = """id: {id}
title: {{zh: 校, en: school}}
scope: {scope}
"""


def write(folder: Path, name: str, text: str) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_shipped() -> None:
    found = load_policies()
    assert {"district", "kindergarten", "senior", "example"} <= {p.id for p in found.policies}
    assert {2025, 2026} <= {year.year for year in found.years}
    names = {p.id for p in found.policies} | {f"calendar/{c.id}" for c in found.calendars}
    assert set(found.sources) == names


def test_a_later_folder_replaces_by_id(tmp_path: Path) -> None:
    write(tmp_path, "stages/senior.yaml", SCHOOL.format(id="senior", scope="preset"))
    found = {p.id: p for p in load_policies([tmp_path]).policies}
    assert found["senior"].clauses == ()
    assert found["junior"].clauses
    assert "example" in found


def test_own_schools_put_the_example_away(tmp_path: Path) -> None:
    write(tmp_path, "schools/s1.yaml", SCHOOL.format(id="s1", scope="school"))
    found = load_policies([tmp_path])
    schools = {p.id for p in found.policies if p.scope is Scope.SCHOOL}
    assert schools == {"s1"}
    assert "example" not in found.sources


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("schools/s1.yaml", SCHOOL.format(id="s2", scope="school"), "is not the file name"),
        ("schools/s1.yaml", SCHOOL.format(id="s1", scope="group"), "does not belong"),
        ("school.yaml", "id: x", "nobody reads"),
        ("schools/s1.yml", "id: x", "nobody reads"),
        ("calendar/cn-2027.yaml", "id: cn-2027", "missing"),
        ("calendar/cn-2027.yaml", YEAR_2028, "is not the file name"),
        ("district.yaml", "", "empty"),
        ("district.yaml", "a: [", "not valid YAML"),
        ("notes.txt", "hello", "holds no policy"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, name: str, text: str, said: str) -> None:
    write(tmp_path, name, text)
    with pytest.raises(DataError, match=said):
        load_policies([tmp_path])


def test_a_missing_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist"):
        load_policies([tmp_path / "none"])


def test_hostile_bytes(tmp_path: Path) -> None:
    (tmp_path / "district.yaml").write_bytes(b"\xff\xfe\x00id")
    with pytest.raises(DataError, match="UTF-8"):
        load_policies([tmp_path])


def test_all_problems_of_all_files(tmp_path: Path) -> None:
    write(tmp_path, "schools/a.yaml", "id: a\n")
    write(tmp_path, "groups/b.yaml", "id: b\nscope: gruop\n")
    with pytest.raises(DataError) as caught:
        load_policies([tmp_path])
    assert {Path(p.file).name for p in caught.value.problems} == {"a.yaml", "b.yaml"}


def test_the_shipped_folder_is_the_package() -> None:
    assert (SHIPPED / "district.yaml").is_file()


@pytest.mark.parametrize("name", ["junior", "ai-class", "district"])
def test_a_school_cannot_take_the_place_of_a_preset(tmp_path: Path, name: str) -> None:
    write(tmp_path, f"schools/{name}.yaml", SCHOOL.format(id=name, scope="school"))
    with pytest.raises(DataError, match="is already the id of a"):
        load_policies([tmp_path])
