"""Every code has its check, and what is known and grave comes first."""

from audit.checks import CHECKS, load_checks
from audit.lifecycle.breaches import CODES, SEVERITIES, breach, rank, unknown
from audit.lifecycle.model import Address
from rules.model import Text

AT = Address(source="d", table="t")


def test_codes_and_checks_are_the_same() -> None:
    checks = load_checks(CHECKS / "dataset")
    assert {f"dataset-{code}" for code in CODES} == set(checks)
    for code, (_, severity) in CODES.items():
        assert severity in SEVERITIES
        assert str(checks[f"dataset-{code}"].severity) == severity, code
        assert checks[f"dataset-{code}"].serves, code


def test_the_order() -> None:
    why = Text(zh="没看", en="not looked at")
    low = breach("absent", "r", AT, "少", "less")
    high = breach("overdue", "r", AT, "多", "more", count=3)
    blind = unknown("overdue", "r", AT, why)
    assert sorted((blind, low, high), key=rank) == [high, low, blind]
    assert not blind.known
    assert high.known
    assert blind.what == why
