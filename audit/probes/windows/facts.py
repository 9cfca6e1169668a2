"""The exported sections of a Windows host become one document, and that becomes Evidence. Pure.

A section that is not there makes its places gaps; a registry value that is not there is null or
what Windows does without it, where that is documented for all versions. docs/audit-windows.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from audit.model import Evidence
from audit.probes.host import canonical, redact
from audit.probes.windows import policy
from audit.probes.windows.exported import Exported, NotExportedError, parse

PROBE = "windows"
METHOD = "导入 Windows 采集结果 / an exported Windows collection, imported"
DANGEROUS = (21, 23, 69, 135, 137, 138, 139, 445, 3389, 5900)
UNNEEDED = ("telnet", "tlntsvr", "remoteregistry", "simptcp", "snmp", "ssdpsrv", "upnphost",
            "lmhosts", "fax", "xblgamesave", "msftpsvc", "ftpsvc", "browser")  # fmt: skip

PLACES: Mapping[str, tuple[str, ...]] = {
    "system": ("system",),
    "secedit": ("policy", "rights"),
    "auditpol": ("audit",),
    "users": ("users", "accounts"),
    "administrators": ("administrators",),
    "services": ("services",),
    "firewall": ("firewall",),
    "hotfixes": ("hotfixes",),
    "shares": ("shares",),
    "logs": ("logs",),
    "defender": ("defender",),
    "antivirus": ("antivirus",),
    "bitlocker": ("bitlocker",),
    "secureboot": ("secureboot",),
    "listening": ("listening",),
    "registry": ("settings",),
}


def read(raw: bytes, *, target: str, taken: float) -> Evidence:
    """Evidence of one host. Never raises for what the bytes are."""
    try:
        seen = parse(raw)
        found, problem, version = redact(document(seen)), "", seen.version
        digest = sha256(canonical(found)).hexdigest()
    except NotExportedError as error:
        found, problem, version = None, str(error)[:500], ""
        digest = sha256(raw).hexdigest()
    dated = _dated(found, taken)
    return Evidence(
        id=f"{target}:{PROBE}:{digest[:16]}",
        target=target,
        probe=PROBE,
        method=METHOD,
        taken=taken,
        dated=dated,
        collector="qinglang-windows",
        version=version,
        document=found,
        problem=problem,
        digest=digest,
    )


def _dated(found: Any, taken: float) -> float:
    said = found["system"].get("now") if found and "system" in found else None
    return float(said) if said and 0 < said <= taken + 86400 else taken


def document(seen: Exported) -> dict[str, Any]:
    """The document; gaps for what was not exported."""
    found: dict[str, Any] = {"format": "qinglang-windows/1", "platform": "windows"}
    there = seen.sections
    if "system" in there:
        found["system"], found["os"] = system(seen), {"id": "windows", "families": ["windows"]}
    if "secedit" in there:
        found["policy"] = policy.policy(there["secedit"])
        if (given := policy.rights(there["secedit"])) is not None:
            found["rights"] = given
    if "auditpol" in there:
        found["audit"] = policy.audited(there["auditpol"])
    if "users" in there:
        found["users"] = users(seen)
        found["accounts"] = accounts(found["users"])
    if "administrators" in there:
        found["administrators"] = {"count": len(seen.rows("administrators"))}
    if "services" in there:
        found["services"] = services(seen)
    for name, read_ in _TABLES.items():
        if name in there:
            found[name] = read_(seen)
    if "hotfixes" in there:
        found["hotfixes"] = hotfixes(seen, found.get("system", {}).get("now"))
    if "registry" in there:
        found["settings"] = registry(seen.values("registry"))
    found["gaps"] = [
        {
            "path": place,
            "why": "not-run",
            "detail": seen.failed.get(section, "没有导出 not exported"),
        }
        for section, places in PLACES.items()
        if section not in there
        for place in places
    ]
    return found


def system(seen: Exported) -> dict[str, Any]:
    said = seen.values("system")
    build = re.search(r"\.(\d{3,6})", said.get("version", ""))
    return {
        "caption": said.get("caption") or None,
        "version": said.get("version") or None,
        "build": int(build[1]) if build else None,
        "server": said["type"] in ("2", "3") if "type" in said else None,
        "domain": said["domain"].lower() == "true" if "domain" in said else None,
        "now": _seconds(said.get("now", "")),
    }


def _seconds(said: str) -> float | None:
    try:
        found = datetime.fromisoformat(said.strip()[:32])
    except ValueError:
        return None
    try:
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()
    except (OverflowError, ValueError):
        return None


def users(seen: Exported) -> list[dict[str, Any]]:
    return [
        {
            "name": row.get("Name", ""),
            "rid": int(row["SID"].rsplit("-", 1)[-1][:9])
            if re.search(r"-\d+$", row.get("SID", ""), re.A)
            else None,
            "enabled": not _true(row, "Disabled"),
            "password_required": _true(row, "PasswordRequired"),
            "password_expires": _true(row, "PasswordExpires"),
        }
        for row in seen.rows("users")
    ]


def accounts(listed: list[dict[str, Any]]) -> dict[str, Any]:
    """Counts over the enabled local accounts."""
    on = [one for one in listed if one["enabled"]]
    names = [one["name"].lower() for one in on]
    return {
        "enabled": len(on),
        "without_password": sum(not one["password_required"] for one in on),
        "never_expiring": sum(not one["password_expires"] for one in on),
        "guest_enabled": any(one["rid"] == 501 for one in on),
        "administrator_named": any(
            one["rid"] == 500 and one["name"].lower() == "administrator" for one in on
        ),
        "test_accounts": sum(
            bool(re.fullmatch(r"(?:test|temp|demo|user)\d*", one)) for one in names
        ),
    }


def services(seen: Exported) -> dict[str, Any]:
    rows = {row.get("Name", "").lower(): row for row in seen.rows("services")}
    on = {name for name, row in rows.items() if row.get("State", "").lower() == "running"}
    return {
        "running": len(on),
        "unneeded": sorted(on & {*UNNEEDED}),
        "event_log": "eventlog" in on,
        "time": "w32time" in on,
        "firewall": "mpssvc" in on,
        "defender": "windefend" in on,
        "print_spooler": "spooler" in on,
        "remote_registry": "remoteregistry" in on,
        "telnet": bool({"tlntsvr", "telnet"} & on),
        "winrm": "winrm" in on,
    }


def _firewall(seen: Exported) -> dict[str, Any]:
    rows = seen.rows("firewall")
    return {
        "profiles": len(rows),
        "off": sum(not _true(row, "Enabled") for row in rows),
        "inbound_open": sum(
            row.get("DefaultInboundAction", "").lower() in ("allow", "2") for row in rows
        ),
        "not_logging": sum(not _true(row, "LogBlocked") for row in rows),
    }


def _shares(seen: Exported) -> dict[str, Any]:
    names = [row.get("Name", "") for row in seen.rows("shares")]
    return {
        "default": sorted(one for one in names if re.fullmatch(r"[A-Z]\$|ADMIN\$", one, re.I)),
        "others": sum(not one.endswith("$") for one in names),
    }


def _logs(seen: Exported) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for row in seen.rows("logs"):
        size = row.get("MaximumSizeInBytes", "")
        found[row.get("LogName", "").lower()] = {
            "enabled": _true(row, "IsEnabled"),
            "megabytes": int(size[:15]) // 1048576 if re.fullmatch(r"\d+", size, re.A) else None,
            "overwrites": row.get("LogMode", "").lower() in ("circular", "0"),
        }
    return found


def _defender(seen: Exported) -> dict[str, Any]:
    row = next(iter(seen.rows("defender")), None)
    if row is None:
        return {"enabled": False, "real_time": False}
    age = row.get("AntivirusSignatureAge", "")
    return {
        "enabled": _true(row, "AntivirusEnabled"),
        "real_time": _true(row, "RealTimeProtectionEnabled"),
        "signature_days": int(age[:6]) if re.fullmatch(r"\d+", age, re.A) else None,
    }


def _antivirus(seen: Exported) -> dict[str, Any]:
    return {"products": len(seen.rows("antivirus"))}


def _bitlocker(seen: Exported) -> dict[str, Any]:
    rows = seen.rows("bitlocker")
    return {
        "volumes": len(rows),
        "unprotected": sum(
            row.get("ProtectionStatus", "").lower() not in ("on", "1") for row in rows
        ),
    }


def _secureboot(seen: Exported) -> dict[str, Any]:
    return {"enabled": seen.values("secureboot").get("enabled", "").lower() == "true"}


def _listening(seen: Exported) -> dict[str, Any]:
    rows = [
        row for row in seen.rows("listening") if row.get("LocalAddress") not in ("127.0.0.1", "::1")
    ]
    ports = {
        int(row["LocalPort"])
        for row in rows
        if re.fullmatch(r"\d{1,5}", row.get("LocalPort", ""), re.A)
    }
    return {"ports": sorted(ports), "dangerous": sorted(ports & {*DANGEROUS})}


_TABLES = {
    "firewall": _firewall, "shares": _shares, "logs": _logs, "defender": _defender,
    "antivirus": _antivirus, "bitlocker": _bitlocker, "secureboot": _secureboot,
    "listening": _listening,
}  # fmt: skip


def hotfixes(seen: Exported, now: float | None) -> dict[str, Any]:
    dates = []
    for line in seen.lines("hotfixes"):
        when = _seconds(line.partition(",")[2])
        if when is not None:
            dates.append(when)
    found: dict[str, Any] = {
        "count": sum(line.upper().startswith("KB") for line in seen.lines("hotfixes"))
    }
    if dates and now is not None:
        found["newest_days"] = int((now - max(dates)) // 86400)
    return found


_SETTINGS: Mapping[str, tuple[str, int | None]] = {
    "rdp_denied": ("terminal server\\fdenytsconnections", 1),
    "rdp_nla": ("rdp-tcp\\userauthentication", None),
    "rdp_security_layer": ("rdp-tcp\\securitylayer", None),
    "rdp_encryption": ("rdp-tcp\\minencryptionlevel", None),
    "rdp_port": ("rdp-tcp\\portnumber", 3389),
    "rdp_idle_ms": ("terminal services\\maxidletime", 0),
    "rdp_drives_off": ("terminal services\\fdisablecdm", 0),
    "smb1": ("lanmanserver\\parameters\\smb1", None),
    "smb_signing": ("lanmanserver\\parameters\\requiresecuritysignature", 0),
    "smb_client_signing": ("lanmanworkstation\\parameters\\requiresecuritysignature", 0),
    "smb_plain_password": ("lanmanworkstation\\parameters\\enableplaintextpassword", 0),
    "null_sessions_restricted": ("lanmanserver\\parameters\\restrictnullsessaccess", 1),
    "lm_level": ("control\\lsa\\lmcompatibilitylevel", 3),
    "no_lm_hash": ("control\\lsa\\nolmhash", 1),
    "restrict_anonymous": ("control\\lsa\\restrictanonymous", 0),
    "restrict_anonymous_sam": ("control\\lsa\\restrictanonymoussam", 1),
    "lsa_protected": ("control\\lsa\\runasppl", 0),
    "blank_password_local_only": ("control\\lsa\\limitblankpassworduse", 1),
    "wdigest": ("wdigest\\uselogoncredential", None),
    "clear_page_file": ("memory management\\clearpagefileatshutdown", 0),
    "uac": ("policies\\system\\enablelua", None),
    "hide_last_user": ("policies\\system\\dontdisplaylastusername", 0),
    "lock_seconds": ("policies\\system\\inactivitytimeoutsecs", 0),
    "autorun": ("policies\\explorer\\nodrivetypeautorun", 145),
    "auto_logon": ("winlogon\\autoadminlogon", 0),
    "cached_logons": ("winlogon\\cachedlogonscount", 10),
    "updates_off": ("windowsupdate\\au\\noautoupdate", 0),
    "script_logging": ("scriptblocklogging\\enablescriptblocklogging", 0),
    "llmnr": ("dnsclient\\enablemulticast", 1),
    "usb_storage_start": ("usbstor\\start", 3),
    "tls10": ("tls 1.0\\server\\enabled", None),
    "ssl30": ("ssl 3.0\\server\\enabled", None),
}
"""Name → end of the registry path, and what holds without it (None: it depends on the version)."""


def registry(values: Mapping[str, str]) -> dict[str, Any]:
    """Settings as numbers. Absent ones stand only where all versions do the same without them."""
    found: dict[str, Any] = {}
    for name, (end, default) in _SETTINGS.items():
        said = next((value for key, value in values.items() if key.endswith(end)), None)
        if said is None:
            continue
        if re.fullmatch(r"-?\d{1,10}", said, re.A):
            found[name] = int(said)
        elif said == "absent" and default is not None:
            found[name] = default
    text = next((v for k, v in values.items() if k.endswith("legalnoticetext")), None)
    if text is not None:
        found["notice"] = text not in ("absent", "")
    kind = next((v for k, v in values.items() if k.endswith("w32time\\parameters\\type")), None)
    if kind is not None and kind != "absent":
        found["time_source"] = kind.upper()
    return found


def _true(row: Mapping[str, str], name: str) -> bool:
    return row.get(name, "").strip().lower() in ("true", "1", "yes", "是")
