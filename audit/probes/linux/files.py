"""Permissions of important files, privileged programs, what is open to everybody."""

from __future__ import annotations

from typing import Any

from audit.probes.collected import Collection
from audit.probes.linux.known import KNOWN_SUID
from audit.probes.linux.lines import key, modes_of

LISTED = 300


def files(seen: Collection) -> dict[str, Any]:
    """By path without its first slash, dots as `_`: `files.etc/ssh/sshd_config.mode`."""
    return {key(path): one for path, one in modes_of(seen, "modes").items()}


def _found(seen: Collection, section: str) -> list[dict[str, Any]]:
    rows = []
    for line in seen.lines(section):
        words = line.split(None, 3)
        if len(words) == 4:
            rows.append(
                {"mode": words[0].zfill(4), "owner": words[1], "group": words[2], "path": words[3]}
            )
    return rows


def programs(seen: Collection) -> dict[str, Any]:
    """Set-user-id and set-group-id programs in the usual places."""
    found = {one["path"]: one for one in _found(seen, "suid")}
    names = [path for path in found if path.rsplit("/", 1)[-1] not in KNOWN_SUID]
    return {
        "suid_count": sum(
            int(one["mode"], 8) & 0o4000 != 0 for one in found.values() if one["mode"].isdigit()
        ),
        "sgid_count": sum(
            int(one["mode"], 8) & 0o2000 != 0 for one in found.values() if one["mode"].isdigit()
        ),
        "privileged": sorted(found)[:LISTED],
        "unusual": sorted(names)[:LISTED],
        "writable": [
            path
            for path, one in found.items()
            if one["mode"].isdigit() and int(one["mode"], 8) & 0o022
        ],
    }


def exposure(seen: Collection) -> dict[str, Any]:
    """World-writable and ownerless files, in the listed directories only (never the whole disk)."""
    loose = [
        one for one in _found(seen, "world_writable")
        if not (one["mode"].isdigit() and int(one["mode"], 8) & 0o1000)
    ]  # fmt: skip
    unowned = [one["path"] for one in _found(seen, "unowned")]
    return {
        "world_writable": [one["path"] for one in loose][:LISTED],
        "world_writable_count": len(loose),
        "unowned": unowned[:LISTED],
        "unowned_count": len(unowned),
    }
