"""The SSH server: what is in force (`sshd -T`), else what its files say, with their defaults.

sshd takes the first value of a keyword; what stands in a Match block holds for some only and
is told apart. Includes are followed among the files that were read.
"""

from __future__ import annotations

import re
from fnmatch import fnmatch
from typing import Any

from audit.probes.collected import Collection, Seen
from audit.probes.linux.known import (
    SSHD_DEFAULTS,
    SSHD_MANY,
    WEAK_CIPHERS,
    WEAK_KEX,
    WEAK_MACS,
)
from audit.probes.linux.lines import number, real_lines

YES = ("yes", "true", "1")
_TIME = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800, "": 1}


def sshd(seen: Collection) -> dict[str, Any]:
    effective = seen.section("sshd_effective")
    config, matches = configured(seen)
    in_force = _effective(effective.text) if effective.state is Seen.OK else {}
    said = in_force or {**{name: [value] for name, value in SSHD_DEFAULTS.items()}, **config}
    present = bool(config or in_force or seen.files("sshd_config"))
    return {
        "present": present,
        "source": "effective" if in_force else "config" if config else None,
        "options": {name: " ".join(values) for name, values in sorted(said.items())}
        if present
        else {},
        "explicit": sorted(config),
        "match_blocks": matches,
        **(_facts(said) if present else {}),
    }


def _effective(text: str) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in real_lines(text):
        name, _, value = line.partition(" ")
        found.setdefault(name.lower(), []).append(value.strip())
    return found


def configured(seen: Collection) -> tuple[dict[str, list[str]], list[str]]:
    """The first value of each keyword outside Match blocks, and the heads of those blocks."""
    files = {one.path: one.text for one in seen.files("sshd_config")}
    found: dict[str, list[str]] = {}
    matches: list[str] = []
    lines = _included(files, "/etc/ssh/sshd_config", 0)
    inside = False
    for name, value in lines:
        if name == "match":
            inside = value.lower() != "all"
            matches.append(value[:120])
        elif inside:
            matches.append(f"  {name} {value}"[:120])
        elif name in SSHD_MANY:
            found.setdefault(name, []).append(value)
        else:
            found.setdefault(name, [value])
    return found, matches[:100]


def _included(files: dict[str, str], path: str, depth: int) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for line in real_lines(files.get(path, "")):
        hit = re.match(r"(\w+)(?:\s*=\s*|\s+)(.*)$", line)
        if not hit:
            continue
        name, value = hit[1].lower(), hit[2].split(" #")[0].strip().strip('"')
        if name != "include":
            found.append((name, value))
            continue
        for pattern in value.split() if depth < 4 else ():
            whole = pattern if pattern.startswith("/") else f"/etc/ssh/{pattern}"
            for other in sorted(name for name in files if fnmatch(name, whole)):
                found += _included(files, other, depth + 1)
    return found


def _facts(said: dict[str, list[str]]) -> dict[str, Any]:
    def one(name: str) -> str:
        return (said.get(name) or [""])[0].lower()

    def yes(name: str) -> bool:
        return one(name) in YES

    def words(name: str) -> list[str]:
        return [word for value in said.get(name, ()) for word in value.replace(",", " ").split()]

    ciphers, macs, kex = words("ciphers"), words("macs"), words("kexalgorithms")
    interval, count = seconds(one("clientaliveinterval")), number(one("clientalivecountmax"))
    idle = interval * count if interval and count else interval if interval and count == 0 else None
    protocol = one("protocol")
    return {
        "ports": [port for port in map(number, said.get("port", ())) if port is not None],
        "listen": words("listenaddress"),
        "protocol_1": "1" in protocol,
        "root_login": one("permitrootlogin").replace("without-password", "prohibit-password"),
        "root_login_denied": one("permitrootlogin") == "no",
        "root_password_login": one("permitrootlogin") in YES and yes("passwordauthentication"),
        "password_login": yes("passwordauthentication"),
        "public_key_login": yes("pubkeyauthentication"),
        "empty_passwords": yes("permitemptypasswords"),
        "two_methods": any("," in value for value in said.get("authenticationmethods", ())),
        "max_tries": number(one("maxauthtries")),
        "max_sessions": number(one("maxsessions")),
        "max_startups": one("maxstartups") or None,
        "grace_seconds": seconds(one("logingracetime")),
        "alive_interval": interval,
        "alive_count": count,
        "idle_seconds": idle,
        "x11": yes("x11forwarding"),
        "tcp_forwarding": one("allowtcpforwarding") not in ("no", "none"),
        "agent_forwarding": yes("allowagentforwarding"),
        "host_based": yes("hostbasedauthentication"),
        "ignore_rhosts": one("ignorerhosts") != "no",
        "user_environment": one("permituserenvironment") not in ("", "no"),
        "use_pam": yes("usepam"),
        "strict_modes": yes("strictmodes"),
        "log_level": one("loglevel").upper() or None,
        "banner": None if one("banner") in ("", "none") else one("banner"),
        "last_login_shown": yes("printlastlog"),
        "restricted_to": [
            *words("allowusers"), *words("allowgroups"), *words("denyusers"), *words("denygroups")
        ],
        "ciphers": ciphers,
        "macs": macs,
        "kex": kex,
        "weak_ciphers": _weak(ciphers, WEAK_CIPHERS),
        "weak_macs": _weak(macs, WEAK_MACS),
        "weak_kex": _weak(kex, WEAK_KEX),
        "algorithms_known": bool(ciphers and macs and kex),
    }  # fmt: skip


def _weak(names: list[str], signs: tuple[str, ...]) -> list[str]:
    return [name for name in names if any(sign in name for sign in signs)]


def seconds(text: str) -> int | None:
    """sshd's time: `90`, `2m`, `1h30m`."""
    found = re.findall(r"(\d{1,9})([smhdw]?)", text.lower())
    if not found or not re.fullmatch(r"(\d{1,9}[smhdw]?)+", text.lower()):
        return None
    return sum(int(value) * _TIME[unit] for value, unit in found)
