"""What the rows of PostgreSQL (and KingbaseES, which is of its kind) mean, as facts. Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import Any

from audit.probes.sql import personal
from audit.probes.sql.answers import Replies, Row, integer, names, scalar, text, yes
from audit.probes.sql.support import described

SETTINGS = (
    "archive_mode", "authentication_timeout", "client_min_messages", "data_checksums",
    "data_directory_mode", "event_source", "fsync", "full_page_writes",
    "idle_in_transaction_session_timeout",
    "idle_session_timeout", "listen_addresses", "log_checkpoints", "log_connections",
    "log_destination", "log_disconnections", "log_duration", "log_error_verbosity",
    "log_file_mode", "log_hostname", "log_line_prefix", "log_min_error_statement",
    "log_min_messages", "log_rotation_age", "log_rotation_size", "log_statement",
    "log_truncate_on_rotation", "logging_collector", "max_connections", "password_encryption",
    "pgaudit.log", "port", "row_security", "shared_preload_libraries", "ssl",
    "ssl_min_protocol_version",
    "synchronous_commit", "tcp_keepalives_idle", "unix_socket_permissions", "wal_level",
)  # fmt: skip
_OPTIONAL = ("pgaudit.log", "idle_session_timeout", "data_directory_mode", "event_source")
_HIDDEN = ("shared_preload_libraries",)  # shown to the privileged only: its absence is a gap
_LISTS = ("shared_preload_libraries", "listen_addresses", "log_destination")
_MODES = ("data_directory_mode", "log_file_mode", "unix_socket_permissions")
_PLAIN = ("password", "ldap", "radius", "pam", "bsd")  # the password crosses the line in clear
_FILE_ROLES = ("pg_read_server_files", "pg_write_server_files", "pg_execute_server_program")
_QUALITY = ("passwordcheck", "credcheck", "passwordpolicy", "pg_pwd_policy")
_DELAY = ("auth_delay", "credcheck", "auth_lock", "sys_audlog", "login_hook")
_AUDIT = ("pgaudit", "sysaudit", "set_user")
_TEST = re.compile(r"^(test|demo|sample|example|tmp)([_-]?\w{0,20})?$", re.I)


def facts(replies: Replies, platform: str = "postgresql") -> dict[str, Any]:
    """The document's places of this database; those that could not be seen are left out."""
    made: dict[str, Any] = {}
    for of in (_version, _roles):
        of(replies, made, platform)
    for add in (_settings, _hba, _passwords, _objects, _work, _personal):
        add(replies, made)
    return made


def _version(replies: Replies, made: dict[str, Any], platform: str) -> None:
    rows = replies.rows("version")
    if not rows:
        return
    row = rows[0]
    said = text(row, "number") if platform == "postgresql" else text(row, "version")
    made["version"] = described(platform, said or text(row, "version"))
    made["session"] = {"user": text(row, "me"), "clock": integer(row.get("clock"))}
    made.setdefault("replication", {})["standby"] = yes(row.get("recovering")) is True


def _settings(replies: Replies, made: dict[str, Any]) -> None:
    rows = replies.rows("settings")
    if rows is None:
        return
    given = {text(row, "name").lower(): row.get("setting") for row in rows}
    found: dict[str, Any] = {}
    for name in SETTINGS:
        key = name.replace(".", "_")
        if name not in given:
            if name in _HIDDEN:
                replies.lack(f"settings.{key}", "shown to privileged roles only")
                replies.lack("modules", "shared_preload_libraries is hidden")
            elif name in _OPTIONAL:
                found[key] = None
            continue
        found[key] = _value(name, given[name])
    made["settings"] = found
    made.setdefault("config", {})["pending_restart"] = names(
        [row for row in rows if yes(row.get("pending_restart")) is True], "name"
    )
    loaded = found.get("shared_preload_libraries")
    if isinstance(loaded, list):
        made["modules"] = {
            "quality": [one for one in loaded if one in _QUALITY],
            "delay": [one for one in loaded if one in _DELAY],
            "audit": [one for one in loaded if one in _AUDIT],
        }


def _value(name: str, value: Any) -> Any:
    if name in _LISTS:
        return [one.strip(" \"'") for one in str(value or "").split(",") if one.strip(" \"'")]
    if name in _MODES:
        return str(value).strip().rjust(4, "0")
    return str(value) if name in ("log_line_prefix", "pgaudit.log") else scalar(value)


def _hba(replies: Replies, made: dict[str, Any]) -> None:
    rows = replies.rows("hba")
    if rows is not None:
        good = [row for row in rows if yes(row.get("broken")) is not True]
        remote = [row for row in good if text(row, "type") != "local" and not _loopback(row)]
        allowed = [row for row in remote if text(row, "auth_method") != "reject"]
        made["hba"] = {
            "rules": len(good),
            "trust": _lines([row for row in good if text(row, "auth_method") == "trust"]),
            "ident": _lines([row for row in allowed if text(row, "auth_method") == "ident"]),
            "md5": _lines([row for row in good if text(row, "auth_method") == "md5"]),
            "plain": _lines(
                [
                    row
                    for row in allowed
                    if text(row, "auth_method") in _PLAIN and text(row, "type") != "hostssl"
                ]
            ),
            "without_tls": _lines(
                [row for row in allowed if text(row, "type") not in ("hostssl", "hostgssenc")]
            ),
            "anywhere": _lines([row for row in allowed if _anywhere(row)]),
            "replication_anywhere": _lines(
                [
                    row
                    for row in allowed
                    if "replication" in text(row, "database") and _anywhere(row)
                ]
            ),
            "certificates": _lines([row for row in good if text(row, "auth_method") == "cert"]),
            "remote": len(allowed),
        }
        made.setdefault("config", {})["hba_broken"] = len(rows) - len(good)
    broken = replies.rows("file_settings")
    if broken:
        made.setdefault("config", {})["file_broken"] = integer(broken[0].get("broken"))


def _lines(rows: list[Row]) -> list[str]:
    return [
        f"{text(row, 'line_number')}: {text(row, 'type')} {text(row, 'database')} "
        f"{text(row, 'users')} {text(row, 'address')} {text(row, 'auth_method')}"[:200]
        for row in rows[:100]
    ]


def _network(row: Row) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    """Address and mask of a rule; None for a name."""
    mask = text(row, "netmask")
    try:
        bits = (
            str(bin(int(ipaddress.IPv6Address(mask))).count("1")) if ":" in mask else mask or "32"
        )
        return ipaddress.ip_network(f"{text(row, 'address')}/{bits}", strict=False)
    except ValueError:
        return None


def _loopback(row: Row) -> bool:
    network = _network(row)
    return text(row, "address") in ("localhost", "samehost") or (
        network is not None and network.is_loopback
    )


def _anywhere(row: Row) -> bool:
    """Whether a rule lets in the whole internet, or nearly so."""
    network = _network(row)
    if network is None:
        return text(row, "address") == "all"
    return network.prefixlen < (8 if network.version == 4 else 16)


def _roles(replies: Replies, made: dict[str, Any], platform: str) -> None:
    rows = replies.rows("roles")
    if rows is None:
        return
    logins = [row for row in rows if yes(row.get("rolcanlogin")) is True]

    def having(*columns: str) -> list[str]:
        return names([r for r in logins if any(yes(r.get(c)) is True for c in columns)], "rolname")

    supers = having("rolsuper")
    people = [row for row in logins if text(row, "rolname") not in supers]
    until = {text(row, "rolname"): integer(row.get("until")) for row in logins}
    clock = (made.get("session") or {}).get("clock")
    made["roles"] = {
        "logins": names(logins, "rolname"),
        "superusers": supers,
        "default_superuser": "postgres" in supers
        if platform == "postgresql"
        else "system" in supers,
        "creators": sorted({*having("rolcreaterole")} - {*supers}),
        "replicators": sorted({*having("rolreplication")} - {*supers}),
        "bypass_row_security": sorted({*having("rolbypassrls")} - {*supers}),
        "never_expires": names([r for r in logins if yes(r.get("expires")) is not True], "rolname"),
        "unlimited": names([r for r in people if integer(r.get("rolconnlimit")) == -1], "rolname"),
    }
    if clock is not None:
        made["roles"]["expired"] = sorted(n for n, day in until.items() if day and day < clock)


def _passwords(replies: Replies, made: dict[str, Any]) -> None:
    rows = replies.rows("passwords")
    if rows is None:
        return
    kinds = {kind: names([r for r in rows if text(r, "kind") == kind], "rolname")
             for kind in ("none", "own-name", "md5", "scram", "other")}  # fmt: skip
    made["passwords"] = {
        "own_name": kinds["own-name"],
        "weak_hash": sorted({*kinds["md5"], *kinds["own-name"], *kinds["other"]}),
        "strong_hash": kinds["scram"],
        "none": kinds["none"],
    }


def _objects(replies: Replies, made: dict[str, Any]) -> None:
    members = replies.rows("members")
    if members is not None:
        made["file_roles"] = names(
            [
                row
                for row in members
                if text(row, "role").replace("sys_", "pg_", 1) in _FILE_ROLES
                and yes(row.get("super")) is not True
            ],
            "role",
            "member",
        )
    databases = replies.rows("databases")
    if databases is not None:
        own = [row for row in databases if yes(row.get("datistemplate")) is not True]
        made["databases"] = {
            "names": names(own, "datname"),
            "public_connect": names(
                [r for r in own if yes(r.get("public_connect")) is True], "datname"
            ),
            "public_temp": names([r for r in own if yes(r.get("public_temp")) is True], "datname"),
            "test": sorted(one for one in names(own, "datname") if _TEST.match(one)),
        }
    for query, place, columns in (
        ("schemas", "create_in", ("nspname",)),
        ("grants", "tables", ("schema", "name")),
        ("file_functions", "file_functions", ("proname",)),
    ):
        rows = replies.rows(query)
        if rows is not None:
            made.setdefault("public", {})[place] = names(rows, *columns)
    for query, place, columns in (
        ("definers", "definers", ("schema", "name")),
        ("extensions", "extensions", ("extname",)),
        ("languages", "languages", ("lanname",)),
    ):
        rows = replies.rows(query)
        if rows is not None:
            made[place] = names(rows, *columns)
    for query, place in (("owned", "tables"), ("labels", "labels")):
        rows = replies.rows(query)
        if rows:
            made[place] = {name: integer(value) for name, value in rows[0].items()}


def _work(replies: Replies, made: dict[str, Any]) -> None:
    standbys = replies.rows("standbys")
    if standbys is not None:
        streaming = [row for row in standbys if text(row, "state") == "streaming"]
        made.setdefault("replication", {}).update(
            streaming=len(streaming),
            remote=len([row for row in streaming if _elsewhere(text(row, "address"))]),
            synchronous=len([r for r in streaming if text(r, "sync_state") in ("sync", "quorum")]),
        )
    archiver = replies.rows("archiver")
    if archiver:
        row: Mapping[str, Any] = archiver[0]
        last, failed = integer(row.get("last")), integer(row.get("last_failed"))
        made["archiver"] = {
            "archived": integer(row.get("archived_count")),
            "failed": integer(row.get("failed_count")),
            "last": last,
            "failing": failed is not None and (last is None or failed > last),
        }
    sessions = replies.rows("sessions")
    if sessions is not None:
        away = [row for row in sessions if _elsewhere(text(row, "address"))]
        made["sessions"] = {
            "remote": len(away),
            "plain": len([row for row in away if yes(row.get("ssl")) is not True]),
        }


def _elsewhere(address: str) -> bool:
    try:
        return not ipaddress.ip_address(address.partition("/")[0]).is_loopback
    except ValueError:
        return False


def _personal(replies: Replies, made: dict[str, Any]) -> None:
    rows = replies.rows("personal")
    if rows is not None:
        made["personal"] = {
            **personal.columns(rows),
            "public": names([r for r in rows if yes(r.get("public")) is True],
                            "schema", "name", "column"),
        }  # fmt: skip
