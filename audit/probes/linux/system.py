"""What the host is: operating system, kernel, boot chain, mounts, disks, network, parameters."""

from __future__ import annotations

import re
from typing import Any

from audit.probes.collected import Collection
from audit.probes.linux.known import BLOCKED_MODULES, FAMILIES, VIRTUAL_FS, WATCHED_MOUNTS
from audit.probes.linux.lines import (
    all_text,
    days_since,
    key,
    modes_of,
    now_of,
    number,
    pairs,
    real_lines,
    settings,
    values_of,
)


def os(seen: Collection) -> dict[str, Any]:
    release = settings(seen.file("os_release", "/etc/os-release"))
    name = release.get("name", "")
    ident = _id(release.get("id", "").lower(), name, seen)
    uname = seen.text("uname").split()
    uptime = number(seen.file("proc_misc", "/proc/uptime"))
    return {
        "id": ident,
        "id_like": release.get("id_like", "").split(),
        "name": name,
        "pretty_name": release.get("pretty_name", ""),
        "version": release.get("version_id", ""),
        "families": families(ident, release.get("id_like", ""), bool(seen.text("dpkg"))),
        "kernel": uname[2] if len(uname) > 2 else None,
        "hostname": uname[1] if len(uname) > 1 else None,
        "machine": uname[-1] if len(uname) > 3 else None,
        "uptime_days": None if uptime is None else uptime // 86400,
        "container": any(one["exists"] for one in modes_of(seen, "container").values()),
        "clock": now_of(seen),
    }


def _id(ident: str, name: str, seen: Collection) -> str | None:
    if "kylin" in ident or "kylin" in name.lower() or seen.file("os_release", "/etc/kylin-release"):
        return "kylinsec" if "kylinsec" in ident else "kylin"
    if ident in ("uos", "uniontech", "deepin") or "uniontech" in name.lower():
        return "deepin" if ident == "deepin" else "uos"
    return ident or None


def families(ident: str | None, like: str, dpkg: bool) -> list[str]:
    """The families a check may name, from its own to the widest."""
    base = list(FAMILIES.get(ident or "", ()))
    for one in like.split():
        base += [family for family in FAMILIES.get(one, ()) if family not in base]
    if ident in ("kylin", "uos"):
        base = ["debian"] if dpkg else ["openeuler", "rhel"] if ident == "kylin" else ["rhel"]
    return [*([ident] if ident and ident not in base else []), *base, "linux"]


def sysctl(seen: Collection) -> dict[str, Any]:
    """Kernel parameters in force, with slashes: `net/ipv4/ip_forward`."""
    found: dict[str, Any] = {}
    for path, value in values_of(seen, "sysctl").items():
        whole = re.fullmatch(r"-?\d{1,18}", value)
        found[key(path.removeprefix("/proc/sys/"))] = int(value) if whole else value
    return found


def sysctl_configured(seen: Collection) -> dict[str, Any]:
    """The same as written in /etc: what will hold after the next boot."""
    found: dict[str, Any] = {}
    for one in sorted(seen.files("sysctl_conf"), key=lambda each: each.path):
        for name, value in pairs(one.text, "#;"):
            slashed = name.lstrip("-").replace(".", "/")
            whole = re.fullmatch(r"-?\d{1,18}", value)
            found[slashed] = int(value) if whole else value
    return found


def mounts(seen: Collection) -> dict[str, Any]:
    listed: list[dict[str, Any]] = []
    for line in seen.file("proc_misc", "/proc/mounts").splitlines():
        words = line.split()
        if len(words) >= 4 and words[2] not in VIRTUAL_FS:
            listed.append(
                {"source": words[0], "target": words[1], "type": words[2],
                 "options": words[3].split(",")}
            )  # fmt: skip
    by = {one["target"]: one for one in listed}
    points = {}
    for target in WATCHED_MOUNTS:
        at = by.get(target)
        options = at["options"] if at else []
        points[key(target)] = {
            "separate": at is not None,
            **{name: name in options for name in ("nodev", "nosuid", "noexec", "ro")},
        }
    return {
        "mounted": listed[:200],
        "points": points,
        "network": [one["target"] for one in listed if one["type"].startswith(("nfs", "cifs"))],
        "fstab": [line.split()[:4] for line in real_lines(seen.file("fstab", "/etc/fstab"))][:100],
    }


def disks(seen: Collection) -> dict[str, Any]:
    used = {}
    for row in seen.lines("disks")[1:]:
        words = row.split()
        if len(words) >= 6 and words[4].endswith("%") and not words[0].startswith("tmpfs"):
            used[words[5]] = number(words[4])
    types = [line.split() for line in seen.lines("block")]
    crypt = [words[0] for words in types if "crypt" in words or "crypto_LUKS" in words]
    table = list(real_lines(seen.file("fstab", "/etc/crypttab")))
    swaps = [line.split()[0] for line in seen.file("proc_misc", "/proc/swaps").splitlines()[1:]]
    memory = settings(seen.file("proc_misc", "/proc/meminfo"))
    return {
        "used_percent": [{"target": name, "percent": share} for name, share in used.items()],
        "fullest_percent": max(
            (share for share in used.values() if share is not None), default=None
        ),
        "encrypted": crypt,
        "crypttab": len(table),
        "any_encrypted": bool(crypt or table),
        "swap": swaps,
        "swap_encrypted": bool(swaps) and all("dm-" in one or "crypt" in one for one in swaps),
        "memory_kib": number(memory.get("memtotal")),
        "memory_available_kib": number(memory.get("memavailable")),
    }


def kernel(seen: Collection) -> dict[str, Any]:
    running = seen.text("uname").split()[2:3]
    newest = sorted(seen.lines("boot_kernels"), key=lambda line: float(number(line) or 0))
    latest = newest[-1].split(maxsplit=1)[1] if newest and " " in newest[-1] else ""
    latest = latest.removeprefix("vmlinuz-") if "rescue" not in latest else ""
    loaded = [
        line.split()[0] for line in seen.file("proc_misc", "/proc/modules").splitlines() if line
    ]
    blocked = _blocked(all_text(seen, "modprobe"))
    return {
        "release": running[0] if running else None,
        "newest_installed": latest or None,
        "newer_waits": bool(latest and running and latest != running[0]),
        "command_line": seen.file("proc_misc", "/proc/cmdline").split(),
        "modules_loaded": loaded,
        "modules_blocked": {key(name): name in blocked for name in BLOCKED_MODULES},
        "no_execute": " nx " in f" {seen.file('proc_misc', '/proc/cpuinfo')} ".replace("\n", " "),
    }


def _blocked(text: str) -> set[str]:
    found = set()
    for line in real_lines(text):
        words = line.split()
        barred = words[0] == "blacklist" or (
            words[0] == "install" and words[-1].endswith(("/true", "/false", "/nologin"))
        )
        if len(words) > 1 and barred:
            found.add(words[1].replace("_", "-"))
    return found


def boot(seen: Collection) -> dict[str, Any]:
    modes = modes_of(seen, "boot_modes")
    there = {path for path, one in modes.items() if one["exists"]}
    line = seen.file("proc_misc", "/proc/cmdline")
    trusted = values_of(seen, "trusted")
    rescue = all_text(seen, "rescue")
    grub_seen = bool(there & {"/boot/grub/grub.cfg", "/boot/grub2/grub.cfg"})
    tpm = bool(there & {"/dev/tpm0", "/dev/tpmrm0", "/sys/class/tpm/tpm0"})
    return {
        "loader": "grub2" if grub_seen else None,
        "password": bool(re.search(r"password|GRUB2_PASSWORD", seen.text("grub"))),
        "uefi": "/sys/firmware/efi" in there,
        "audit_parameter": "audit=1" in line.split(),
        "ima_parameter": bool(re.search(r"(?:^|\s)ima(?:_\w+)?(?:=|\s|$)", line)),
        "tpm": tpm,
        "tpm_version": number(trusted.get("/sys/class/tpm/tpm0/tpm_version_major")),
        "ima_measurements": number(
            trusted.get("/sys/kernel/security/ima/runtime_measurements_count")
            or trusted.get("/sys/kernel/security/integrity/ima/runtime_measurements_count")
        ),
        "lockdown": _chosen(trusted.get("/sys/kernel/security/lockdown")),
        "rescue_asks_password": ("sulogin" in rescue or "systemd-sulogin" in rescue)
        if rescue
        else None,
        "ctrl_alt_del_masked": "/dev/null" in seen.text("ctrlaltdel"),
    }


def _chosen(text: str | None) -> str | None:
    found = re.search(r"\[(\w+)\]", text or "")
    return found[1] if found else None


def network(seen: Collection) -> dict[str, Any]:
    addresses = []
    for line in seen.lines("addresses"):
        words = line.split()
        if len(words) > 3 and words[2] in ("inet", "inet6"):
            addresses.append({"interface": words[1], "address": words[3]})
    links = seen.lines("links")
    resolve = seen.file("nss", "/etc/resolv.conf")
    return {
        "addresses": addresses[:100],
        "default_route": any(line.startswith("default") for line in seen.lines("routes")),
        "promiscuous": [line.split()[1].rstrip(":") for line in links if "PROMISC" in line],
        "wireless": [line.split()[1].rstrip(":") for line in links if re.match(r"\d+: wl", line)],
        "resolvers": [value for name, value in pairs(resolve) if name == "nameserver"],
        "ipv6": any(one["address"].count(":") > 1 for one in addresses),
    }


def usb(seen: Collection) -> dict[str, Any]:
    modes = [path for path, one in modes_of(seen, "usb").items() if one["exists"]]
    loaded = seen.file("proc_misc", "/proc/modules")
    blocked = "usb-storage" in _blocked(all_text(seen, "modprobe"))
    return {
        "storage_blocked": blocked,
        "storage_loaded": "usb_storage " in loaded,
        "module_installed": any("usb-storage" in path for path in modes),
        "usbguard": any("usbguard" in path for path in modes),
        "udev_rules": sum("udev" in path for path in modes),
    }


def age(seen: Collection, moment: int | None) -> int | None:
    """Days since a file's time by the host's own clock."""
    return days_since(None if moment is None else float(moment), now_of(seen))
