"""Oracle, SQL Server, DM8: the weakest profile counts, unlimited is none (test_recorded.py)."""

from __future__ import annotations

from typing import Any

import pytest

from audit.probes.sql.answers import Replies, reply
from audit.probes.sql.commercial import dm, oracle, sqlserver


def of(**rows: list[dict[str, Any]]) -> Replies:
    return Replies(found={name: reply(one, limit=100) for name, one in rows.items()})


@pytest.mark.parametrize(
    ("own", "default", "wanted"),
    [("5", "10", 10.0), ("DEFAULT", "7", 7.0), ("UNLIMITED", "5", None), ("20", "5", 20.0)],
)
def test_the_weakest_profile_in_use_counts(own: str, default: str, wanted: float | None) -> None:
    made = oracle(
        of(
            users=[{"username": "A", "account_status": "OPEN", "profile": "APP"},
                   {"username": "B", "account_status": "OPEN", "profile": "DEFAULT"}],
            profiles=[{"profile": "APP", "name": "FAILED_LOGIN_ATTEMPTS", "value": own},
                      {"profile": "DEFAULT", "name": "FAILED_LOGIN_ATTEMPTS", "value": default}],
        )
    )  # fmt: skip
    assert made["limits"]["failed_login_attempts"] == wanted


def test_a_database_without_a_backup_is_late() -> None:
    replies = of(databases=[{"name": "a", "is_encrypted": 1}], backups=[])
    assert sqlserver(replies)["backups"] == {"late": ["a"]}
    replies = of(backups=[])
    assert "backups" not in sqlserver(replies)
    assert replies.gaps[0]["path"] == "backups"


def test_unlimited_in_dm() -> None:
    row = {"username": "A", "failed_login_attempts": 0, "password_days": None, "idle_minutes": 5}
    found = dm(of(limits=[row]))["limits"]
    assert (found["no_lockout"], found["no_expiry"], found["no_idle"]) == (["A"], ["A"], [])


def test_nothing_answered_makes_no_facts() -> None:
    assert oracle(of()) == sqlserver(of()) == dm(of()) == {}
