"""Columns by their names."""

import pytest

from audit.probes.sql.personal import columns


@pytest.mark.parametrize(
    ("name", "excessive"),
    [("id_card", False), ("手机号", False), ("religion", True), ("blood_type", True),
     ("指纹", True), ("银行卡号", True), ("gender", False), ("general", False)],
)  # fmt: skip
def test_kinds(name: str, excessive: bool) -> None:
    found = columns([{"schema": "s", "name": "t", "column": name}])
    assert found["found"] == [f"s.t.{name}"]
    assert bool(found["excessive"]) is excessive


def test_the_name_of_a_table_is_not_looked_at() -> None:
    assert columns([{"name": "religion", "column": "phone"}])["excessive"] == []
