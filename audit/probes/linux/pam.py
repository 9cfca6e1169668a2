"""PAM: password quality, lock-out, history, who may `su`, from the stacks and their settings.

The words of a module's line win over its settings file, as in the modules themselves.
"""

from __future__ import annotations

import re
from typing import Any

from audit.probes.collected import Collection
from audit.probes.linux.lines import all_text, number, pairs, real_lines, settings

PASSWORD = ("/etc/pam.d/system-auth", "/etc/pam.d/common-password", "/etc/pam.d/password-auth",
            "/etc/pam.d/passwd")  # fmt: skip
AUTH = ("/etc/pam.d/system-auth", "/etc/pam.d/password-auth", "/etc/pam.d/common-auth",
        "/etc/pam.d/sshd", "/etc/pam.d/login", "/etc/pam.d/common-account")  # fmt: skip
HASHES = ("sha512", "sha256", "yescrypt", "gost_yescrypt", "blowfish", "sm3", "md5", "bigcrypt")
CREDITS = ("dcredit", "ucredit", "lcredit", "ocredit")


def pam(seen: Collection) -> dict[str, Any]:
    rules = _rules(seen)
    password = [rule for rule in rules if rule["file"] in PASSWORD and rule["kind"] == "password"]
    auth = [rule for rule in rules if rule["file"] in AUTH]
    unix = _first(password, "pam_unix.so") or {}
    words = unix.get("options", {})
    return {
        "files": sorted({rule["file"] for rule in rules}),
        "quality": quality(seen, password),
        "lockout": lockout(seen, auth),
        "history": history(seen, password),
        "hash": next((name for name in HASHES if name in words), None),
        "empty_password_allowed": any(
            "nullok" in rule["options"] or "nullok_secure" in rule["options"]
            for rule in rules
            if rule["module"] == "pam_unix.so"
        ),
        "su_wheel_only": any(
            rule["file"] == "/etc/pam.d/su"
            and rule["module"] in ("pam_wheel.so", "pam_succeed_if.so")
            and rule["control"] in ("required", "requisite")
            for rule in rules
        ),
        "su_without_password": any(
            rule["file"] == "/etc/pam.d/su" and rule["module"] == "pam_wheel.so"
            and "trust" in rule["options"]
            for rule in rules
        ),
        "second_factor": sorted(
            {
                rule["module"]
                for rule in rules
                if re.search(r"google_auth|oath|radius|u2f|pkcs11|yubico|duo|fprint|biometric|ukey",
                             rule["module"])
            }
        ),
        "directory": sorted(
            {
                rule["module"]
                for rule in rules
                if rule["module"] in ("pam_sss.so", "pam_ldap.so", "pam_krb5.so", "pam_winbind.so")
            }
        ),
        "securetty": any(rule["module"] == "pam_securetty.so" for rule in rules),
        "limits": any(rule["module"] == "pam_limits.so" for rule in rules),
        "access": any(rule["module"] == "pam_access.so" for rule in rules),
        "last_login_shown": any(rule["module"] == "pam_lastlog.so" for rule in rules),
        "tty_audit": any(rule["module"] == "pam_tty_audit.so" for rule in rules),
        "fail_delay": any(rule["module"] == "pam_faildelay.so" for rule in rules),
    }  # fmt: skip


def _rules(seen: Collection) -> list[dict[str, Any]]:
    found = []
    for one in seen.files("pam"):
        for line in real_lines(one.text.replace("\\\n", " ")):
            hit = re.match(r"-?(auth|account|password|session)\s+(\[[^]]*\]|\S+)\s+(\S+)(.*)", line)
            if hit and hit[2] not in ("include", "substack"):
                found.append(
                    {"file": one.path, "kind": hit[1], "control": hit[2],
                     "module": hit[3].rsplit("/", 1)[-1], "options": _options(hit[4])}
                )  # fmt: skip
    return found


def _options(text: str) -> dict[str, str]:
    found = {}
    for word in text.split():
        if word.startswith("#"):
            break
        name, _, value = word.partition("=")
        found[name.lower()] = value
    return found


def _first(rules: list[dict[str, Any]], *modules: str) -> dict[str, Any] | None:
    return next((rule for rule in rules if rule["module"] in modules), None)


def quality(seen: Collection, password: list[dict[str, Any]]) -> dict[str, Any]:
    """What a new password must be. `classes` is how many kinds of characters are demanded."""
    rule = _first(password, "pam_pwquality.so", "pam_cracklib.so", "pam_passwdqc.so")
    module = rule["module"].removesuffix(".so") if rule else None
    said = _flags(all_text(seen, "pam_conf", "/etc/security/pwquality"))
    if module != "pam_pwquality":
        said = {}
    said |= rule["options"] if rule else {}
    demands = {name: number(said.get(name)) for name in CREDITS}
    demanded = sum(value is not None and value < 0 for value in demands.values())
    minimum = number(said.get("minlen"))
    return {
        "module": module,
        "min_length": 8 if minimum is None and module == "pam_pwquality" else minimum,
        **demands,
        "min_classes": number(said.get("minclass")),
        "classes": max(demanded, number(said.get("minclass")) or 0) if module else 0,
        "different": number(said.get("difok")),
        "retry": number(said.get("retry")),
        "max_repeat": number(said.get("maxrepeat")),
        "max_sequence": number(said.get("maxsequence")),
        "user_name_refused": module is not None and said.get("usercheck") != "0",
        "dictionary": module is not None and said.get("dictcheck") != "0",
        "for_root": "enforce_for_root" in said,
        "enforced": module is not None and said.get("enforcing") != "0"
        and (rule or {}).get("control") != "optional",
    }  # fmt: skip


def _flags(text: str) -> dict[str, str]:
    return dict(pairs(text))


def lockout(seen: Collection, auth: list[dict[str, Any]]) -> dict[str, Any]:
    """After how many failures an account is locked, and for how long."""
    rule = _first(auth, "pam_faillock.so", "pam_tally2.so", "pam_tally.so")
    module = rule["module"].removesuffix(".so") if rule else None
    said: dict[str, str] = {}
    if module == "pam_faillock":
        said = _flags(all_text(seen, "pam_conf", "/etc/security/faillock"))
    for one in auth:
        if rule and one["module"] == rule["module"]:
            said |= one["options"]
    deny = number(said.get("deny"))
    unlock = number(said.get("unlock_time"))
    if module == "pam_faillock":
        deny = 3 if deny is None else deny
        unlock = 600 if unlock is None and said.get("unlock_time") != "never" else unlock
    return {
        "module": module,
        "active": module is not None and deny is not None and deny > 0,
        "deny": deny,
        "unlock_seconds": unlock,
        "forever": said.get("unlock_time") in ("never", "0")
        or (str(module).startswith("pam_tally") and unlock is None),
        "interval_seconds": number(said.get("fail_interval")),
        "root_too": "even_deny_root" in said or "root_unlock_time" in said,
        "root_unlock_seconds": number(said.get("root_unlock_time")),
        "audited": "audit" in said,
        "files": sorted({one["file"] for one in auth if rule and one["module"] == rule["module"]}),
        "for_ssh": any(
            one["module"] == (rule or {}).get("module")
            and one["file"].endswith(("password-auth", "common-auth", "sshd", "system-auth"))
            for one in auth
        ),
    }  # fmt: skip


def history(seen: Collection, password: list[dict[str, Any]]) -> dict[str, Any]:
    """How many former passwords are refused."""
    rule = _first(password, "pam_pwhistory.so")
    said = _flags(all_text(seen, "pam_conf", "/etc/security/pwhistory")) if rule else {}
    said |= rule["options"] if rule else {}
    unix = _first(password, "pam_unix.so")
    remembered = number(said.get("remember"))
    if rule and remembered is None:
        remembered = 10  # the module's own default
    if remembered is None and unix:
        remembered = number(unix["options"].get("remember"))
    return {
        "module": "pam_pwhistory" if rule else "pam_unix" if remembered else None,
        "remember": remembered,
        "for_root": "enforce_for_root" in said,
    }


def limits(seen: Collection) -> dict[str, Any]:
    """Core dump and login limits of /etc/security/limits*."""
    rows = []
    for one in sorted(seen.files("pam_conf"), key=lambda each: each.path):
        if "/limits" in one.path:
            rows += [line.split()[:4] for line in real_lines(one.text) if len(line.split()) >= 4]
    core = [row for row in rows if row[2] == "core" and row[0] == "*"]
    dump = settings(all_text(seen, "coredump"))
    return {
        "core_hard_zero": any(row[1] in ("hard", "-") and row[3] == "0" for row in core),
        "core_soft_zero": any(row[1] in ("soft", "-") and row[3] == "0" for row in core),
        "max_logins": min(
            (number(row[3]) or 0 for row in rows if row[2] == "maxlogins"), default=None
        ),
        "processes_limited": any(row[2] == "nproc" for row in rows),
        "files_limited": any(row[2] == "nofile" for row in rows),
        "systemd_storage": dump.get("storage"),
        "systemd_process_max": dump.get("processsizemax"),
        "systemd_stores_none": dump.get("storage") == "none",
    }


def access(seen: Collection) -> dict[str, Any]:
    """Which hosts may come in: hosts.allow, hosts.deny, access.conf, root terminals."""
    allow = list(real_lines(seen.file("nss", "/etc/hosts.allow")))
    deny = list(real_lines(seen.file("nss", "/etc/hosts.deny")))
    rules = list(real_lines(seen.file("pam_conf", "/etc/security/access.conf")))
    terminals = list(real_lines(seen.file("securetty", "/etc/securetty")))
    return {
        "hosts_allow": allow[:50],
        "hosts_deny": deny[:50],
        "hosts_deny_all": any(re.match(r"(ALL|sshd)\s*:\s*ALL", line, re.I) for line in deny),
        "access_rules": rules[:50],
        "root_terminals": terminals[:50],
    }
