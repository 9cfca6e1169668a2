"""Routes, redundancy, zones and tunnels, and what a log's `display` commands say. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from audit.probes.network.sections import Config


def routing(config: Config) -> dict[str, Any]:
    """Routing protocols and whether their neighbours prove themselves."""
    found = []
    inner = [one.text for line in config.lines(r"interface ") for one in line.inner]
    on_ports = "\n".join(inner)
    for word, patterns in _PROTOCOLS.items():
        for line in config.lines(rf"(?:router )?{word}\b") + config.lines(rf"router {word}\b"):
            text = "\n".join(one.text for one in line.deep())
            proved = re.search(patterns[0], text, re.M) or re.search(patterns[1], on_ports, re.M)
            found.append({"protocol": word, "authenticated": bool(proved)})
            break
    defaults = len(
        config.lines(r"ip route-static (?:vpn-instance \S+ )?0\.0\.0\.0 (?:0\.0\.0\.0|0)\b")
    )
    defaults += len(config.lines(r"ip route (?:vrf \S+ )?0\.0\.0\.0 0\.0\.0\.0"))
    return {"protocols": found, "default_routes": defaults}


_PROTOCOLS = {
    "ospf": ((
        r"authentication-mode|authentication message-digest|area \S+ authentication"
    ), r"ospf authentication|ip ospf (?:authentication|message-digest)"),
    "bgp": (r"peer \S+ (?:password|keychain)|neighbor \S+ password", r"(?!)"),
    "isis": ((
        r"area-authentication|domain-authentication|authentication mode"
    ), r"isis authentication"),
    "rip": (r"(?!)", r"rip authentication|ip rip authentication"),
    "eigrp": (r"(?!)", r"ip authentication mode eigrp"),
}  # fmt: skip


def redundancy(config: Config, routes: Mapping[str, Any]) -> dict[str, Any]:
    """What stands in when a part fails."""
    ports = [one.text for line in config.lines(r"interface ") for one in line.inner]
    text = "\n".join(ports)
    gateway = bool(re.search(r"^(?:vrrp|standby|hsrp) ", text, re.M))
    stack = config.has(
        r"irf ", r"irf-port", r"stack ", r"css ", r"switch virtual", r"switch \d+ provision",
        r"hrp enable", r"vsu", r"redundancy", r"device-vsu",
    ) or bool(re.search(r"^irf-port|^dfs-group|^peer-link", text, re.M))  # fmt: skip
    bundles = config.has(
        r"interface (?:Eth-Trunk|Port-channel|Bridge-Aggregation|AggregatePort|Route-Aggregation)"
    )
    return {
        "gateway": gateway,
        "stack": stack,
        "bundles": bundles,
        "uplinks": routes["default_routes"],
        "any": gateway or stack or bundles or routes["default_routes"] > 1,
        "devices": gateway or stack,
    }


def boundary(config: Config) -> dict[str, Any]:
    """Zones, policies between them, deep inspection, tunnels and address translation."""
    zones = [
        *config.lines(r"firewall zone |security-zone name |zone security "),
    ]
    policies = [*config.lines(r"security-policy"), *config.lines(r"zone-pair security")]
    lines = [one for policy in policies for one in policy.deep()]
    named = [one for policy in policies for one in policy.inner if one.text.startswith("rule ")]
    text = "\n".join(one.text for one in lines)
    wide = sum(_wide([one.text for one in rule.inner]) for rule in named)
    every = "\n".join(one.text for one in config.top)
    inspected = re.search(
        r"^(?:ip inspect|detect aspf|aspf|firewall session link-state check|session |zone-pair)",
        every,
        re.M,
    )
    return {
        "zones": len(zones),
        "policies": len(named) + len(config.lines(r"zone-pair security")),
        "permits_everything": wide,
        "disabled_policies": sum(
            any(re.match(r"disable|undo enable", one.text) for one in rule.inner) for rule in named
        ),
        "default_permit": bool(re.search(r"^default action permit", text, re.M))
        or config.has(r"firewall packet-filter default permit all"),
        "stateful": bool(zones and not config.off(r"firewall session link-state"))
        or inspected is not None,
        "applications": sum(
            bool(re.match((r"application|app-group|url-filter|profile url|profile app"), one.text))
            for one in lines
        )
        + len(config.lines(r"class-map type inspect")),
        "intrusion": bool(re.search(r"^(?:profile ips|profile \S*ips|ips )", text, re.M))
        or config.has(r"ip ips ", r"ips policy", r"inspect ips"),
        "malware": bool(re.search(r"^profile (?:av|\S*anti-virus)", text, re.M))
        or config.has(r"anti-virus ", r"inspect anti-virus"),
        "mail": bool(re.search(r"^profile (?:mail|rbl)", text, re.M))
        or config.has(r"rbl-filter|mail-filter", r"mail-filter"),
        "policy_log": bool(
            re.search(
                (r"^(?:policy logging|session logging|traffic logging|logging enable|logging)"),
                text,
                re.M,
            )
        ),
        "signature_updates": config.has(
            r"update schedule", r"ips signature auto-update", r"anti-virus signature auto-update"
        ),
        "tunnels": len(config.lines(r"ipsec policy"))
        + len(config.lines(r"crypto map"))
        + len(config.lines(r"ipsec profile")),
        "weak_tunnels": _weak(config),
        "wireless": config.has(r"wlan", r"ap-group", r"dot11 ssid", r"wlan-config", r"capwap"),
        "open_wireless": _open(config),
    }


def _wide(texts: list[str]) -> bool:
    narrowed = any(
        re.match(
            (
                r"(?:source|destination)-(?:address|ip|ip-host|ip-subnet|ip-range)|service"
                r"|application|user"
            ),
            one,
        )
        for one in texts
    )
    return any(re.match(r"action (?:permit|pass)", one) for one in texts) and not narrowed


def _weak(config: Config) -> bool:
    texts = [
        one.text
        for line in (*config.lines(r"ipsec "), *config.lines(r"ike "), *config.lines(r"crypto "))
        for one in (line, *line.deep())
    ]
    return any(
        re.search(r"\bdes\b|\b3des|\bmd5\b|esp-null|group ?[125]$|dh group[125]$", one)
        for one in texts
    )


def _open(config: Config) -> bool:
    texts = [
        one.text
        for line in (
            *config.lines(r"wlan"),
            *config.lines(r"dot11 ssid"),
            *config.lines(r"wlansec"),
        )
        for one in (line, *line.deep())
    ]
    return any(
        re.search(r"^security open|authentication open$|security wep|encryption.*wep", one)
        for one in texts
    )


def management(config: Config) -> dict[str, Any]:
    """Whether management has a way of its own."""
    network = config.has(
        r"interface (?:MEth|Mgmt|M-GigabitEthernet|mgmt|FastEthernet0$|GigabitEthernet0$)"
    )
    vrf = any(
        re.search(r"mgmt|manage|management|oam", one.text, re.I)
        for pattern in (r"ip vpn-instance", r"vrf definition", r"ip vrf", r"vrf")
        for one in config.lines(pattern)
    )
    named = any(
        re.search(r"^(?:description|name) .*(?:mgmt|manage|管理|oam)", one.text, re.I)
        for line in (*config.lines(r"vlan "), *config.lines(r"interface (?i:vlan)"))
        for one in line.inner
    )
    return {"network": network or vrf or named}


_BUSY = re.compile(
    r"(?:Max|maximum) ?: ?(\d{1,3})%|five minutes: (\d{1,3})|(\d{1,3})% in last 5 minutes"
    r"|CPU Usage +: (\d{1,3})%"
)


def load(said: Mapping[str, list[str]]) -> dict[str, Any]:
    """Processor, memory, bandwidth, patch: only what a log's commands show."""
    found: dict[str, Any] = {}
    for command, body in said.items():
        text = "\n".join(body)
        if re.match(r"(?:dis|sh)\w*\s+(?:cpu|proc\w* cpu)", command):
            figures = [int(one) for hit in _BUSY.findall(text) for one in hit if one]
            if figures:
                found["processor_percent"] = max(figures)
        if re.match(r"(?:dis|sh)\w*\s+mem", command):
            used = re.search(r"Memory Using Percentage(?: Is)?: (\d+)%|Used Rate: (\d+)", text)
            if used:
                found["memory_percent"] = int(used[1] or used[2])
        if re.match(r"(?:dis|sh)\w*\s+int", command):
            rates = [
                float(one)
                for pair in re.findall(r"(\d+(?:\.\d+)?)% +(\d+(?:\.\d+)?)%", text)
                for one in pair
            ]
            rates += [
                round(100 * int(one) / 255, 1) for one in re.findall(r"[rt]xload (\d+)/255", text)
            ]
            if rates:
                found["busiest_link_percent"] = max(rates)
        if re.match(r"(?:dis|sh)\w*\s+patch", command):
            found["patched"] = (
                bool(re.search(r"Running|Activated? |\bactive\b", text, re.I))
                and "No patch" not in text
            )
    return found
