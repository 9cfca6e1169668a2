"""What the device reports and to whom (SNMP, time, log), and how it guards itself. Pure."""

from __future__ import annotations

import re
from typing import Any

from audit.probes.network.sections import Config

_COMMUNITY = re.compile(
    r"snmp-(?:agent|server) community (?:(read|write) )?(?:(cipher|simple) )?(?:[07] )?(\S+)(.*)"
)
GUESSED = frozenset(("public", "private", "huawei", "cisco", "h3c", "ruijie", "admin", "snmp"))


def snmp(config: Config) -> dict[str, Any]:
    """Versions, users, communities as counts. A scrambled community cannot be read."""
    top = config.lines(r"snmp-(?:agent|server)")
    texts = [one.text for one in top]
    if not texts or config.off(r"snmp-(?:agent|server)$"):
        return {"enabled": False, "communities": 0, "v3_users": 0, "traps": 0}
    communities = [hit for text in texts if (hit := _COMMUNITY.match(text))]
    versions = _versions(texts, bool(communities))
    users = [
        text for text in texts if re.match(r"snmp-(?:agent|server) (?:usm-user v3|user)", text)
    ]
    groups = [text for text in texts if re.match(r"snmp-(?:agent|server) group", text)]
    found: dict[str, Any] = {
        "enabled": True,
        "versions": versions,
        "old_versions": bool({"v1", "v2c"} & {*versions}),
        "communities": len(communities),
        "write_communities": sum(
            hit[1] == "write" or " rw" in hit[4].lower() for hit in communities
        ),
        "communities_without_acl": sum(not _limited(hit, config) for hit in communities),
        "v3_users": len(users),
        "v3_without_privacy": sum(
            not re.search((
                r"\bpriv\b|privacy-mode|privacy|v3 privacy"
            ), one) for one in groups if "v3" in one
        ),
        "traps": sum(bool(re.match((
            r"snmp-(?:agent target-host|server host)"
        ), one)) for one in texts),
    }  # fmt: skip
    readable = [hit for hit in communities if hit[2] != "cipher"]
    if len(readable) == len(communities):
        found["default_communities"] = any(hit[3].lower() in GUESSED for hit in readable)
    elif any(hit[3].lower() in GUESSED for hit in readable):
        found["default_communities"] = True
    return found


def _limited(hit: re.Match[str], config: Config) -> bool:
    if re.search(r"\bacl\b", hit[4]) or config.has(r"snmp-agent acl"):
        return True
    return not config.undo and bool(re.search(r"\b(?:ro|rw)\s+(?:ipv6 \S+ )?\S+", hit[4], re.I))


def _versions(texts: list[str], communities: bool) -> list[str]:
    said = " ".join(
        hit[1] for text in texts if (hit := re.match(r"snmp-agent sys-info version (.+)", text))
    )
    if said:
        return (
            ["v1", "v2c", "v3"]
            if "all" in said.split()
            else sorted({*said.split()} & {"v1", "v2c", "v3"})
        )
    found = {"v1", "v2c"} if communities else set()
    if any("v3" in text for text in texts) or not communities:
        found.add("v3")
    return sorted(found)


def time(config: Config) -> dict[str, Any]:
    """Time servers and whether they are believed by a key."""
    servers = [
        *config.lines(
            r"(?:ntp|ntp-service|sntp) (?:server|unicast-server|unicast-peer|server-source)"
        ),
        *config.lines(r"sntp (?:server|enable)"),
    ]
    chosen = [
        one.text
        for one in servers
        if not re.search(r"disable|server-source|source-interface", one.text)
    ]
    authenticated = config.has(
        r"(?:ntp|ntp-service) (?:authenticate|authentication enable)"
    ) and any(re.search(r"\bkey\b|authentication-key(?:id)?", text) for text in chosen)
    return {
        "servers": len(chosen),
        "authenticated": authenticated,
        "zone": config.has(r"clock timezone"),
    }


def logging(config: Config) -> dict[str, Any]:
    """Where the log goes, how it is stamped and what it holds."""
    if config.undo:
        enabled = not config.off(r"info-center enable")
        hosts = config.lines(r"info-center loghost (?!source)")
        stamped = config.first(
            r"info-center timestamp log(?:ging)? (\S+)|info-center timestamp loghost (\S+)"
        )
        stamps = stamped is None or (stamped[1] or stamped[2]) not in ("none", "boot")
        buffer = not config.off(r"info-center logbuffer")
    else:
        enabled = not config.off(r"logging on")
        hosts = [
            *config.lines(
                r"logging (?:host |server |\d+\.\d+\.\d+\.\d+|[0-9a-fA-F]*:[0-9a-fA-F:]+)"
            ),
        ]
        stamp = config.first(r"service timestamps log (\S+)")
        stamps = stamp is not None and stamp[1] == "datetime"
        if stamp is None and config.platform == "ruijie":
            stamps = not config.off(r"service timestamps")
        buffer = not config.off(r"logging buffered")
    text = "\n".join(one.text for one in config.top)
    commands = bool(
        re.search(
            r"^(?:info-center source (?:SHELL|CFGMAN|default)|aaa accounting commands|archive$"
            r"|logging userinfo(?: command-log)?|service log-cmd|info-center enable)", text, re.M,
        )
    )  # fmt: skip
    if not config.undo and config.platform == "ios":
        commands = "aaa accounting commands" in text or any(
            one.text.startswith("logging enable")
            for line in config.lines(r"archive$")
            for one in line.deep()
        )
    logins = bool(
        re.search(
            r"^(?:login on-(?:failure|success)|logging userinfo|info-center enable)", text, re.M
        )
    )
    return {
        "enabled": enabled,
        "hosts": len(hosts) if enabled else 0,
        "encrypted": any(re.search(r"\bssl|tls|\btransport tcp.*ssl", one.text) for one in hosts),
        "timestamps": stamps,
        "buffer": buffer and enabled,
        "commands": enabled and (commands or config.platform in ("vrp", "comware")),
        "logins": enabled and (logins or config.platform in ("vrp", "comware")),
        "source": config.has(r"info-center loghost source|logging source")
        or any("source" in one.text for one in hosts),
        "sessions": bool(
            re.search((
                r"^(?:userlog|session log|nat log|firewall log session|ip nat log|flow log"
                r"|log type)"
            ), text, re.M)
        ),
    }  # fmt: skip


def archive(config: Config) -> dict[str, Any]:
    """Whether the configuration is kept elsewhere by itself, and its changes are written down."""
    inner = [one.text for line in config.lines(r"archive$") for one in line.deep()]
    automatic = config.has(
        r"set save-configuration", r"archive configuration (?:interval|location|server)",
        r"kron policy-list", r"configuration backup", r"auto-backup",
    ) or any(re.match(r"(?:path|write-memory|time-period)", one) for one in inner)  # fmt: skip
    return {
        "automatic": automatic,
        "elsewhere": config.has(r"set save-configuration backup-to-server", (
            r"archive configuration (?:server|location (?:tftp|ftp|scp|sftp))"
        ))
        or any(re.match(r"path (?:tftp|ftp|scp|sftp|https?)", one) for one in inner),
        "secure_boot": config.has(r"secure boot-(?:image|config)"),
    }  # fmt: skip


def banner(config: Config) -> bool:
    """Whether something is said before the login."""
    return config.has(r"banner (?:login|motd)", r"header (?:login|legal|shell|motd)")


def protection(config: Config) -> dict[str, Any]:
    """What guards the device's own processor and its links as a whole."""
    text = "\n".join(one.text for one in config.top)
    return {
        "processor": bool(
            re.search((
                r"^(?:cpu-defend(?:-policy| policy)|cpu-protect|control-plane|nfpp|copp"
                r"|qos apply policy \S+ (?:control-plane|global)|anti-attack"
                r"|attack-defense policy)"
            ), text, re.M)
        ),
        "dhcp_snooping": bool(re.search(r"^(?:dhcp snooping enable|ip dhcp snooping)", text, re.M)),
        "attack_defence": bool(re.search((
            r"^(?:anti-attack|firewall defend|attack-defense|blacklist (?:global )?enable"
            r"|anti-ddos|ip inspect|nfpp|security ip-source-trust|arp anti-attack|arp-check"
            r"|anti-arp)"
        ), text, re.M)),
        "source_route": _source_route(config),
        "discovery": config.switch((
            r"(?:cdp run|lldp enable|lldp run|lldp global enable)"
        ), config.platform in ("ios", "ruijie")),
    }  # fmt: skip


def _source_route(config: Config) -> bool:
    if config.platform == "ios":
        return not config.off(r"ip source-route")
    return config.has(r"ip (?:option source-routing|source-route)")
