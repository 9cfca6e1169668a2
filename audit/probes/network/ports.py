"""Interfaces and VLANs: what is plugged, described, limited, or open and used by nobody. Pure."""

from __future__ import annotations

import re
from typing import Any

from audit.probes.network.sections import Config, Line

_NAME = re.compile(r"interface (?:range )?([A-Za-z-]+) ?(\S*)")
_VIRTUAL = re.compile(
    r"(?:vlan|vlanif|vlan-interface|loopback|null|tunnel|eth-trunk|port-channel|bridge-aggregation"
        r"|aggregateport|route-aggregation|meth|mgmt|m-gigabitethernet|nve|vbdif"
        r"|virtual-template|bvi|dialer)", re.I,
)  # fmt: skip
MAX_LISTED = 2000


def ports(config: Config) -> dict[str, Any]:
    """Physical ports and their guards, as counts of access ports."""
    found = [_port(line) for line in config.lines(r"interface ")]
    physical = [one for one in found if one["physical"]]
    access = [one for one in physical if one["access"] and one["up"]]
    return {
        "list": found[:MAX_LISTED],
        "physical": len(physical),
        "shut": sum(not one["up"] for one in physical),
        "unused_up": sum(one["up"] and one["bare"] for one in physical),
        "up_without_description": sum(one["up"] and not one["described"] for one in physical),
        "access": len(access),
        "access_in_vlan_1": sum(one["vlan"] == 1 for one in access),
        "access_unguarded": sum(not one["guarded"] for one in access),
        "access_without_storm_control": sum(not one["storm"] for one in access),
        "access_without_loop_guard": sum(not one["edge"] for one in access),
        "trunks_of_all_vlans": sum(bool(one["all_vlans"]) for one in physical),
        "trunk_negotiated": sum(bool(one["negotiated"]) for one in physical),
        "source_guard": sum(bool(one["source_guard"]) for one in access),
        "arp_guard": sum(bool(one["arp_guard"]) for one in access) or int(_arp(config)),
    }


def _arp(config: Config) -> bool:
    return config.has(
        r"ip arp inspection vlan", r"arp anti-attack check", r"arp detection", r"arp-check"
    )


def _port(line: Line) -> dict[str, Any]:
    hit = _NAME.match(line.text)
    name = f"{hit[1]} {hit[2]}".strip() if hit else line.text[10:60]
    texts = [one.text for one in line.inner]
    text = "\n".join(texts)

    def said(pattern: str) -> bool:
        return re.search(rf"^(?:{pattern})", text, re.M) is not None

    vlan = re.search(
        r"^(?:port default vlan|port access vlan|switchport access vlan) (\d+)", text, re.M
    )
    access = said(
        r"port link-type access|switchport mode access|port access vlan"
        r"|switchport access vlan|port default vlan"
    )
    return {
        "name": name,
        "physical": not _VIRTUAL.match(name) and "." not in name,
        "up": not said(r"shutdown$"),
        "described": said(r"description "),
        "bare": not said(
            r"(?:ip|ipv6) address|port |switchport|eth-trunk|channel-group|port-group|description"
                r"|service-policy|undo portswitch|no switchport|bridge|port link-aggregation"
                r"|traffic|ospf|dot1x"
        ),
        "access": access,
        "vlan": int(vlan[1]) if vlan else 1 if access else None,
        "guarded": said(

                r"port-security|switchport port-security|mac-limit|mac-address max-mac-count"
                r"|dot1x|authentication"
                r"|mac-authen|port-mac|user-bind|ip source check|ip verify source"
                r"|switchport authentication"

        ),
        "storm": said(r"storm-control|(?:broadcast|multicast|unicast)-suppression"),
        "edge": said(
            r"stp edged-port|stp edged|spanning-tree (?:portfast|bpduguard|link-type)"
            r"|loop-detect|loopback-detect|rldp|stp root-protection"
        ),
        "all_vlans": said(r"port trunk (?:allow-pass|permit) vlan (?:all|2 to 4094)")
        or (said(r"switchport mode trunk") and not said(r"switchport trunk allowed")),
        "negotiated": said(
            r"switchport mode dynamic|port link-type negotiation|port link-type auto"
        ),
        "source_guard": said(
            r"ip source check user-bind enable|ip verify source|ip source binding"
        ),
        "arp_guard": said(
            r"arp anti-attack check user-bind enable|ip arp inspection|arp-check|anti-arp"
            r"|arp detection"
        ),
    }  # fmt: skip


def vlans(config: Config) -> dict[str, Any]:
    """How many VLANs there are, and gateways of them on this device."""
    count: set[int] = set()
    for line in config.lines(r"vlan "):
        said = re.sub(r"^vlan (?:batch |range )?", "", line.text)
        if not re.fullmatch(r"[\d ,to-]+", said):
            continue
        for low, high in re.findall(r"(\d+)(?:\s*(?:to|-)\s*(\d+))?", said):
            count |= set(range(int(low[:5]), min(int((high or low)[:5]), 4094) + 1))
    gateways = sum(
        any(re.match(r"ip address", one.text) for one in line.inner)
        for line in config.lines(r"interface (?i:vlan)")
    )
    return {
        "count": len(count - {1}),
        "gateways": gateways,
        "isolation": any(
            re.match(r"port-isolate|switchport protected|switchport private", one.text)
            for line in config.lines(r"interface ")
            for one in line.inner
        ),
        "stp": not config.off(r"(?:stp|spanning-tree)"),
        "bpdu_protection": config.has(
            r"stp bpdu-protection", r"spanning-tree portfast (?:bpduguard|edge bpduguard)"
        ),
    }
