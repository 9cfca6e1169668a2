"""A saved file or terminal log of network devices becomes Evidence, one piece for each device.

Pure: bytes in, Evidence out. The document is the same for all vendors and is described in
docs/audit-network-devices.md. A file that is cut off says only what it shows: what it does not
show is then unknown.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Any

from audit.model import Evidence
from audit.probes.host import made, redact
from audit.probes.network import access, filters, monitor, paths, ports
from audit.probes.network.platform import Device, devices, recognise
from audit.probes.network.sections import Config, config
from audit.probes.network.text import NotTextError, lines

PROBE = "network-device"
FORMAT = "qinglang-network-device/1"
METHOD = "导入保存的运行配置 / a saved running configuration, imported"
MAX_DEVICES = 500

_VERSION = re.compile(
    r"!Software Version (\S+)| ?version (\d+\.\d+[^\s,]*(?:, (?:Release|Feature|ESS|Test) \S+)?)"
    r"|version (\S+.*)"
)
_DEFAULT_NAMES = frozenset(("huawei", "h3c", "router", "switch", "ruijie", "quidway", "hp"))


def read_all(raw: bytes, *, target: str, taken: float) -> tuple[Evidence, ...]:
    """Every device of a file. Several of them are named after the target and the device."""
    try:
        found = devices(lines(raw))[:MAX_DEVICES]
    except NotTextError as error:
        return (_nothing(target, str(error), raw, taken),)
    if not found:
        return (_nothing(target, "没有配置内容 / nothing of a configuration", raw, taken),)
    if len(found) == 1:
        return (_evidence(found[0], target, raw, taken),)
    return tuple(
        _evidence(one, f"{target}-{_name(one) or number}", raw, taken)
        for number, one in enumerate(found, 1)
    )


def read(raw: bytes, *, target: str, taken: float) -> Evidence:
    """The first device of a file."""
    return read_all(raw, target=target, taken=taken)[0]


def _name(device: Device) -> str:
    said = next(
        (
            hit[1]
            for line in device.lines
            if (hit := re.match(r" ?(?:sysname|hostname) (\S+)", line))
        ),
        device.name,
    )
    return re.sub(r"[^\w.@-]", "_", said, flags=re.A)[:64]


def _evidence(device: Device, target: str, raw: bytes, taken: float) -> Evidence:
    platform, problem = recognise(device.lines)
    if problem:
        return _nothing(target, problem, raw, taken)
    return made(
        target, PROBE, redact(document(device, platform)),
        method=METHOD, taken=taken, collector="file", version=FORMAT,
    )  # fmt: skip


def _nothing(target: str, problem: str, raw: bytes, taken: float) -> Evidence:
    return made(
        target, PROBE, None, method=METHOD, taken=taken, collector="file", version=FORMAT,
        problem=problem, digest=sha256(raw).hexdigest(),
    )  # fmt: skip


def document(device: Device, platform: str) -> dict[str, Any]:
    """The vendor-neutral document of one device."""
    version = next((_said(hit) for one in device.lines[:200] if (hit := _VERSION.match(one))), "")
    made = config(platform, device.lines, version)
    listed = access.lines(made)
    routes = paths.routing(made)
    found: dict[str, Any] = {
        "format": FORMAT,
        "platform": platform,
        "device": {"version": version or None, "named": _named(device)},
        "users": access.users(made),
        "privilege_password": access.privilege_password(made),
        "lines": listed,
        "login": _login(listed, access.users(made)),
        "authentication": access.authentication(made, listed),
        "remote": access.remote(made, listed),
        "snmp": monitor.snmp(made),
        "time": monitor.time(made),
        "logging": monitor.logging(made),
        "archive": monitor.archive(made),
        "banner": monitor.banner(made),
        "protection": monitor.protection(made),
        "filters": filters.filters(made),
        "ports": ports.ports(made),
        "vlans": ports.vlans(made),
        "routing": routes,
        "redundancy": paths.redundancy(made, routes),
        "boundary": paths.boundary(made),
        "management": paths.management(made),
        "secrets": {"encrypted": _scrambled(made)},
        "load": paths.load(device.said),
        "gaps": [],
    }
    if not device.whole:
        gap = "配置没有结尾（return 或 end） / the configuration has no end"
        found["gaps"] += [{"path": "", "why": "cut", "detail": gap}]
    if not listed:  # every such device has a console: the file leaves its lines out
        said = "配置中没有 console 或 VTY 线路 / no console or VTY lines in the configuration"
        left_out = ("lines", "login.remote_without_acl")
        found["gaps"] += [{"path": one, "why": "left-out", "detail": said} for one in left_out]
    return found


def _said(hit: re.Match[str]) -> str:
    return next(one for one in hit.groups() if one)[:80]


def _named(device: Device) -> bool:
    name = _name(device).lower()
    return bool(name) and name not in _DEFAULT_NAMES


def _login(listed: list[dict[str, Any]], users: list[dict[str, Any]]) -> dict[str, Any]:
    remote = [one for one in listed if one["kind"] == "vty"]
    console = [one for one in listed if one["kind"] == "console"]
    return {
        "remote_lines": len(remote),
        "remote_without_acl": sum(not one["acl"] for one in remote),
        "users": len(users),
        "highest": sum(
            one["privilege"] == 15 or (one["privilege"] or 0) in (3, 15) for one in users
        ),
        "console": len(console),
    }


def _scrambled(made: Config) -> bool:
    """Whether passwords in the file are kept scrambled by a general switch (always, but on IOS)."""
    return made.undo or made.has(r"service password-encryption")
