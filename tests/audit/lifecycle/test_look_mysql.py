"""Words of MySQL and MariaDB about accounts; the servers themselves: test_check_cli."""

import pytest

from audit.lifecycle import look_mysql as look


@pytest.mark.parametrize(
    ("grantee", "role"),
    [
        ("'roll'@'localhost'", "roll@localhost"),
        ("'teachers'@'%'", "teachers"),
        ("'teachers'", "teachers"),
        ("'o''neil'@'%'", "o'neil@%"),
        ("'PUBLIC'@''", "PUBLIC"),
        ("PUBLIC", "PUBLIC"),
    ],
)
def test_grantees(grantee: str, role: str) -> None:
    assert look._role(grantee, {"teachers"}) == role


@pytest.mark.parametrize(
    ("pattern", "schema", "covers"),
    [
        ("district", "district", True), ("dis%", "district", True), ("d_s%", "district", True),
        ("district\\_a", "district_a", True), ("district\\_a", "districtxa", False),
        ("district_a", "districtxa", True), ("dis", "district", False), ("a.b", "axb", False),
    ],
)  # fmt: skip
def test_patterns_of_databases(pattern: str, schema: str, covers: bool) -> None:
    assert (look._like(pattern).fullmatch(schema) is not None) is covers


def test_rights_on_everything() -> None:
    found = look._mighty(
        [("a@%", "SELECT"), ("a@%", "UPDATE"), ("b@%", "USAGE"), ("b@%", "PROCESS")]
    )
    assert set(found) == {"a@%"}
    assert "ON *.*" in found["a@%"]
