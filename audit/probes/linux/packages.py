"""Software: what is installed, what waits for an update, from where it comes."""

from __future__ import annotations

import re
from typing import Any

from audit.probes.collected import Collection, Seen
from audit.probes.linux.known import GROUPS, VERSIONS
from audit.probes.linux.lines import (
    all_text,
    days_since,
    key,
    modes_of,
    now_of,
    number,
    real_lines,
    settings,
)


def installed(seen: Collection) -> tuple[dict[str, str], int | None]:
    """name → version, and when the newest was installed where rpm says it."""
    found: dict[str, str] = {}
    newest = None
    for line in seen.lines("dpkg"):
        words = line.split()
        if len(words) == 3 and words[0].startswith("ii"):
            found[words[1]] = words[2]
    for line in seen.lines("rpm"):
        words = line.split()
        if len(words) == 3 and words[1] != "gpg-pubkey":
            found[words[1]] = words[2]
            newest = max(newest or 0, number(words[0]) or 0)
    return found, newest


def packages(seen: Collection) -> dict[str, Any]:
    found, newest = installed(seen)
    now = now_of(seen)
    modes = modes_of(seen, "package_files")

    def touched(*paths: str) -> int | None:
        times = [modes[path]["modified"] for path in paths if modes.get(path, {}).get("exists")]
        return max((one for one in times if one is not None), default=None)

    lists = touched("/var/lib/apt/lists", "/var/cache/dnf", "/var/cache/yum")
    changed = touched("/var/lib/dpkg/status") if seen.lines("dpkg") else newest
    pending, security = _pending(seen)
    return {
        "manager": "dpkg" if seen.lines("dpkg") else "rpm" if seen.lines("rpm") else None,
        "count": len(found),
        "installed": {key(name): version for name, version in sorted(found.items())},
        "versions": {key(name): found[name] for name in VERSIONS if name in found},
        "groups": {name: [one for one in names if one in found] for name, names in GROUPS.items()},
        "pending": pending,
        "pending_security": security,
        "lists_age_days": days_since(lists, now),
        "last_change_days": days_since(changed, now),
        "reboot_required": any(
            modes.get(path, {}).get("exists", False)
            for path in ("/run/reboot-required", "/var/run/reboot-required")
        ),
        "tools_executable_by_all": sorted(
            path
            for path, one in modes_of(seen, "compilers").items()
            if one["exists"] and int(one["mode"], 8) & 1
        ),
        **_repositories(seen),
    }


def _pending(seen: Collection) -> tuple[int | None, int | None]:
    """Counts from apt's simulation. None: this host has no apt, or could not say."""
    if seen.section("apt_pending").state is not Seen.OK:
        return None, None
    lines = [line for line in seen.lines("apt_pending") if line.startswith("Inst ")]
    return len(lines), sum("ecurity" in line for line in lines)


def _repositories(seen: Collection) -> dict[str, Any]:
    sources, unsigned = [], []
    for one in seen.files("repositories"):
        if one.path.endswith((".list",)):
            rows = [line for line in real_lines(one.text) if line.startswith("deb")]
            sources += [_uri(line) for line in rows]
            unsigned += [_uri(line) for line in rows if "trusted=yes" in line]
        elif one.path.endswith(".sources"):
            uris = [
                word
                for value in re.findall(r"^URIs:(.*)$", one.text, re.M)
                for word in value.split()
            ]
            sources += uris
            unsigned += uris if re.search(r"^Trusted:\s*yes", one.text, re.M | re.I) else []
        elif one.path.endswith(".repo"):
            for block in re.split(r"^\[", one.text, flags=re.M)[1:]:
                said = settings(block.partition("\n")[2])
                if said.get("enabled", "1") == "1":
                    name = said.get("baseurl") or said.get("mirrorlist") or block.partition("]")[0]
                    sources.append(name.split()[0] if name else "")
                    unsigned += [sources[-1]] if said.get("gpgcheck") == "0" else []
    main = settings(
        all_text(seen, "repositories", "/etc/dnf/dnf.conf")
        or all_text(seen, "repositories", "/etc/yum.conf")
    )
    auto = all_text(seen, "repositories", "/etc/apt/apt.conf.d/20auto-upgrades")
    dnf = settings(all_text(seen, "repositories", "/etc/dnf/automatic.conf"))
    return {
        "sources": len(sources),
        "sources_unsigned": unsigned[:20],
        "sources_plain_http": sum(one.startswith("http://") for one in sources),
        "gpgcheck": {"1": True, "0": False}.get(main.get("gpgcheck", "")),
        "automatic": bool(re.search(r"Unattended-Upgrade\s+\"1\"", auto))
        or dnf.get("apply_updates") == "yes",
    }


def _uri(line: str) -> str:
    return next((word for word in line.split() if "://" in word or word.startswith("/")), "")
