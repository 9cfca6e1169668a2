"""Rows of MySQL and MariaDB as facts. The real server: test_live.py."""

from __future__ import annotations

from typing import Any

import pytest

from audit.probes.sql.answers import Replies, reply
from audit.probes.sql.mysql import facts, flavour


def of(**rows: list[dict[str, Any]]) -> tuple[dict[str, Any], list[dict[str, str]]]:
    replies = Replies(found={name: reply(one, limit=100) for name, one in rows.items()})
    return facts(replies), replies.gaps


@pytest.mark.parametrize(
    ("version", "comment", "wanted"),
    [("10.11.6-MariaDB", "", "mariadb"), ("5.5.5-10.5", "MariaDB Server", "mariadb"),
     ("8.0.36", "MySQL Community Server", "mysql")],
)  # fmt: skip
def test_flavour(version: str, comment: str, wanted: str) -> None:
    assert flavour(version, comment) == wanted


def test_an_old_handshake_prefix_is_no_version() -> None:
    made, _ = of(version=[{"version": "5.5.5-10.11.6-MariaDB", "me": "a@b", "clock": 1}])
    assert made["version"]["line"] == "10.11"


def user(name: str, host: str, kind: str = "set", **more: Any) -> dict[str, Any]:
    return {"user": name, "host": host, "kind": kind, "ssl_type": "", **more}


def test_accounts() -> None:
    made, _ = of(
        users_mariadb=[
            user("", "%", "empty"),
            user("root", "%", "own-name", super_priv="Y"),
            user("app", "10.%", "sha1", file_priv="Y", ssl_type="ANY"),
            user("gone", "%", "empty", account_locked="Y"),
            user("mysql.sys", "localhost", "none", super_priv="Y"),
        ]
    )
    found = made["users"]
    assert found["names"] == ["@%", "app@10.%", "root@%"]
    assert found["empty_password"] == found["anonymous"] == ["@%"]
    assert found["root_remote"] == found["own_name_password"] == ["root@%"]
    assert found["file"] == found["powerful"] == ["app@10.%"]
    assert found["remote_without_tls"] == ["@%", "root@%"]


def test_an_account_that_sees_only_its_own_says_so() -> None:
    rows = {
        "version": [{"version": "8.4.1", "comment": "MySQL", "me": "a@h", "clock": 1}],
        "users_mysql": [user("a", "h", select_priv="N", show_db_priv="N")],
        "schemas": [{"name": "school"}],
        "personal": [],
        "encrypted": [{"tables": 0, "encrypted": None}],
    }
    made, gaps = of(**rows)
    assert {"databases", "personal", "tables"} & set(made) == set()
    assert {one["path"] for one in gaps} == {"databases", "personal", "tables"}
    rows["users_mysql"] = [user("a", "h", select_priv="Y")]
    made, gaps = of(**rows)
    assert made["databases"]["names"] == ["school"]
    assert gaps == []


def test_settings() -> None:
    variables = {"have_ssl": "DISABLED", "tls_version": "TLSv1.1,TLSv1.2", "sql_mode": "",
                 "expire_logs_days": "10.000000", "validate_password.length": "8"}  # fmt: skip
    made, _ = of(variables=[{"Variable_name": k, "Value": v} for k, v in variables.items()])
    found = made["settings"]
    assert found["tls"] is False
    assert found["old_tls"] == ["TLSv1.1"]
    assert found["strict"] is False
    assert found["binlog_days"] == 10
    assert found["validate_password_length"] == 8


def test_wildcards_that_are_escaped_are_none() -> None:
    grants = [
        {"user": "a", "host": "h", "db": "school\\_1"},
        {"user": "a", "host": "h", "db": "t%"},
    ]
    made, _ = of(schema_grants=grants)
    assert made["grants"]["wildcards"] == ["a@h: t%"]


def test_replicas_and_functions() -> None:
    made, _ = of(
        version=[{"version": "8.4.1", "me": "a@h"}],
        users_mysql=[user("a", "h", select_priv="Y")],
        replicas=[{"address": "10.1.2.3"}, {"address": "localhost"}],
        functions=[{"name": "sys_exec", "dl": "lib.so"}],
        encrypted=[{"tables": 3, "encrypted": "1"}],
    )
    assert made["replication"] == {"replicas": 2, "remote": 1}
    assert made["functions"] == ["sys_exec.lib.so"]
    assert made["tables"]["plain"] == 2
