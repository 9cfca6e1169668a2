"""Records: the audit daemon and its rules, system logs and where they go, rotation, time."""

from __future__ import annotations

import re
from typing import Any

from audit.probes.collected import Collection, Seen
from audit.probes.linux.lines import (
    all_text,
    days_since,
    modes_of,
    now_of,
    number,
    pairs,
    real_lines,
    settings,
)

WATCHES = {
    "passwd": r"-[wF] ?(path=)?/etc/passwd\b",
    "shadow": r"-[wF] ?(path=)?/etc/shadow\b",
    "group": r"-[wF] ?(path=)?/etc/group\b",
    "gshadow": r"-[wF] ?(path=)?/etc/gshadow\b",
    "opasswd": r"-[wF] ?(path=)?/etc/security/opasswd\b",
    "sudoers": r"-[wF] ?(path=|dir=)?/etc/sudoers\b",
    "sshd_config": r"-[wF] ?(path=|dir=)?/etc/ssh\b",
    "pam": r"-[wF] ?(path=|dir=)?/etc/pam\.d\b",
    "login_defs": r"-[wF] ?(path=)?/etc/login\.defs\b",
    "logins": r"-[wF] ?(path=|dir=)?/var/(log/(lastlog|faillog|tallylog)|run/faillock)",
    "sessions": r"-[wF] ?(path=)?/var/(run|log)/[ubw]tmp",
    "time_change": r"-S \S*(adjtimex|settimeofday|clock_settime)",
    "hostname": r"-S \S*set(host|domain)name",
    "hosts": r"-[wF] ?(path=)?/etc/(hosts|issue)\b",
    "modules": r"(init_module|delete_module|/sbin/(insmod|modprobe))",
    "mounts": r"-S \S*mount\b",
    "deletion": r"-S \S*(unlink|rename)",
    "permissions": r"-S \S*(chmod|chown|setxattr)",
    "refused_access": r"exit=-E(ACCES|PERM)",
    "commands": r"-S \S*execve",
    "privileged": r"perm=x|path=/usr/bin/(sudo|su|passwd)\b",
    "cron": r"-[wF] ?(path=|dir=)?/etc/cron|/var/spool/cron",
    "mac_policy": r"/etc/(selinux|apparmor)",
    "audit_itself": r"/etc/audit|/var/log/audit|/sbin/auditctl",
}


def audit(seen: Collection) -> dict[str, Any]:
    """The rules that are loaded, else those of the files; both are told apart."""
    loaded = [line for line in seen.lines("audit_loaded") if line.startswith("-")]
    files = [line for line in real_lines(all_text(seen, "audit_rules")) if line.startswith("-")]
    rules = loaded or files
    text = "\n".join(rules)
    conf = settings(seen.file("audit_conf", "/etc/audit/auditd.conf"))
    state = settings(seen.text("audit_state"))
    number_of = {
        name: number(conf.get(name)) for name in ("max_log_file", "num_logs", "space_left")
    }
    kept = number_of["max_log_file"], number_of["num_logs"]
    return {
        "installed": bool(conf) or seen.section("audit_state").state is Seen.OK,
        "kernel_enabled": number(state.get("enabled")),
        "daemon_pid": number(state.get("pid")),
        "lost": number(state.get("lost")),
        "backlog_limit": number(state.get("backlog_limit")),
        "rules_loaded": len(loaded) if seen.section("audit_loaded").state is Seen.OK else None,
        "rules_in_files": sum(not line.startswith(("-D", "-b", "-f", "-e")) for line in files),
        "source": "loaded" if loaded else "files" if files else None,
        "covers": {name: bool(re.search(sign, text)) for name, sign in WATCHES.items()},
        "covered": sum(bool(re.search(sign, text)) for sign in WATCHES.values()),
        "immutable": number(state.get("enabled")) == 2
        or any(re.match(r"-e\s+2", one) for one in files),
        "log_file": conf.get("log_file"),
        "log_format": conf.get("log_format"),
        "max_log_file_mb": kept[0],
        "num_logs": kept[1],
        "capacity_mb": kept[0] * kept[1] if kept[0] and kept[1] else None,
        "max_log_file_action": conf.get("max_log_file_action", "").lower() or None,
        "space_left_action": conf.get("space_left_action", "").lower() or None,
        "admin_space_left_action": conf.get("admin_space_left_action", "").lower() or None,
        "disk_full_action": conf.get("disk_full_action", "").lower() or None,
        "flush": conf.get("flush"),
        "sent_away": _plugin(seen, "au-remote") or _plugin(seen, "syslog"),
    }


def _plugin(seen: Collection, name: str) -> bool:
    return any(
        one.path.endswith(f"/{name}.conf") and settings(one.text).get("active", "").lower() == "yes"
        for one in seen.files("audit_conf")
    )


_ACTION = re.compile(r"^[ \t]*([\w.*,;!=-]+)\s+(-?@{1,2}\S+)")
_OMFWD = re.compile(r"omfwd", re.I)


def syslog(seen: Collection) -> dict[str, Any]:
    text = all_text(seen, "syslog")
    remote = _remote(text)
    journald = settings(all_text(seen, "journald"))
    there = _log_files(seen)
    return {
        "configured": bool(text),
        "remote": remote,
        "sent_away": bool(remote) or bool(journald.get("url")),
        "remote_reliable": bool(remote) and all(one["transport"] != "udp" for one in remote),
        "remote_tls": any(one["tls"] for one in remote),
        "logs_auth": bool(re.search(r"^[ \t]*auth(priv)?[.,*]|^[ \t]*\*\.(?!=)", text, re.M)),
        "logs_cron": bool(re.search(r"^[ \t]*cron\.|^[ \t]*\*\.(?!=)", text, re.M)),
        "accepts_remote": bool(
            re.search(r"^[ \t]*(\$ModLoad\s+im(udp|tcp)|module\(load=\"im(udp|tcp)\""
                r"|\$(UDP|Input\w*TCP)ServerRun)",
                      text, re.M | re.I)
        ),
        "file_create_mode": _found(r"FileCreateMode[\"=\s]*(0?\d{3})", text),
        "journal_storage": journald.get("storage"),
        "journal_persistent": journald.get("storage") == "persistent"
        or "/var/log/journal" in there,
        "journal_forwards": journald.get("forwardtosyslog", "").lower() == "yes",
        "journal_max_use": journald.get("systemmaxuse"),
        "journal_max_retention": journald.get("maxretentionsec"),
        "journal_sealed": journald.get("seal", "yes").lower() == "yes",
    }  # fmt: skip


def _found(pattern: str, text: str) -> str | None:
    hit = re.search(pattern, text, re.I)
    return hit[1] if hit else None


def _remote(text: str) -> list[dict[str, Any]]:
    found = []
    tls = bool(re.search(r"StreamDriverMode[\"=\s]*1|StreamDriver=\"gtls|ossl", text, re.I))
    for line in real_lines(text.replace("\\\n", " ")):
        hit = _ACTION.match(line)
        if hit:
            target = hit[2].lstrip("-")
            found.append(
                _server(target.lstrip("@"), "tcp" if target.startswith("@@") else "udp", tls)
            )
    for block in re.findall(r"action\(([^()]{0,2000})\)", text):
        target = _found(r"target=\"([^\"]+)\"", block)
        if _OMFWD.search(block) and target:
            how = (_found(r"protocol=\"(\w+)\"", block) or "udp").lower()
            found.append(_server(target, how, tls or "gtls" in block or "ossl" in block))
        relp = re.search(r"omrelp", block) and target
        if relp:
            found.append({"host": target, "transport": "relp", "tls": 'tls="on"' in block})
    for how, target in re.findall(r"\b(udp|tcp|tls|network)\(\s*\"([^\"]+)\"", text):
        found.append(
            {"host": target, "transport": "udp" if how == "udp" else "tcp", "tls": how == "tls"}
        )
    return found[:20]


def _server(text: str, transport: str, tls: bool) -> dict[str, Any]:
    host = re.sub(r"^\([^)]*\)", "", text).partition(";")[0]
    return {"host": host, "transport": transport, "tls": tls and transport == "tcp"}


def _log_files(seen: Collection) -> dict[str, dict[str, Any]]:
    found = {}
    for line in seen.lines("log_files"):
        words = line.split(None, 6)
        if len(words) == 7 and re.fullmatch(r"[0-7]{1,4}", words[0]):
            bits = int(words[0], 8)
            found[words[6]] = {
                "path": words[6], "mode": f"{bits:04o}", "owner": words[1], "group": words[2],
                "size": number(words[3]), "modified": number(words[4]), "type": words[5],
                "other_readable": bool(bits & 4), "other_writable": bool(bits & 2),
            }  # fmt: skip
    return found


SYSTEM_LOGS = (
    "messages",
    "secure",
    "syslog",
    "auth.log",
    "cron",
    "cron.log",
    "kern.log",
    "maillog",
)


def log_files(seen: Collection) -> dict[str, Any]:
    there = _log_files(seen)
    now = now_of(seen)
    files = {path: one for path, one in there.items() if one["type"] == "f"}
    system = {
        path: one for path, one in files.items()
        if re.sub(r"[-.](\d+|\d{8})(\.\w+)?$", "", path.removeprefix("/var/log/")) in SYSTEM_LOGS
    }  # fmt: skip
    names = {"0": "root"} | {  # find prints numbers
        words[2]: words[0]
        for words in (line.split(":") for line in seen.file("passwd", "/etc/passwd").splitlines())
        if len(words) == 7 and words[0] == "syslog"
    }
    oldest = min((one["modified"] for one in system.values() if one["modified"]), default=None)
    return {
        "count": len(files),
        "oldest_days": days_since(oldest, now),
        "other_writable": [path for path, one in files.items() if one["other_writable"]],
        "other_readable": [path for path, one in system.items() if one["other_readable"]],
        "login_records": "/var/log/wtmp" in files,
        "failure_records": "/var/log/btmp" in files,
        "not_root": [
            path
            for path, one in system.items()
            if names.get(one["owner"], one["owner"]) not in ("root", "syslog")
        ],
        "journal_on_disk": "/var/log/journal" in there,
        "audit_log": "/var/log/audit/audit.log" in files,
    }


_PERIOD = {"hourly": 1 / 24, "daily": 1, "weekly": 7, "monthly": 30, "yearly": 365}


def logrotate(seen: Collection) -> dict[str, Any]:
    """How many days rotated logs are kept: for the system logs, and by file of settings."""
    main = seen.file("logrotate", "/etc/logrotate.conf")
    base = _rotation("\n".join(head for head, _ in _blocks(main)), {})
    kept: dict[str, int | None] = {}
    for one in seen.files("logrotate"):
        for head, body in _blocks(one.text):
            rotation = _rotation(body, base)
            for path in re.findall(r"/\S+", re.sub(r"#[^\n]*", "", head)) if body else ():
                kept[path] = _days(rotation)
    system = {path: days for path, days in kept.items() if path.rsplit("/", 1)[-1] in SYSTEM_LOGS}
    known = [days for days in system.values() if days is not None]
    return {
        "configured": bool(main),
        "default_days": _days(base),
        "system_days": min(known) if known else _days(base),
        "by_file": [{"path": path, "days": days} for path, days in sorted(kept.items())][:100],
        "compress": "compress" in base,
        "create_mode": base.get("create", "").split(" ")[0] or None,
    }


def _blocks(text: str) -> list[tuple[str, str]]:
    """What stands before and within each pair of braces; the last has an empty inside."""
    found = [piece.partition("{") for piece in text.split("}")]
    return [(head, body) for head, _, body in found]


def _rotation(text: str, base: dict[str, str]) -> dict[str, str]:
    found = dict(base)
    for name, value in pairs(text):
        if name in _PERIOD:
            found["period"] = name
        elif name in ("rotate", "maxage", "size", "maxsize", "compress", "create"):
            found[name] = value
    return found


def _days(rotation: dict[str, str]) -> int | None:
    count, period = number(rotation.get("rotate")), rotation.get("period")
    if count is None or ("size" in rotation and "period" not in rotation):
        return None
    days = int(count * _PERIOD.get(period or "weekly", 7))
    limit = number(rotation.get("maxage"))
    return min(days, limit) if limit else days


def time(seen: Collection) -> dict[str, Any]:
    texts = {one.path: one.text for one in seen.files("time_conf")}
    servers = []
    for path, text in texts.items():
        if "timesyncd" in path:
            said = settings(text)
            servers += said.get("ntp", "").split() + said.get("fallbackntp", "").split()
        elif path != "/etc/timezone":
            servers += [value.split()[0] for name, value in pairs(text)
                        if name in ("server", "pool", "peer") and value]  # fmt: skip
    tracking = settings(seen.text("chrony").replace(" : ", "="))
    leap = re.search(r"Leap status\s*:\s*(.+)", seen.text("chrony"))
    synced = [path for path, one in modes_of(seen, "timesync").items() if one["exists"]]
    zone = seen.text("time_zone").strip()
    return {
        "servers": servers[:30],
        "configured": bool(servers),
        "synchronised": (leap[1].strip() == "Normal") if leap else True if synced else None,
        "stratum": number(tracking.get("stratum")),
        "zone": zone.split("zoneinfo/")[-1] or texts.get("/etc/timezone", "").strip() or None,
    }
