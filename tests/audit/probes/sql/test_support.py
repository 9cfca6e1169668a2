"""Last days of support, and what the list does not know."""

import pytest

from audit.probes.sql.support import described, support


@pytest.mark.parametrize(
    ("product", "said", "line"),
    [
        ("postgresql", "15.18 (Debian)", "15"),
        ("mariadb", "10.11.19-MariaDB-log", "10.11"),
        ("mysql", "8.4.3", "8.4"),
        ("sqlserver", "15.0.4360.2", "15"),
        ("oracle", "11.2.0.4.0", "11.2"),
    ],
)
def test_lines(product: str, said: str, line: str) -> None:
    found = described(product, said)
    assert found["line"] == line
    assert found["supported_until"] > 1_500_000_000


def test_what_is_not_listed_is_absent_never_supported() -> None:
    assert "supported_until" not in described("postgresql", "99.1")
    assert "supported_until" not in described("dm", "DM V8")
    assert described("mysql", "no version") == {"text": "no version"}


def test_every_day_is_a_day() -> None:
    for product, lines in support().versions.items():
        for line in lines:
            assert "supported_until" in described(product, f"{line}.1"), (product, line)
