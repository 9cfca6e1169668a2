"""The local security policy (secedit) and the audit policy (auditpol). Pure.

Names are those of the file formats, which no language changes; the words of a localised
auditpol table are known in Chinese and English, and numbers go before words.
"""

from __future__ import annotations

import csv
import io
import re
from typing import Any

_NUMBERS = {
    "min_length": "MinimumPasswordLength",
    "max_age_days": "MaximumPasswordAge",
    "min_age_days": "MinimumPasswordAge",
    "history": "PasswordHistorySize",
    "lockout_attempts": "LockoutBadCount",
    "lockout_minutes": "LockoutDuration",
    "reset_minutes": "ResetLockoutCount",
}
_SWITCHES = {
    "complexity": "PasswordComplexity",
    "reversible": "ClearTextPassword",
    "guest_enabled": "EnableGuestAccount",
    "administrator_enabled": "EnableAdminAccount",
    "force_logoff": "ForceLogoffWhenHourExpire",
}
RIGHTS = {
    "remote_shutdown": "SeRemoteShutdownPrivilege",
    "take_ownership": "SeTakeOwnershipPrivilege",
    "debug": "SeDebugPrivilege",
    "act_as_system": "SeTcbPrivilege",
    "network_logon": "SeNetworkLogonRight",
    "deny_network_logon": "SeDenyNetworkLogonRight",
    "remote_desktop": "SeRemoteInteractiveLogonRight",
    "clear_log": "SeSecurityPrivilege",
    "backup": "SeBackupPrivilege",
}
SUBCATEGORIES = {
    "logon": "0cce9215-69ae-11d9-bed3-505054503030",
    "logoff": "0cce9216-69ae-11d9-bed3-505054503030",
    "lockout": "0cce9217-69ae-11d9-bed3-505054503030",
    "special_logon": "0cce921b-69ae-11d9-bed3-505054503030",
    "process": "0cce922b-69ae-11d9-bed3-505054503030",
    "users": "0cce9235-69ae-11d9-bed3-505054503030",
    "groups": "0cce9237-69ae-11d9-bed3-505054503030",
    "policy": "0cce922f-69ae-11d9-bed3-505054503030",
    "credentials": "0cce923f-69ae-11d9-bed3-505054503030",
    "integrity": "0cce9212-69ae-11d9-bed3-505054503030",
    "privilege": "0cce9228-69ae-11d9-bed3-505054503030",
    "shares": "0cce9224-69ae-11d9-bed3-505054503030",
}
_WORDS = {
    "success": 1, "failure": 2, "success and failure": 3, "no auditing": 0,
    "成功": 1, "失败": 2, "成功和失败": 3, "成功与失败": 3, "无审核": 0,
}  # fmt: skip


def settings(text: str) -> dict[str, dict[str, str]]:
    """An INF file by section and key, both in small letters."""
    found: dict[str, dict[str, str]] = {}
    now: dict[str, str] = {}
    for line in text.splitlines():
        bare = line.strip().lstrip("\ufeff")
        if bare.startswith("[") and bare.endswith("]"):
            now = found.setdefault(bare[1:-1].strip().lower(), {})
        elif "=" in bare:
            key, _, value = bare.partition("=")
            now.setdefault(key.strip().lower(), value.strip())
    return found


def policy(text: str) -> dict[str, Any]:
    """Password and lock-out rules. What the export does not hold is not in the document."""
    system = settings(text).get("system access", {})
    found: dict[str, Any] = {}
    for name, key in _NUMBERS.items():
        value = system.get(key.lower(), "")
        if re.fullmatch(r"-?\d{1,9}", value):
            found[name] = int(value)
    for name, key in _SWITCHES.items():
        value = system.get(key.lower(), "")
        if value in ("0", "1"):
            found[name] = value == "1"
    for name, key, usual in (
        ("administrator_renamed", "newadministratorname", "administrator"),
        ("guest_renamed", "newguestname", "guest"),
    ):
        if key in system:
            found[name] = system[key].strip('"').lower() != usual
    return found


def rights(text: str) -> dict[str, list[str]] | None:
    """Who has which right, as SIDs or names; a right that nobody has is an empty list."""
    given = settings(text).get("privilege rights")
    if given is None:
        return None
    return {
        name: sorted(
            one.strip().lstrip("*") for one in given.get(key.lower(), "").split(",") if one.strip()
        )
        for name, key in RIGHTS.items()
    }


def audited(text: str) -> dict[str, dict[str, bool]]:
    """Subcategory → success and failure, by GUID."""
    found: dict[str, dict[str, bool]] = {}
    names = {guid: name for name, guid in SUBCATEGORIES.items()}
    try:
        rows = list(csv.reader(io.StringIO(text.replace("\0", ""))))[:5000]
    except csv.Error:
        return {}
    for row in rows:
        guid = next(
            (one.strip().strip("{}").lower() for one in row if one.strip().startswith("{")), ""
        )
        value = _value(row)
        if guid in names and value is not None:
            found[names[guid]] = {"success": bool(value & 1), "failure": bool(value & 2)}
    return found


def _value(row: list[str]) -> int | None:
    last = row[-1].strip() if len(row) > 6 else ""
    if last in ("0", "1", "2", "3"):
        return int(last)
    words = [one.strip().lower() for one in row[4:6]]
    return next((_WORDS[one] for one in words if one in _WORDS), None)
