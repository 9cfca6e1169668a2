"""The tables: every version has its step, and the newest is made from nothing."""

from audit.tables import METADATA, STEPS, VERSION


def test_every_version_has_its_step() -> None:
    assert set(STEPS) == set(range(2, VERSION + 1))


def test_the_tables() -> None:
    assert set(METADATA.tables) == {
        "assessments", "audit_version", "entries", "evidence", "ledger", "organisations",
        "runs", "systems", "targets",
    }  # fmt: skip
