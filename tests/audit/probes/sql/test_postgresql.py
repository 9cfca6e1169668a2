"""Rows of PostgreSQL as facts. The real server: test_live.py."""

from __future__ import annotations

from typing import Any

import pytest

from audit.probes.sql.answers import Replies, reply
from audit.probes.sql.postgresql import facts


def of(**rows: list[dict[str, Any]]) -> tuple[dict[str, Any], list[dict[str, str]]]:
    replies = Replies(found={name: reply(one, limit=100) for name, one in rows.items()})
    return facts(replies), replies.gaps


def rule(**more: Any) -> dict[str, Any]:
    return {"line_number": 1, "type": "host", "database": "all", "users": "all",
            "auth_method": "scram-sha-256", "broken": False, **more}  # fmt: skip


@pytest.mark.parametrize(
    ("row", "places"),
    [
        (rule(address="127.0.0.1", netmask="255.255.255.255"), set()),
        (rule(address="samehost"), set()),
        (rule(address="::1", netmask="ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), set()),
        (rule(address="10.1.0.0", netmask="255.255.0.0"), {"without_tls"}),
        (rule(address="0.0.0.0", netmask="0.0.0.0"), {"without_tls", "anywhere"}),
        (rule(address="all"), {"without_tls", "anywhere"}),
        (rule(address="::", netmask="::"), {"without_tls", "anywhere"}),
        (rule(address="all", type="hostssl"), {"anywhere"}),
        (rule(address="all", auth_method="reject"), set()),
        (rule(address="10.1.2.3", auth_method="password", type="hostnossl"),
         {"without_tls", "plain"}),
        (rule(type="local", auth_method="trust"), {"trust"}),
        (rule(address="all", database="replication", type="hostssl"),
         {"anywhere", "replication_anywhere"}),
        (rule(address="nonsense", netmask="x"), {"without_tls"}),
        (rule(address="all", broken=True), set()),
    ],
)  # fmt: skip
def test_rules_of_authentication(row: dict[str, Any], places: set[str]) -> None:
    made, _ = of(hba=[row])
    found = {name for name, lines in made["hba"].items() if isinstance(lines, list) and lines}
    assert found == places


def test_what_is_hidden_from_a_plain_account_is_a_gap() -> None:
    made, gaps = of(settings=[{"name": "ssl", "setting": "on", "pending_restart": False}])
    assert made["settings"]["ssl"] is True
    assert {one["path"] for one in gaps} == {"settings.shared_preload_libraries", "modules"}


def test_roles_and_dates() -> None:
    role = {"rolsuper": False, "rolcanlogin": True, "rolconnlimit": -1, "expires": True}
    made, _ = of(
        version=[{"number": "16.2", "me": "a", "clock": 1000, "recovering": False}],
        roles=[
            {**role, "rolname": "old", "until": 999},
            {**role, "rolname": "new", "until": 1001},
            {**role, "rolname": "group", "rolcanlogin": False, "expires": False},
        ],
    )
    assert made["roles"]["expired"] == ["old"]
    assert made["roles"]["never_expires"] == []
    assert made["roles"]["logins"] == ["new", "old"]


def test_standbys_elsewhere() -> None:
    made, _ = of(
        standbys=[
            {"address": "10.1.2.3", "state": "streaming", "sync_state": "sync"},
            {"address": "127.0.0.1", "state": "streaming", "sync_state": "async"},
            {"address": None, "state": "startup", "sync_state": "async"},
        ]
    )
    assert made["replication"] == {"streaming": 2, "remote": 1, "synchronous": 1}


def test_nothing_answered_makes_no_facts() -> None:
    assert of() == ({}, [])
