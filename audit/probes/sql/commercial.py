"""What recorded rows of Oracle, SQL Server and Dameng DM8 mean, as facts. Pure.

There is no such server here: the columns are those their makers document (docs/limits.md).
Unlimited is null (looked, and there is none), as is a limit that is off.
"""

from __future__ import annotations

import re
from typing import Any

from audit.probes.sql.answers import Replies, Row, integer, names, number, scalar, text, yes
from audit.probes.sql.support import described

_OPEN = ("OPEN", "", "0")
_ORACLE_OWN = frozenset(("SYS", "SYSTEM"))


def oracle(replies: Replies) -> dict[str, Any]:
    """Oracle Database."""
    made: dict[str, Any] = {}
    _first(replies, made, "oracle")
    _named(replies, made, "parameters")
    users = replies.rows("users")
    used = {"DEFAULT"}
    if users is not None:
        opened = [row for row in users if text(row, "account_status") == "OPEN"]
        used = {text(row, "profile") for row in opened} or used
        made["users"] = {"open": names(opened, "username")}
    profiles = replies.rows("profiles")
    if profiles is not None:
        made["limits"] = _oracle_limits(profiles, used)
        made["profiles"] = sorted(used)
    for query, place, column in (
        ("defaults", "default_passwords", "username"),
        ("dba", "administrators", "grantee"),
        ("unified", "audit_policies", "name"),
    ):
        rows = replies.rows(query)
        if rows is not None:
            made[place] = [one for one in names(rows, column) if one not in _ORACLE_OWN]
    if "default_passwords" in made and users is not None:
        made["default_passwords"] = [
            one for one in made["default_passwords"] if one in made["users"]["open"]
        ]
    public = replies.rows("public")
    if public is not None:
        made["public"] = {"packages": names(public, "name")}
    log = replies.rows("log_mode")
    if log:
        made["archiving"] = text(log[0], "log_mode").upper() == "ARCHIVELOG"
        made["replication"] = {
            "role": text(log[0], "database_role"),
            "mode": text(log[0], "protection_mode"),
        }
    spaces = replies.rows("encryption")
    if spaces is not None:
        made["tablespaces"] = {
            "plain": names([r for r in spaces if yes(r.get("encrypted")) is not True], "name"),
            "encrypted": names([r for r in spaces if yes(r.get("encrypted")) is True], "name"),
        }
    return made


def _oracle_limits(rows: tuple[Row, ...], used: set[str]) -> dict[str, Any]:
    """For each limit the weakest of the profiles in use; null where one is unlimited."""
    said = {(text(r, "profile"), text(r, "name").lower()): text(r, "value") for r in rows}
    made: dict[str, Any] = {}
    for name in sorted({limit for _, limit in said}):
        values = []
        for profile in sorted(used):
            value = said.get((profile, name), "DEFAULT")
            values.append(said.get(("DEFAULT", name), "") if value == "DEFAULT" else value)
        if name == "password_verify_function":
            made[name] = sorted(set(values)) if all(_is_function(one) for one in values) else None
            continue
        numbers = [number(one) for one in values]
        weakest = max((one for one in numbers if one is not None), default=None)
        made[name] = None if None in numbers else weakest
    return made


def _is_function(value: str) -> bool:
    return value.upper() not in ("", "NULL", "DEFAULT", "UNLIMITED")


def sqlserver(replies: Replies) -> dict[str, Any]:
    """Microsoft SQL Server."""
    made: dict[str, Any] = {}
    _first(replies, made, "sqlserver")
    version = replies.rows("version")
    if version:
        made["settings"] = {"windows_only": yes(version[0].get("windows_only"))}
        made["replication"] = {"always_on": yes(version[0].get("always_on"))}
    logins = replies.rows("logins")
    if logins is not None:
        active = [row for row in logins if yes(row.get("is_disabled")) is not True]
        made["logins"] = {
            "active": names(active, "name"),
            "without_policy": names(
                [r for r in active if yes(r.get("is_policy_checked")) is not True], "name"
            ),
            "without_expiry": names(
                [r for r in active if yes(r.get("is_expiration_checked")) is not True], "name"
            ),
            "weak": names([r for r in active if text(r, "kind") in ("empty", "own-name")], "name"),
            "built_in_enabled": any(yes(row.get("built_in")) is True for row in active),
            "named_sa": "sa" in [text(row, "name").lower() for row in active],
        }
    for query, place, column in (
        ("admins", "administrators", "name"),
        ("guests", "guest", "name"),
    ):
        rows = replies.rows(query)
        if rows is not None:
            made[place] = names(rows, column)
    options = replies.rows("options")
    if options is not None:
        made["options"] = {
            re.sub(r"\W+", "_", text(row, "name").lower()): yes(row.get("value")) for row in options
        }
    databases = replies.rows("databases")
    if databases is not None:
        made["databases"] = {
            "names": names(databases, "name"),
            "plain": names(
                [r for r in databases if yes(r.get("is_encrypted")) is not True], "name"
            ),
            "trustworthy": names(
                [r for r in databases if yes(r.get("is_trustworthy_on")) is True], "name"
            ),
            "simple_recovery": names(
                [r for r in databases if text(r, "recovery").upper() == "SIMPLE"], "name"
            ),
            "without_checksum": names(
                [r for r in databases if text(r, "verify").upper() != "CHECKSUM"], "name"
            ),
        }
    audits = replies.rows("audits")
    if audits is not None:
        running = [row for row in audits if yes(row.get("is_state_enabled")) is True]
        made["audits"] = {"on": names(running, "name"), "all": names(audits, "name")}
    backups = replies.rows("backups")
    if backups is not None and databases is not None:
        days = {text(row, "name"): integer(row.get("days")) for row in backups}
        made["backups"] = {
            "late": sorted(
                one
                for one in made["databases"]["names"]
                if days.get(one) is None or (days[one] or 0) > 7
            )
        }
    elif backups is not None:
        replies.lack("backups", "databases", "not-run")
    sessions = replies.rows("sessions")
    if sessions:
        made["sessions"] = {"plain": integer(sessions[0].get("plain"))}
    return made


def dm(replies: Replies) -> dict[str, Any]:
    """Dameng DM8."""
    made: dict[str, Any] = {}
    _first(replies, made, "dm")
    _named(replies, made, "parameters")
    limits = replies.rows("limits")
    if limits is not None:
        people = [row for row in limits if text(row, "username") not in ("SYS",)]
        made["limits"] = {
            "no_lockout": _without(people, "failed_login_attempts"),
            "no_expiry": _without(people, "password_days"),
            "no_idle": _without(people, "idle_minutes"),
            "from_anywhere": names([r for r in people if not text(r, "allow_addr")], "username"),
        }
    users = replies.rows("users")
    if users is not None:
        opened = [row for row in users if text(row, "account_status").upper() in _OPEN]
        found = names(opened, "username")
        made["users"] = {
            "open": found,
            "security_officer": "SYSSSO" in names(users, "username"),
            "auditor": "SYSAUDITOR" in names(users, "username"),
        }
    administrators = replies.rows("dba")
    if administrators is not None:
        made["administrators"] = [one for one in names(administrators, "grantee") if one != "SYS"]
    public = replies.rows("public")
    if public is not None:
        made["public"] = {"tables": names(public, "owner", "name")}
    archive = replies.rows("archive")
    if archive:
        made["archiving"] = yes(archive[0].get("arch_mode"))
    audited = replies.rows("audited")
    if audited is not None:
        made["audit_policies"] = names(audited, "name")
    return made


def _without(rows: list[Row], column: str) -> list[str]:
    """Who has no such limit: 0, -1, unlimited or nothing."""
    return names([row for row in rows if (number(row.get(column)) or 0) <= 0], "username")


def _first(replies: Replies, made: dict[str, Any], product: str) -> None:
    rows = replies.rows("version")
    if rows:
        made["version"] = described(product, text(rows[0], "version"))


def _named(replies: Replies, made: dict[str, Any], query: str) -> None:
    rows = replies.rows(query)
    if rows is not None:
        made["settings"] = {text(row, "name").lower(): scalar(row.get("value")) for row in rows}
