"""Which checks a target is asked, and what a target is that only its evidence is known of. Pure.

Evidence decides: what a probe saw of a target is judged by that probe's checks. Where there is
no evidence, a check is missed (and so unknown) only on a target it could have been meant for: a
PostgreSQL server lacks nothing because nobody asked it as MySQL, nor a Windows host as Linux.
"""

from __future__ import annotations

from collections.abc import Mapping

from audit.model import Check, Evidence, ObjectClass, Target

NAMED = frozenset(
    [
        "apache", "dm", "docker", "kingbase", "kubernetes", "mysql", "nginx", "oracle",
        "postgresql", "redis", "sqlite", "sqlserver", "tomcat",
    ]
)  # fmt: skip
"""Probes that are named like the platform they look at."""
OWN = {
    "gateway": "qinglang",
    "register": "register",
    "drill": "drill",
    "dataset": "dataset",
    "data-access": "data-access",
}
"""Probes of our own evidence, and the platform of the target it is of."""
KINDS = {
    **dict.fromkeys(
        ("postgresql", "mysql", "sqlite", "oracle", "sqlserver", "dm", "kingbase", "redis"),
        ObjectClass.DATABASE,
    ),
    "network-device": ObjectClass.NETWORK_DEVICE,
    "tls": ObjectClass.APPLICATION,
    "http": ObjectClass.APPLICATION,
    "gateway": ObjectClass.SECURITY_DEVICE,
    "register": ObjectClass.PEOPLE,
    "drill": ObjectClass.PEOPLE,
    "dataset": ObjectClass.DATA,
    "data-access": ObjectClass.DATA,
}
"""What a target without inventory is, by the probe that looked at it; else a server."""


def asked(check: Check, target: Target, seen: Mapping[tuple[str, str], Evidence]) -> bool:
    """Whether a check speaks of a target. `seen` is the newest evidence by target and probe."""
    if target.kind not in check.objects:
        return False
    return (target.id, check.probe) in seen or missed(check, target)


def missed(check: Check, target: Target) -> bool:
    """Whether a check without evidence is missed on a target."""
    probe, platform = check.probe, target.platform
    if probe in OWN:
        return platform == OWN[probe]
    if probe in NAMED:
        return platform in (probe, "")
    if probe == "windows":
        return platform.startswith("windows")
    if platform in NAMED or platform.startswith("windows") or platform in OWN.values():
        return probe not in ("linux", "network-device")
    return not (check.platforms and platform) or platform in check.platforms
