"""Accounts: who may log in, the state and age of passwords (never a hash), sudo, login defaults."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime
from typing import Any

from audit.probes.collected import Collection, Seen
from audit.probes.linux.known import DEFAULTS, HASHES, NO_LOGIN, SHARED, WEAK
from audit.probes.linux.lines import (
    all_text,
    days_since,
    modes_of,
    now_of,
    number,
    real_lines,
    settings,
)

NEVER = 99999
MAX_USERS = 2000


def accounts(seen: Collection) -> dict[str, Any]:
    passwords = _passwords(seen)
    logins = _last_logins(seen)
    now = now_of(seen)
    minimum = number(settings(seen.file("login_defs", "/etc/login.defs")).get("uid_min")) or 1000
    users = []
    for line in seen.file("passwd", "/etc/passwd").splitlines()[:MAX_USERS]:
        user = _user(line, passwords, logins, now, minimum)
        if user:
            users.append(user)
    listed = seen.file("passwd", "/etc/passwd").splitlines()
    return {
        "users": users,
        **_groups(seen),
        **_summary(users),
        "legacy_plus": [line.split(":")[0] for line in listed if line.startswith("+")],
        "uid_min": minimum,
    }


def _user(
    line: str,
    passwords: dict[str, dict[str, Any]],
    logins: dict[str, int | None] | None,
    now: float | None,
    minimum: int,
) -> dict[str, Any] | None:
    words = line.split(":")
    if len(words) != 7 or not words[0] or words[0].startswith("#") or number(words[2]) is None:
        return None
    name, uid = words[0], number(words[2])
    shell = words[6] or "/bin/sh"
    state = passwords.get(name, {})
    kept = words[1] not in ("x", "*", "!", "!!") and "##" not in words[1]
    stale = logins.get(name) if logins is not None else None
    return {
        "name": name,
        "uid": uid,
        "gid": number(words[3]),
        "home": words[5],
        "shell": shell,
        "can_login": shell.rsplit("/", 1)[-1] not in NO_LOGIN,
        "system": uid is not None and 0 < uid < minimum,
        "password": "empty" if words[1] == "" else state.get("password"),
        "password_in_passwd": kept and words[1] != "",
        "hash": state.get("hash"),
        "password_age_days": days_since(state.get("changed"), now),
        "min_days": state.get("min_days"),
        "max_days": state.get("max_days"),
        "warn_days": state.get("warn_days"),
        "inactive_days": state.get("inactive_days"),
        "expired": _expired(state.get("expires"), now),
        "logged_in": None if logins is None or name not in logins else stale is not None,
        "last_login_days": days_since(None if stale is None else float(stale), now),
    }


def _expired(day: int | None, now: float | None) -> bool | None:
    return None if now is None else day is not None and day * 86400 < now


def _passwords(seen: Collection) -> dict[str, dict[str, Any]]:
    """name → what /etc/shadow says, reduced on the host to `name:state:kind:…`."""
    found = {}
    for line in seen.lines("shadow"):
        words = line.split(":")
        if len(words) < 8:
            continue
        changed = number(words[3])
        found[words[0]] = {
            "password": words[1] if words[1] in ("set", "empty", "none", "locked") else None,
            "hash": HASHES.get(words[2], None if words[2] == "-" else "other"),
            "changed": None if changed is None else changed * 86400.0,
            "min_days": number(words[4]),
            "max_days": number(words[5]),
            "warn_days": number(words[6]),
            "inactive_days": number(words[7]),
            "expires": number(words[8]) if len(words) > 8 else None,
        }
    return found


_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_LOGIN = re.compile(
    r"^(\S+)\s.*?\w{3} (\w{3}) +(\d{1,2}) (\d\d):(\d\d):(\d\d) (?:([+-]\d{4}) )?(\d{4})"
)


def _last_logins(seen: Collection) -> dict[str, int | None] | None:
    """name → Unix seconds or None (never), from `lastlog`. None: nobody can say."""
    if seen.section("lastlog").state is not Seen.OK:
        return None
    found: dict[str, int | None] = {}
    for line in seen.lines("lastlog")[1:]:
        name = line.split(" ", 1)[0]
        hit = _LOGIN.match(line)
        if hit and hit[2] in _MONTHS:
            month = _MONTHS.index(hit[2]) + 1
            try:
                moment = datetime(
                    int(hit[8]), month, int(hit[3]), int(hit[4]), int(hit[5]), int(hit[6]),
                    tzinfo=UTC,
                )  # fmt: skip
            except ValueError:
                continue
            found[name] = int(moment.timestamp())
        elif "Never logged in" in line:
            found[name] = None
    return found


def _groups(seen: Collection) -> dict[str, Any]:
    groups = {}
    for line in seen.file("passwd", "/etc/group").splitlines():
        words = line.split(":")
        if len(words) == 4:
            groups[words[0]] = {"gid": number(words[2]), "members": _members(words[3])}
    admins = sorted({one for name in ("wheel", "sudo", "admin") for one in _of(groups, name)})
    return {
        "admins": admins,
        "wheel": _of(groups, "wheel"),
        "docker_group": _of(groups, "docker"),
        "shadow_group": _of(groups, "shadow"),
        "root_groups": [name for name, one in groups.items() if one["gid"] == 0],
        "duplicate_gids": _twice([one["gid"] for one in groups.values()]),
        "group_passwords": [
            line.split(":")[0]
            for line in seen.lines("gshadow")
            if line.endswith((":set", ":empty"))
        ],
    }


def _members(text: str) -> list[str]:
    return [one for one in text.strip().split(",") if one]


def _of(groups: dict[str, dict[str, Any]], name: str) -> list[str]:
    members = groups.get(name, {}).get("members", [])
    return list(members)


def _twice(values: list[Any]) -> list[Any]:
    return sorted(
        value for value, times in Counter(values).items() if times > 1 and value is not None
    )


def _summary(users: list[dict[str, Any]]) -> dict[str, Any]:
    def names(test: Any) -> list[str]:
        return [one["name"] for one in users if test(one)]

    def active(one: dict[str, Any]) -> bool:
        return bool(one["can_login"] and one["password"] in ("set", "empty"))

    return {
        "count": len(users),
        "uid_zero": names(lambda one: one["uid"] == 0),
        "extra_uid_zero": names(lambda one: one["uid"] == 0 and one["name"] != "root"),
        "login": names(lambda one: one["can_login"]),
        "with_password": names(active),
        "empty_password": names(lambda one: one["password"] == "empty"),  # noqa: S105
        "password_in_passwd": names(lambda one: one["password_in_passwd"]),
        "weak_hash": names(lambda one: one["hash"] in WEAK),
        "never_changes": names(
            lambda one: active(one) and (one["max_days"] is None or one["max_days"] >= NEVER)
        ),
        "overdue": names(
            lambda one: (
                active(one)
                and one["max_days"] is not None
                and (one["password_age_days"] or 0) > one["max_days"]
            )
        ),
        "old_password_180": names(
            lambda one: active(one) and (one["password_age_days"] or 0) > 180
        ),
        "idle_90": names(lambda one: active(one) and (one["last_login_days"] or 0) > 90),
        "never_logged_in": names(lambda one: active(one) and one["logged_in"] is False),
        # system accounts are made expired on purpose
        "expired": names(lambda one: one["expired"] and one["can_login"]),
        "defaults_with_login": names(lambda one: one["name"] in DEFAULTS and one["can_login"]),
        "shared_names": names(lambda one: one["name"] in SHARED and one["can_login"]),
        "system_with_login": names(lambda one: one["system"] and one["can_login"]),
        "root_password": next((one["password"] for one in users if one["name"] == "root"), None),
        "duplicate_uids": _twice([one["uid"] for one in users]),
        "duplicate_names": _twice([one["name"] for one in users]),
    }


def login_defs(seen: Collection) -> dict[str, Any]:
    found = settings(seen.file("login_defs", "/etc/login.defs"))
    useradd = settings(seen.file("login_defs", "/etc/default/useradd"))
    return {
        **{
            name: number(found.get(name))
            for name in ("pass_max_days", "pass_min_days", "pass_min_len", "pass_warn_age",
                         "login_retries", "login_timeout", "fail_delay", "uid_min")
        },
        "umask": found.get("umask"),
        "encrypt_method": found.get("encrypt_method", "").upper() or None,
        "faillog": found.get("faillog_enab"),
        "log_ok_logins": found.get("log_ok_logins"),
        "usergroups": found.get("usergroups_enab"),
        "useradd_inactive": number(useradd.get("inactive")),
        "useradd_shell": useradd.get("shell"),
    }  # fmt: skip


def homes(seen: Collection) -> dict[str, Any]:
    modes = {path: one for path, one in modes_of(seen, "homes").items() if one["exists"]}
    trusts = [path for path in modes if path.endswith((".rhosts", "hosts.equiv"))]
    keys = [
        {"path": words[1], "keys": number(words[0])}
        for words in (line.split(maxsplit=1) for line in seen.lines("authorized_keys"))
        if len(words) == 2
    ]
    return {
        "open": [
            path for path, one in modes.items()
            if one["type"] == "directory" and one["other_writable"]
        ],
        "readable_by_others": [
            path for path, one in modes.items()
            if one["type"] == "directory" and path.startswith("/home/") and one["other_readable"]
        ],
        "rhosts": trusts,
        "netrc": [path for path in modes if path.endswith(".netrc")],
        "forward": [path for path in modes if path.endswith(".forward")],
        "authorized_keys": [path for path in modes if path.endswith("authorized_keys")],
        "authorized_keys_open": [
            path for path, one in modes.items()
            if path.endswith("authorized_keys") and (one["group_writable"] or one["other_writable"])
        ],
        "root_keys": sum(one["keys"] or 0 for one in keys),
    }  # fmt: skip


def sudo(seen: Collection) -> dict[str, Any]:
    text = all_text(seen, "sudoers").replace("\\\n", " ")
    rules = [
        line for line in real_lines(text)
        if "=" in line and not re.match(r"(Defaults|\w+_Alias|@include)", line)
    ]  # fmt: skip
    defaults = " ".join(line for line in real_lines(text) if line.startswith("Defaults"))
    timeout = re.search(r"timestamp_timeout\s*=\s*(-?\d+)", defaults)
    log = re.search(r"\blogfile\s*=\s*\"?([^\",\s]+)", defaults)
    return {
        "installed": bool(seen.file("sudoers", "/etc/sudoers")),
        "rules": [_rule(line) for line in rules][:200],
        "everything": [_who(line) for line in rules if re.search(r"\)\s*(\w+:\s*)*ALL\s*$", line)],
        "without_password": [_who(line) for line in rules if "NOPASSWD" in line],
        "use_pty": "use_pty" in defaults and "!use_pty" not in defaults,
        "logfile": log[1] if log else None,
        "timestamp_timeout": int(timeout[1]) if timeout else None,
        "authenticate": "!authenticate" not in text,
        "env_reset": "env_reset" in defaults and "!env_reset" not in defaults,
        "secure_path": "secure_path" in defaults,
    }


def _who(line: str) -> str:
    return line.split(None, 1)[0]


def _rule(line: str) -> dict[str, str]:
    who, *rest = line.split()
    return {"who": who, "rule": " ".join(rest)[:200]}
