"""What guards a host and its users: access control, scanners, containers, banners, jobs."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

from cryptography import x509

from audit.probes.collected import Collection
from audit.probes.linux.lines import (
    all_text,
    days_since,
    modes_of,
    now_of,
    number,
    real_lines,
    settings,
    values_of,
)


def mandatory(seen: Collection) -> dict[str, Any]:
    """SELinux, AppArmor, KySec."""
    values = values_of(seen, "mac_values")
    config = settings(seen.file("selinux", "/etc/selinux/config"))
    enforce = values.get("/sys/fs/selinux/enforce")
    profiles = seen.file("apparmor", "/sys/kernel/security/apparmor/profiles").splitlines()
    enforced = sum("(enforce)" in line for line in profiles)
    selinux = {"1": "enforcing", "0": "permissive"}.get(enforce or "", "disabled")
    kysec = values.get("/sys/kernel/security/kysec/status")
    return {
        "selinux": selinux,
        "selinux_configured": config.get("selinux"),
        "selinux_policy": config.get("selinuxtype"),
        "apparmor": values.get("/sys/module/apparmor/parameters/enabled") == "Y",
        "apparmor_enforced": enforced,
        "apparmor_complaining": sum("(complain)" in line for line in profiles),
        "kysec": kysec,
        "enforced": selinux == "enforcing" or enforced > 0 or kysec in ("1", "2"),
    }


def session(seen: Collection) -> dict[str, Any]:
    """What the shells of users do: time-out, umask, history."""
    text = all_text(seen, "profile")
    times = [
        int(one)
        for one in re.findall(
            r"^[ \t]*(?:export |readonly |declare -\w+ |typeset -\w+ )*TMOUT=(\d{1,7})", text, re.M
        )
    ]
    masks = re.findall(r"^[ \t]*umask\s+0?([0-7]{3})\b", text, re.M)
    sizes = [int(one) for one in re.findall(r"^[ \t]*(?:export )?HISTSIZE=(\d{1,7})", text, re.M)]
    path = re.findall(r"^[ \t]*(?:export )?PATH=[\"']?([^\"'\n]+)", text, re.M)
    return {
        "timeout_seconds": min((one for one in times if one > 0), default=None),
        "timeout_readonly": bool(
            re.search(r"(readonly|(declare|typeset) -\w*r)[^\n]*TMOUT", text)
        ),
        "umasks": sorted(set(masks)),
        "loosest_umask": min(masks, default=None, key=lambda mask: int(mask, 8)),
        "history_size": min(sizes, default=None),
        "history_stamped": "HISTTIMEFORMAT" in text,
        "commands_logged": bool(re.search(r"PROMPT_COMMAND=[^\n]*logger", text)),
        "path_has_dot": any(part in ("", ".") for one in path for part in one.strip().split(":")),
    }  # fmt: skip


SCRATCH = re.compile(r"/(var/)?tmp/|/dev/shm/")
_TELLS = re.compile(
    r"\\[mrsv]|debian|ubuntu|centos|red hat|kylin|openeuler|uniontech|uos\b|anolis"
    r"|release \d|kernel",
    re.I,
)


def banners(seen: Collection) -> dict[str, Any]:
    found = {}
    for name in ("issue", "issue.net", "motd"):
        text = seen.file("banners", f"/etc/{name}").strip()
        found[name.replace(".", "_")] = {
            "text": text[:300],
            "empty": not text,
            "tells_system": bool(_TELLS.search(text)),
            "warns": bool(
                re.search(
                    r"authori[sz]ed|warning|prohibited|monitor|授权|警告|禁止|审计|监控", text, re.I
                )
            ),
        }
    return found


def jobs(seen: Collection) -> dict[str, Any]:
    files = {one.path: one.text for one in seen.files("cron")}
    lines = [
        line for path, text in files.items()
        if not path.endswith((".allow", ".deny"))
        for line in real_lines(text) if re.match(r"[\d*@]", line)
    ]  # fmt: skip
    backup = re.compile(r"backup|rsync|mysqldump|pg_dump|borg|restic|tar +c|备份|exp(dp)? ", re.I)
    return {
        "count": len(lines),
        "backup_jobs": sum(bool(backup.search(line)) for line in lines),
        "integrity_jobs": sum(bool(re.search(r"aide|tripwire|debsums", line)) for line in lines),
        "temporary_paths": [line[:160] for line in lines if SCRATCH.search(line)][:20],
        "downloads": [line[:160] for line in lines if re.search(r"\b(curl|wget)\b", line)][:20],
        "cron_allow": "/etc/cron.allow" in files,
        "at_allow": "/etc/at.allow" in files,
    }


def tools(seen: Collection) -> dict[str, Any]:
    """Scanners, baselines and products that were recognised, and how old their signatures are."""
    now = now_of(seen)
    dates = [float(one) for one in re.findall(r"^(\d{9,11})", seen.text("clamav"), re.M)]
    there = [path for path, one in modes_of(seen, "vendors").items() if one["exists"]]
    baseline = [
        path for path, one in modes_of(seen, "aide").items() if one["exists"] and "db" in path
    ]
    jails = all_text(seen, "fail2ban")
    return {
        "vendor_directories": there,
        "signatures_age_days": days_since(max(dates, default=None), now),
        "integrity_baseline": baseline,
        "fail2ban_sshd": bool(re.search(r"\[sshd\][^\[]*enabled\s*=\s*true", jails)),
    }


def containers(seen: Collection) -> dict[str, Any]:
    text = seen.file("docker", "/etc/docker/daemon.json")
    try:
        said = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        said = {}
    said = said if isinstance(said, dict) else {}
    modes = {path: one for path, one in modes_of(seen, "docker_modes").items() if one["exists"]}
    socket = modes.get("/run/docker.sock") or modes.get("/var/run/docker.sock") or {}
    hosts = said.get("hosts", [])
    return {
        "docker": bool(text or socket),
        "docker_socket_mode": socket.get("mode"),
        "docker_socket_group": socket.get("group"),
        "docker_socket_open": socket.get("other_access"),
        "docker_settings": sorted(map(str, said)),
        "docker_tcp": [str(one) for one in hosts if str(one).startswith("tcp://")]
        if isinstance(hosts, list)
        else [],
        "docker_tls": said.get("tlsverify") is True,
        "docker_userns": bool(said.get("userns-remap")),
        "docker_icc_off": said.get("icc") is False,
        "docker_live_restore": said.get("live-restore") is True,
        "docker_log_limited": "max-size" in str(said.get("log-opts", "")),
        "insecure_registries": [str(one) for one in said.get("insecure-registries") or []][:20]
        if isinstance(said.get("insecure-registries"), list)
        else [],
        "kubernetes": "/etc/kubernetes" in modes or "/var/lib/kubelet" in modes,
        "podman": "/run/podman/podman.sock" in modes,
    }


def directory(seen: Collection) -> dict[str, Any]:
    sssd = seen.file("directory", "/etc/sssd/sssd.conf")
    client = "\n".join(real_lines(all_text(seen, "directory"), "#;"))
    nss = settings(seen.file("nss", "/etc/nsswitch.conf"))
    uris = re.findall(r"ldaps?://[^\s,\"']+", client)
    realm = re.search(r"default_realm\s*=\s*(\S+)", seen.file("nss", "/etc/krb5.conf"))
    return {
        "sources": nss.get("passwd", "").split(),
        "central": any(one in nss.get("passwd", "") for one in ("sss", "ldap", "winbind", "nis")),
        "ldap_uris": uris[:10],
        "ldap_encrypted": bool(uris) and (
            all(one.startswith("ldaps://") for one in uris)
            or bool(re.search(r"start_tls|ssl\s+on|ldap_id_use_start_tls\s*=\s*true", client, re.I))
        ),
        "certificate_checked": not re.search(
            r"(tls_reqcert|reqcert)\s*=?\s*(never|allow)", client, re.I
        ),
        "kerberos_realm": realm[1] if realm else None,
        "sssd": bool(sssd),
    }  # fmt: skip


def certificates(seen: Collection) -> list[dict[str, Any]]:
    """Public certificates in the usual places; private keys are never read."""
    now = now_of(seen)
    found = []
    path = ""
    for piece in re.split(r"^(file /\S+)$", seen.text("certificates"), flags=re.M):
        if piece.startswith("file "):
            path = piece[5:]
        for pem in re.findall(r"-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----", piece)[
            :1
        ]:
            found.append({"path": path, **_certificate(pem, now)})
    return found


def _certificate(pem: str, now: float | None) -> dict[str, Any]:
    try:
        one = x509.load_pem_x509_certificate(pem.encode())
        ends: datetime = one.not_valid_after_utc
        subject, issuer = one.subject.rfc4514_string(), one.issuer.rfc4514_string()
        public = one.public_key()
        size = getattr(public, "key_size", None)
        kind = type(public).__name__.removesuffix("PublicKey").strip("_").lower()
        algorithm = one.signature_algorithm_oid._name
    except Exception as error:  # whatever a hostile certificate makes the parser raise
        return {"readable": False, "problem": type(error).__name__}
    return {
        "readable": True,
        "subject": subject[:200],
        "self_signed": subject == issuer,
        "expires": int(ends.timestamp()),
        "days_left": None if now is None else int((ends.timestamp() - now) // 86400),
        "key_bits": number(str(size)),
        "key_strong": size is None or size >= (2048 if kind.startswith(("rsa", "dsa")) else 256),
        "signature": algorithm,
    }
