"""Which device's words these are, and where one device's part of a log ends. Pure.

A platform is named only where its own signs are there and no other's are as strong; anything
else, and devices whose language only looks alike, is unknown with a reason.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

PLATFORMS = ("vrp", "comware", "ios", "ruijie")
ENOUGH = 3
HEAD = 20_000  # lines looked at for signs

_SIGNS: tuple[tuple[str, int, str], ...] = (
    ("vrp", 5, r"!Software Version V\d{3}R\d{3}"),
    ("vrp", 3, r" *local-user \S+ password (?:irreversible-)?cipher"),
    ("vrp", 3, r"user-interface (?:con|vty|maximum-vty)"),
    ("vrp", 2, r"stelnet (?:ipv4 )?server|telnet server enable$|hwtacacs-server template"),
    ("vrp", 2, r"interface (?:MEth|XGigabitEthernet|Eth-Trunk)|observe-port|info-center loghost"),
    ("vrp", 2, r" authentication-scheme \S+|hrp enable|firewall zone |drop-profile|vcmp"),
    ("comware", 5, r" *version [57]\.\d+(?:\.\d+)?, (?:Alpha|Beta|Demo|ESS|Feature|Release|Test)"),
    ("comware", 4, r"local-user \S+ class (?:manage|network)"),
    ("comware", 4, r" *password hash \$h\$|irf |password-control | *user-role network-"),
    (
        "comware",
        3,
        r"line vty \d+ \d+$|line class (?:aux|console|vty)| *authentication-mode scheme",
    ),
    ("comware", 2, r"role name |domain system$|security-zone name|public-key local create"),
    ("comware", 2, r"interface (?:Ten-GigabitEthernet|Bridge-Aggregation|Vlan-interface)"),
    ("ios", 4, r"version (?:12|15|16|17)\.\d+$"),
    ("ios", 4, r"boot-(?:start|end)-marker|service timestamps (?:debug|log)|Current configuration"),
    ("ios", 3, r"ip cef|service (?:pad|tcp-small-servers)|no service pad|vtp mode|ip http server"),
    ("ios", 2, r"aaa new-model|login on-failure|crypto pki|line con 0| *transport input"),
    ("ruijie", 6, r"version (?:RGOS|\d+\.\d+\(\d+\)(?:B|T|C)\d|\S*_RGOS)|!? ?(?:Ruijie|RGOS)"),
    ("ruijie", 4, r"nfpp|webmaster level|(?:no )?enable service |cpu-protect |anti-arp-spoofing"),
    ("ruijie", 3, r"sysmac |install \d+ |service (?:sysname|sequence-numbers)|switch virtual"),
    (
        "ruijie",
        3,
        r"interface (?:AggregatePort|TenGigabitEthernet \d)|interface GigabitEthernet \d",
    ),
    ("ruijie", 2, r"login lockout|aaa local authentication|username \S+ web-auth|vlan range "),
    (
        "nx-os",
        8,
        r"feature (?:telnet|ssh|vpc|lacp|interface-vlan)|!Command: show running|vdc \S+ id",
    ),
    ("eos", 9, r"! device: .*EOS|! boot system flash:.?/?EOS|transceiver qsfp|management api http"),
    ("asa", 9, r"ASA Version|: Saved|asa-version|names$|same-security-traffic"),
    ("ios-xr", 9, r"!! IOS XR|ssh server v2$|control-plane management"),
    ("zte", 9, r"!<(?:mim|if-intf|interface|system-config)>|ZXR10|ZXUN"),
    ("maipu", 9, r"hostname .*Maipu|! *MyPower|!software version .*MP"),
    ("dptech", 9, r"! *DPtech|DPX"),
    ("junos", 9, r"set system (?:host-name|login)|## Last (?:commit|changed)|system \{"),
    ("fortios", 9, r"#config-version=|config system global"),
)
_ANY = tuple((platform, weight, re.compile(sign, re.I)) for platform, weight, sign in _SIGNS)

_ANGLE = re.compile(r"(?:HRP_[MS])?<([\w.\-/()]{1,64})>\s*(.*)$")
_SQUARE = re.compile(r"(?:HRP_[MS])?\[[~*]?([\w.\-/()]{1,64})\]\s*(.*)$")
_HASH = re.compile(
    r"([A-Za-z][\w.\-/]{0,63})(?:\(config[\w-]*\))?[#>]\s*"
    r"((?:sh|show|do|ter|terminal|en|enable|conf|exit|end|wr|more|dir)\b.*)?$"
)
_CONFIGURATION = re.compile(
    r"(?:dis|display|sh|show|do show|more)\w*\s+(?:cur|run|startup|saved|system:run|nvram:start)",
    re.I,
)


@dataclass(slots=True, kw_only=True)
class Device:
    """One device's part of a log: its configuration and what other commands printed."""

    name: str = ""
    lines: list[str] = field(default_factory=list)
    whole: bool = False
    said: dict[str, list[str]] = field(default_factory=dict)


def recognise(lines: Iterable[str]) -> tuple[str, str]:
    """The platform and "", or "" and why it is not known."""
    points: Counter[str] = Counter()
    seen: set[tuple[str, str]] = set()
    for number, line in enumerate(lines):
        if number >= HEAD:
            break
        for platform, weight, sign in _ANY:
            if (platform, sign.pattern) not in seen and sign.match(line):
                seen.add((platform, sign.pattern))
                points[platform] += weight
    best = points.most_common(2)
    if not best or best[0][1] < ENOUGH:
        return "", (
            "认不出是什么设备的配置（支持 VRP、Comware、IOS、锐捷 RGOS）"
            " / not recognised as a configuration of VRP, Comware, IOS or RGOS"
        )
    name, score = best[0]
    if name not in PLATFORMS:
        return "", f"是 {name} 的配置，尚不支持 / a configuration of {name}, not supported yet"
    if len(best) > 1 and best[1][1] >= score:
        return "", f"{name} 还是 {best[1][0]} 无法确定 / undecided: {name} or {best[1][0]}"
    return name, ""


def devices(lines: Iterable[str]) -> list[Device]:
    """The devices of a log, in order; a file without prompts is cut after each `return`, `end`."""
    found: list[Device] = []
    for host, command, body, whole in _segments(lines):
        is_config = _CONFIGURATION.match(command) is not None or (not command and _looks(body))
        if is_config and not any(one.name == host and host for one in found):
            found.append(Device(name=host, lines=body, whole=whole))
        elif command and not is_config:
            mate = next((one for one in found if one.name == host), None)
            if mate is None:
                found.append(mate := Device(name=host))
            mate.said.setdefault(" ".join(command.lower().split()), body)
        elif is_config:
            mate = next(one for one in found if one.name == host)
            if not mate.lines:
                mate.lines, mate.whole = body, whole
    return [one for one in found if one.lines]


def _looks(body: list[str]) -> bool:
    """Whether lines without a command may be a configuration: something stands there."""
    return sum(bool(line.strip("#! ")) for line in body) >= 3


def _segments(lines: Iterable[str]) -> Iterator[tuple[str, str, list[str], bool]]:
    host, command, body = "", "", list[str]()
    for line in lines:
        prompt = _prompt(line)
        if prompt is not None:
            if body or command:
                yield host, command, body, False
            host, command = prompt
            body = []
            continue
        body.append(line)
        if line in ("return", "end"):
            yield host, command, body, True
            body, command = [], ""
    if body or command:
        yield host, command, body, False


def _prompt(line: str) -> tuple[str, str] | None:
    if not line or line[0] == " ":
        return None
    hit = None
    if line[0] in "<H":
        hit = _ANGLE.match(line)
    if hit is None and line[0] in "[H":
        hit = _SQUARE.match(line)
    if hit is None and ("#" in line or ">" in line):
        hit = _HASH.match(line)
    return (hit[1], (hit[2] or "").strip()) if hit else None
