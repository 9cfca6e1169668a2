"""What Redis answered, or what stands in its redis.conf, as facts. Pure.

No password and no hash of one comes into a document: of `requirepass` only whether it is set,
of each ACL user only whether he is on, needs a password, and what he may do.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from typing import Any

from audit.probes.sql.answers import scalar
from audit.probes.sql.support import described

SETTINGS = (
    "appendonly", "acllog-max-len", "bind", "databases", "dir", "enable-debug-command",
    "enable-module-command", "logfile", "loglevel", "maxclients", "maxmemory",
    "maxmemory-policy", "port", "protected-mode", "rdbchecksum", "save", "syslog-enabled",
    "tcp-keepalive", "timeout", "tls-auth-clients", "tls-cluster", "tls-port",
    "tls-protocols", "tls-replication", "unixsocketperm", "enable-protected-configs",
    "replica-read-only", "min-replicas-to-write", "appendfsync", "slowlog-max-len",
)  # fmt: skip
SECRETS = ("requirepass", "masterauth", "tls-key-file-pass", "tls-client-key-file-pass")
DANGEROUS = ("flushall", "flushdb", "debug", "keys", "shutdown")
_ADMIN = frozenset(("acl", "config", "debug", "module", "replicaof", "shutdown", "slaveof"))
RISKY = frozenset((*DANGEROUS, *_ADMIN, "migrate"))
GROUPS: Mapping[str, frozenset[str]] = {"+@dangerous": RISKY, "+@admin": _ADMIN}
_TEXTS = ("dir", "logfile", "maxmemory", "save", "unixsocketperm", "loglevel", "maxmemory-policy",
          "tls-auth-clients", "enable-debug-command", "enable-module-command",
          "enable-protected-configs", "appendfsync")  # fmt: skip
_UNITS = {"k": 1000, "kb": 1024, "m": 1000**2, "mb": 1024**2, "g": 1000**3, "gb": 1024**3, "b": 1}
MAX_LINES = 20_000


def settings(given: Mapping[str, str]) -> dict[str, Any]:
    """The settings that are looked at; of secrets nothing."""
    made: dict[str, Any] = {}
    for name in SETTINGS:
        if name in given:
            key, said = name.replace("-", "_"), given[name]
            made[key] = _value(name, said)
    return made


def _value(name: str, said: str) -> Any:
    if name in ("bind", "tls-protocols"):
        return [one.lstrip("-").strip("\"'") for one in said.split() if one.strip("\"'")]
    if name == "maxmemory":
        return size(said)
    return said.strip() if name in _TEXTS else scalar(said)


def size(said: str) -> int | None:
    """`64mb` in bytes; None for what is none."""
    found = re.fullmatch(r"(\d{1,15})([a-z]{0,2})", said.strip().lower())
    if not found or (found[2] and found[2] not in _UNITS):
        return None
    return int(found[1]) * _UNITS.get(found[2] or "b", 1)


def users(lines: Iterable[str]) -> dict[str, Any]:
    """ACL rules (`user NAME on #hash ~* +@all …`) as facts."""
    found: dict[str, Any] = {"on": [], "nopass": [], "all_commands": [], "dangerous": [],
                             "all_keys": [], "default_on": True, "count": 0}  # fmt: skip
    for line in lines:
        words = line.split()
        if len(words) < 2 or words[0].lower() != "user":
            continue
        name, rules = words[1][:100], _rules(words[2:])
        found["count"] += 1
        on = _last(rules, "on", "off") == "on"
        if name == "default":
            found["default_on"] = on
        if not on:
            continue
        found["on"].append(name)
        if _last(rules, "nopass", "resetpass") == "nopass":
            found["nopass"].append(name)
        whole, left = _commands(rules)
        if whole:
            found["all_commands"].append(name)
        if left:
            found["dangerous"].append(name)
        if "~*" in rules or "allkeys" in rules:
            found["all_keys"].append(name)
    return found


def _rules(words: list[str]) -> list[str]:
    """The rules that count: after the last `reset`, those of selectors `( … )` among them."""
    rules = [bare for one in words if (bare := one.lower().strip("()"))]
    resets = [at for at, one in enumerate(rules) if one == "reset"]
    return rules[resets[-1] + 1 :] if resets else rules


def _commands(rules: list[str]) -> tuple[bool, set[str]]:
    """Whether all commands are allowed without exception, and which risky ones, in order."""
    whole, left = False, set[str]()
    for one in rules:
        if one in ("+@all", "allcommands"):
            whole, left = True, {*RISKY}
        elif one in ("-@all", "nocommands"):
            whole, left = False, set()
        elif one in GROUPS:
            left |= GROUPS[one]
        elif one.startswith("-"):
            whole = False
            left -= GROUPS.get("+" + one[1:], {one[1:]})
        elif one.startswith("+") and one[1:] in RISKY:
            left.add(one[1:])
    return whole, left


def _last(rules: list[str], *wanted: str) -> str:
    return next((one for one in reversed(rules) if one in wanted), "")


def access(given: Mapping[str, str], acl: Mapping[str, Any] | None) -> dict[str, Any]:
    """Who may enter: `open` where the default user is on and needs no password."""
    if acl is not None:
        return {
            "users": acl,
            "open": "default" in acl["nopass"],
            "password": "default" not in acl["nopass"],
            "acl": acl["count"] > 1,
        }
    password = bool(given.get("requirepass", "").strip("\"'"))
    return {"open": not password, "password": password, "acl": False}


def live(
    info: Mapping[str, Any],
    given: Mapping[str, str] | None,
    acl: list[str] | None,
    commands: Mapping[str, bool] | None,
) -> dict[str, Any]:
    """The document of a running server; None where a command was refused."""
    made: dict[str, Any] = {}
    gaps: list[dict[str, str]] = []
    for place, there, command in (
        ("settings", given, "CONFIG GET"),
        ("access", acl, "ACL LIST"),
        ("commands", commands, "COMMAND INFO"),
    ):
        if there is None:
            gaps.append({"path": place, "why": "denied", "detail": command})
    if info:
        made["version"] = described("redis", str(info.get("redis_version", "")))
        made["server"] = {
            "role": info.get("role"),
            "replicas": info.get("connected_slaves"),
            "persisted": info.get("rdb_last_bgsave_status"),
            "aof": info.get("aof_enabled") in (1, "1"),
            "config_file": bool(info.get("config_file")),
        }
    else:
        gaps += [{"path": one, "why": "denied", "detail": "INFO"} for one in ("version", "server")]
    if given is not None:
        made["settings"] = settings(given)
        made["persistence"] = _persistence(given)
        made["tls"] = _tls(given)
    else:
        gaps += [{"path": one, "why": "denied", "detail": "CONFIG GET"}
                 for one in ("persistence", "tls")]  # fmt: skip
    if acl is not None:
        made["access"] = access({}, users(acl))
    if commands is not None:
        made["commands"] = {"there": sorted(name for name, on in commands.items() if on)}
    return {"platform": "redis", **made, "gaps": gaps}


def _persistence(given: Mapping[str, str]) -> dict[str, Any]:
    aof = scalar(given.get("appendonly", "no")) is True
    saves = bool(given.get("save", "").strip("\"' "))
    return {"aof": aof, "rdb": saves, "any": aof or saves}


def _tls(given: Mapping[str, str]) -> dict[str, Any]:
    secure = scalar(given.get("tls-port", "0")) not in (0, False)
    plain = scalar(given.get("port", "6379")) not in (0, False)
    bound = _value("bind", given.get("bind", "")) if "bind" in given else ["*"]
    local = bool(bound) and all(one in ("127.0.0.1", "::1", "localhost") for one in bound)
    protocols = str(given.get("tls-protocols", "")).lower()
    return {
        "on": secure,
        "plain_remote": plain and not local,
        "local_only": local,
        "old": bool(re.search(r"tlsv1(\.[01])?(?![.\d])", protocols)),
    }


DEFAULTS = {"protected-mode": "yes", "port": "6379", "tls-port": "0", "timeout": "0",
            "appendonly": "no", "save": "3600 1 300 100 60 10000", "maxmemory": "0",
            "bind": "127.0.0.1 -::1", "logfile": "", "loglevel": "notice",
            "maxclients": "10000", "rdbchecksum": "yes", "syslog-enabled": "no",
            "tls-protocols": "", "enable-debug-command": "no",
            "enable-module-command": "no"}  # fmt: skip


def offline(text: str) -> dict[str, Any]:
    """The document of a redis.conf. Without `bind`, Redis listens everywhere (before 6.2 too)."""
    given: dict[str, str] = {}
    renamed: dict[str, str] = {}
    rules: list[str] = []
    gaps: list[dict[str, str]] = []
    for raw in text.replace("\r", "").split("\n")[:MAX_LINES]:
        line = raw.strip()[:4096]
        if not line or line.startswith("#"):
            continue
        name, _, rest = line.partition(" ")
        name, rest = name.lower(), rest.strip()
        if name == "rename-command":
            words = _split(rest)
            if words:
                renamed[words[0].lower()] = words[1] if len(words) > 1 else ""
        elif name == "user":
            rules.append(line)
        elif name in ("include", "aclfile", "loadmodule"):
            if name != "loadmodule":
                places = ("settings", "access", "tls", "persistence", "commands")
                gaps += [{"path": one, "why": "not-run", "detail": f"{name}: other file"}
                         for one in (places if name == "include" else ("access",))]  # fmt: skip
        elif name == "save" and given.get("save"):
            given["save"] += f" {rest}"
        else:
            given[name] = rest.strip('"') if name not in ("bind",) else rest
    whole = {**DEFAULTS, "bind": "*", **given}
    made: dict[str, Any] = {
        "settings": settings(whole),
        "persistence": _persistence(whole),
        "tls": _tls(whole),
        "access": access(whole, _with_password(rules, whole)),
        "commands": {"there": [one for one in sorted(DANGEROUS) if one not in renamed]},
    }
    gaps += [{"path": one, "why": "not-run", "detail": "INFO"} for one in ("version", "server")]
    return {"platform": "redis", **made, "gaps": gaps}


def _with_password(rules: list[str], given: Mapping[str, str]) -> dict[str, Any]:
    """ACL rules of a file: a default user who is not named is on, `requirepass` his password."""
    if not any(one.split()[1:2] == ["default"] for one in rules):
        secret = "resetpass" if given.get("requirepass") else "nopass"
        rules = [f"user default on {secret} ~* +@all", *rules]
    return users(rules)


def _split(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        return text.split()
