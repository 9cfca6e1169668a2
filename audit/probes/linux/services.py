"""What runs and listens: services, sockets, the firewall, and services nobody should need."""

from __future__ import annotations

import re
from typing import Any

from audit.probes.collected import Collection, Seen
from audit.probes.linux.known import RISKY, USEFUL
from audit.probes.linux.lines import all_text, key, number, real_lines, settings

WALLS = ("firewalld", "nftables", "ufw", "iptables")


def _units(seen: Collection) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for line in seen.lines("unit_files"):
        words = line.split()
        if len(words) >= 2 and "." in words[0]:
            found[words[0]] = {"state": words[1], "active": None}
    for line in seen.lines("units"):
        words = line.lstrip("●* ").split()
        if len(words) >= 4 and "." in words[0] and words[1] != "not-found":
            one = found.setdefault(words[0], {"state": None, "active": None})
            one["active"] = words[2] == "active" and words[3] in ("running", "listening", "waiting",
                                                                  "exited")  # fmt: skip
    return found


def _sysv(seen: Collection) -> tuple[set[str], set[str]]:
    enabled, known = set(), set()
    for line in seen.lines("sysvinit"):
        hit = re.fullmatch(r"/etc/rc\d\.d/S\d\d(\S+)", line)
        if hit:
            enabled.add(hit[1])
        hit = re.fullmatch(r"/etc/init\.d/(\S+)", line)
        if hit:
            known.add(hit[1])
    return enabled, known


def _processes(seen: Collection) -> set[str]:
    return {
        words[2]
        for words in (line.split(None, 2) for line in seen.lines("processes"))
        if len(words) == 3
    }


def services(seen: Collection) -> dict[str, Any]:
    units = _units(seen)
    enabled_sysv, sysv = _sysv(seen)
    running = _processes(seen)
    ports = {one["port"] for one in _sockets(seen)}
    inetd = _inetd(seen)

    def state(pattern: str, used: tuple[int, ...] = ()) -> dict[str, Any]:
        whole = re.compile(rf"(?:{pattern})(@\S*)?(?:\.(?:service|socket|timer))?", re.I).fullmatch
        mine = {name: one for name, one in units.items() if whole(name)}
        enabled = any(one["state"] in ("enabled", "enabled-runtime") for one in mine.values())
        enabled |= any(whole(name) for name in enabled_sysv | inetd)
        up = any(one["active"] for one in mine.values()) or any(whole(name) for name in running)
        listening = any(port in ports for port in used)
        return {
            "installed": bool(mine) or any(whole(name) for name in sysv) or up,
            "enabled": enabled,
            "running": up,
            **(
                {"listening": listening, "on": enabled or up or listening}
                if used or not _useful(pattern)
                else {}
            ),
        }

    # a unit's name like ssh.service is known by the word before the dot
    risky = {name: state(pattern, used) for name, (pattern, used) in RISKY.items()}
    return {
        "manager": "systemd" if seen.lines("units") else "sysvinit" if sysv else None,
        "systemd_running": bool(seen.lines("units")),
        "enabled": sorted(
            {name for name, one in units.items() if one["state"] == "enabled"} | enabled_sysv
        )[:500],
        "active": sorted(name for name, one in units.items() if one["active"])[:500],
        "failed": sorted(
            line.lstrip("●* ").split()[0] for line in seen.lines("units") if " failed " in line
        )[:100],
        "risky": risky,
        "risky_on": sorted(name for name, one in risky.items() if one.get("on")),
        "known": {name: state(pattern) for name, pattern in USEFUL.items()},
        "debug_shell": units.get("debug-shell.service", {}).get("state") == "enabled",
        "ctrl_alt_del_masked": units.get("ctrl-alt-del.target", {}).get("state") == "masked",
        "default_graphical": units.get("graphical.target", {}).get("active"),
    }


def _useful(pattern: str) -> bool:
    return pattern in USEFUL.values()


def _inetd(seen: Collection) -> set[str]:
    found = set()
    for line in real_lines(seen.file("inetd", "/etc/inetd.conf")):
        found.add(line.split()[0])
    for one in seen.files("inetd"):
        if one.path.startswith("/etc/xinetd.d/") and re.search(r"disable\s*=\s*no", one.text):
            found.add(one.path.rsplit("/", 1)[-1])
    return found


def _sockets(seen: Collection) -> list[dict[str, Any]]:
    if seen.section("sockets").state is Seen.OK:
        return [one for one in map(_ss, seen.lines("sockets")) if one]
    found = []
    for name in ("tcp", "tcp6", "udp", "udp6"):
        for line in seen.file("proc_net", f"/proc/net/{name}").splitlines()[1:]:
            one = _proc(line, name)
            if one:
                found.append(one)
    return found


def _ss(line: str) -> dict[str, Any] | None:
    words = line.split()
    if len(words) < 5 or words[0] not in ("tcp", "udp"):
        return None
    address, _, port = words[4].rpartition(":")
    if number(port) is None:
        return None
    owner = re.search(r'\(\("([^"]+)"', line)
    return _socket(words[0], address.strip("[]"), number(port), owner[1] if owner else None)


def _proc(line: str, name: str) -> dict[str, Any] | None:
    words = line.split()
    if len(words) < 4 or words[3] not in (("0A",) if name.startswith("tcp") else ("07",)):
        return None
    raw, _, port = words[1].partition(":")
    if not re.fullmatch(r"[0-9A-F]{8}|[0-9A-F]{32}", raw) or not re.fullmatch(r"[0-9A-F]{4}", port):
        return None
    if len(raw) == 8:
        address = ".".join(str(int(raw[at : at + 2], 16)) for at in (6, 4, 2, 0))
    else:
        address = "::" if set(raw) == {"0"} else "::1" if raw.endswith("01000000") else raw.lower()
    return _socket(name[:3], address, int(port, 16), None)


def _socket(protocol: str, address: str, port: int | None, process: str | None) -> dict[str, Any]:
    bare = address.partition("%")[0]
    local = bare.startswith("127.") or bare in ("::1", "::ffff:127.0.0.1")
    return {
        "protocol": protocol,
        "address": address,
        "port": port,
        "process": process,
        "everywhere": bare in ("0.0.0.0", "::", "*"),  # noqa: S104
        "local": local,
    }


def listening(seen: Collection) -> dict[str, Any]:
    found = _sockets(seen)
    outside = [one for one in found if not one["local"]]
    return {
        "sockets": found[:500],
        "tcp": sorted({one["port"] for one in found if one["protocol"] == "tcp"}),
        "udp": sorted({one["port"] for one in found if one["protocol"] == "udp"}),
        "outside_tcp": sorted({one["port"] for one in outside if one["protocol"] == "tcp"}),
        "outside_udp": sorted({one["port"] for one in outside if one["protocol"] == "udp"}),
        "outside_count": len({(one["protocol"], one["port"]) for one in outside}),
        "high_risk": sorted(
            {one["port"] for one in outside}
            & {21, 23, 69, 111, 135, 137, 138, 139, 445, 512, 513, 514, 873, 2049, 2375, 3389, 5900,
               6000, 6379, 9200, 11211, 27017}
        ),
    }  # fmt: skip


def firewall(seen: Collection) -> dict[str, Any]:
    nft, table = seen.text("nft"), seen.text("iptables")
    known = services(seen)["known"]
    ufw_on = settings(seen.file("ufw", "/etc/ufw/ufw.conf")).get("enabled", "").lower() == "yes"
    chains = re.findall(r"hook input priority[^;]{0,80};(?:\s*policy (\w+);)?", nft)
    rules = len(re.findall(r"\b(?:accept|drop|reject|jump|goto)\b", re.sub(r"policy \w+", "", nft)))
    rules += sum(line.startswith("-A") for line in table.splitlines())
    policy = re.search(r"^:INPUT (\w+)", table, re.M)
    drops = "drop" in chains or bool(policy and policy[1] == "DROP")
    drops |= bool(re.search(r"^-A INPUT -j (?:DROP|REJECT)", table, re.M))
    drops |= bool(chains) and bool(
        re.search(r"^[ \t]*(?:counter [^\n]{0,80})?(?:drop|reject[^\n]{0,80})[ \t]*$", nft, re.M)
    )
    return {
        "tools": sorted(
            name for name in WALLS if known[name]["installed"]
        ),
        "rules": rules,
        "active": rules > 0 or known["firewalld"]["running"] or ufw_on,
        "enabled_at_boot": any(
            known[name]["enabled"] for name in WALLS
        ),
        "input_chain": bool(chains or policy),
        "input_default_drop": drops,
        "ufw": ufw_on,
        "firewalld_zone": settings(
            seen.file("firewalld", "/etc/firewalld/firewalld.conf")
        ).get("defaultzone"),
        "firewalld_target": _zone_targets(seen),
    }  # fmt: skip


def _zone_targets(seen: Collection) -> dict[str, str]:
    found = {}
    for one in seen.files("firewalld"):
        hit = re.search(r"<zone[^>]*target=\"([^\"]+)\"", one.text)
        if one.path.endswith(".xml"):
            found[key(one.path.rsplit("/", 1)[-1].removesuffix(".xml"))] = (
                hit[1] if hit else "default"
            )
    return found


def shares(seen: Collection) -> dict[str, Any]:
    """NFS, Samba, FTP and SNMP as configured."""
    exports = [line for one in seen.files("exports") for line in real_lines(one.text)]
    samba = seen.file("samba", "/etc/samba/smb.conf")
    ftp = settings(all_text(seen, "vsftpd"))
    snmp = seen.file("snmp", "/etc/snmp/snmpd.conf")
    return {
        "nfs_exports": len(exports),
        "nfs_to_all": [
            line.split()[0] for line in exports if re.search(r"\s\*|\(.*\)$", line) and "*" in line
        ],
        "nfs_no_root_squash": [line.split()[0] for line in exports if "no_root_squash" in line],
        "samba_guest": bool(re.search(r"^[ \t]*(guest ok|public)\s*=\s*yes", samba, re.M | re.I)),
        "samba_smb1": bool(re.search(r"min protocol\s*=\s*(NT1|LANMAN|CORE)", samba, re.I)),
        # vsftpd lets anybody in where its file is silent
        "ftp_anonymous": bool(ftp) and ftp.get("anonymous_enable", "yes").lower() == "yes",
        "ftp_tls": ftp.get("ssl_enable", "").lower() == "yes",
        "snmp_v1_v2": bool(re.search(r"^[ \t]*(r[ow]community|com2sec)", snmp, re.M)),
        "snmp_default_community": "default)" in snmp,
        "snmp_v3": bool(re.search(r"^[ \t]*(createUser|r[ow]user)", snmp, re.M)),
        "snmp_writable": bool(re.search(r"^[ \t]*rw(community|user)", snmp, re.M)),
    }
