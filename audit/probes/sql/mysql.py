"""What the rows of MySQL and MariaDB mean, as facts. Pure."""

from __future__ import annotations

import re
from typing import Any

from audit.probes.sql import personal
from audit.probes.sql.answers import Replies, Row, integer, names, scalar, text, yes
from audit.probes.sql.support import described

POWERS = ("super_priv", "file_priv", "process_priv", "shutdown_priv", "create_user_priv",
          "grant_priv", "reload_priv")  # fmt: skip
_OWN = frozenset(("mysql", "information_schema", "performance_schema", "sys"))
_LOCAL = frozenset(("localhost", "127.0.0.1", "::1"))
_SYSTEM = frozenset(("mysql.sys", "mysql.session", "mysql.infoschema", "mariadb.sys"))
_LISTS = ("tls_version", "sql_mode", "server_audit_events", "log_output", "bind_address")
_TEXTS = ("log_error", "default_authentication_plugin", "audit_log_policy", "secure_file_priv",
          "binlog_format", "innodb_checksum_algorithm", "cracklib_password_check_dictionary",
          "validate_password_policy", "server_audit_output_type",
          "innodb_encrypt_tables")  # fmt: skip
_QUALITY = frozenset(("simple_password_check", "cracklib_password_check", "validate_password"))
_AUDIT = frozenset(("server_audit", "audit_log", "audit_log_filter", "audit"))
_REUSE = frozenset(("password_reuse_check",))
_LOCK = frozenset(("connection_control",))
_TEST = re.compile(r"^(test|demo|sample|example|tmp|sakila|world|employees)(_\w{0,20})?$", re.I)


def flavour(version: str, comment: str = "") -> str:
    """`mariadb` or `mysql`."""
    return "mariadb" if "mariadb" in f"{version} {comment}".lower() else "mysql"


def facts(replies: Replies) -> dict[str, Any]:
    """The document's places of this server; those that could not be seen are left out."""
    made: dict[str, Any] = {}
    version = replies.rows("version")
    if version:
        said = text(version[0], "version")
        kind = flavour(said, text(version[0], "comment"))
        made["flavour"] = kind
        made["version"] = described(kind, re.sub(r"^5\.5\.5-", "", said))
        made["session"] = {
            "user": text(version[0], "me"),
            "clock": integer(version[0].get("clock")),
        }
    for add in (_settings, _users, _grants, _plugins, _work):
        add(replies, made)
    _hidden(replies, made)
    return made


def _hidden(replies: Replies, made: dict[str, Any]) -> None:
    """The server shows an account only the databases it may enter: less than all is a gap."""
    rows = replies.rows("users_mariadb", "users_mysql") or ()
    me = (made.get("session") or {}).get("user", "")
    own = [row for row in rows if _name(row) == me]
    reads = any(yes(row.get("select_priv")) is True for row in own)
    lists = reads or any(yes(row.get("show_db_priv")) is True for row in own)
    for place, seen in (("databases", lists), ("tables", reads), ("personal", reads)):
        if place in made and not seen:
            del made[place]
            needs = "show databases" if place == "databases" else "select on *.*"
            replies.lack(place, f"{me} lacks {needs}")


def _settings(replies: Replies, made: dict[str, Any]) -> None:
    rows = replies.rows("variables")
    if rows is None:
        return
    found = {text(row, "variable_name").lower().replace(".", "_"): row.get("value") for row in rows}
    made["settings"] = {name: _value(name, value) for name, value in sorted(found.items())}
    keep = made["settings"]
    seconds = keep.get("binlog_expire_logs_seconds")
    days = keep.get("expire_logs_days")
    if isinstance(seconds, int) and seconds:
        keep["binlog_days"] = seconds // 86400
    elif "expire_logs_days" in keep:
        keep["binlog_days"] = integer(days)
    tls = keep.get("have_ssl", keep.get("have_openssl"))
    if tls is not None or "tls_version" in keep:
        keep["tls"] = tls is True if tls is not None else bool(keep["tls_version"])
    if "tls_version" in keep:
        keep["old_tls"] = [
            one for one in keep["tls_version"] if one.lower() in ("tlsv1", "tlsv1.0", "tlsv1.1")
        ]
    if "sql_mode" in keep:
        keep["strict"] = any(one.startswith("STRICT_") for one in keep["sql_mode"])


def _value(name: str, value: Any) -> Any:
    if name in _LISTS:
        return [one.strip() for one in str(value or "").split(",") if one.strip()]
    if name in _TEXTS:
        return str(value or "")
    return scalar(value)


def _users(replies: Replies, made: dict[str, Any]) -> None:
    rows = replies.rows("users_mariadb", "users_mysql")
    if rows is None:
        return
    people = [
        row
        for row in rows
        if text(row, "user") not in _SYSTEM and yes(row.get("account_locked")) is not True
    ]

    def of(kind: str) -> list[str]:
        return [_name(row) for row in people if text(row, "kind") == kind]

    strong = [row for row in people if any(yes(row.get(one)) is True for one in POWERS)]
    made["users"] = {
        "names": sorted(_name(row) for row in people),
        "empty_password": of("empty"),
        "own_name_password": of("own-name"),
        "old_hash": sorted([*of("old"), *of("sha1"), *of("own-name")]),
        "oldest_hash": of("old"),
        "anonymous": [_name(row) for row in people if not text(row, "user")],
        "root_remote": [_name(r) for r in people if text(r, "user") == "root" and not _local(r)],
        "from_anywhere": [_name(row) for row in people if text(row, "host") in ("%", "")],
        "remote_without_tls": [
            _name(row) for row in people if not _local(row) and not text(row, "ssl_type")
        ],
        "powerful": sorted(_name(row) for row in strong if text(row, "user") != "root"),
        "file": _power(people, "file_priv"),
        "process": _power(people, "process_priv"),
        "granting": _power(people, "grant_priv"),
        "creating": _power(people, "create_user_priv"),
        "read_all": _power(people, "select_priv"),
        "shared_root": len([row for row in people if text(row, "user") == "root"]),
        "unlimited": sorted(
            _name(r) for r in people if integer(r.get("max_user_connections")) == 0
        ),
        "certificates": [_name(r) for r in people if text(r, "ssl_type") in ("X509", "SPECIFIED")],
    }


def _name(row: Row) -> str:
    return f"{text(row, 'user')}@{text(row, 'host')}"[:200]


def _local(row: Row) -> bool:
    return text(row, "host").lower() in _LOCAL


def _power(rows: list[Row], column: str) -> list[str]:
    return sorted(
        _name(row) for row in rows if yes(row.get(column)) is True and text(row, "user") != "root"
    )


def _grants(replies: Replies, made: dict[str, Any]) -> None:
    rows = replies.rows("schema_grants")
    if rows is not None:
        made["grants"] = {
            "wildcards": sorted(
                f"{_name(row)}: {text(row, 'db')}"
                for row in rows
                if re.search(r"(?<!\\)%", text(row, "db"))
            ),
            "anonymous": sorted(text(row, "db") for row in rows if not text(row, "user")),
            "system": sorted(
                f"{_name(row)}: {text(row, 'db')}" for row in rows if text(row, "db") == "mysql"
            ),
        }
    schemas = replies.rows("schemas")
    if schemas is not None:
        own = [one for one in names(schemas, "name") if one.lower() not in _OWN]
        made["databases"] = {"names": own, "test": [one for one in own if _TEST.match(one)]}


def _plugins(replies: Replies, made: dict[str, Any]) -> None:
    rows = replies.rows("plugins")
    if rows is not None:
        active = {one.lower() for one in names(rows, "name")}
        components = replies.rows("components")
        if components is not None:
            active |= {one.lower().rpartition("component_")[2] for one in names(components, "name")}
        elif made.get("flavour") == "mysql":
            replies.lack("plugins.quality", "mysql.component")
        made["plugins"] = {
            "quality": sorted(active & _QUALITY),
            "audit": sorted(active & _AUDIT),
            "reuse": sorted(active & _REUSE),
            "lock": sorted(one for one in active if one in _LOCK or "connection_control" in one),
            "keys": sorted(one for one in active if "key_management" in one or "keyring" in one),
        }
    functions = replies.rows("functions")
    if functions is not None:
        made["functions"] = names(functions, "name", "dl")


def _work(replies: Replies, made: dict[str, Any]) -> None:
    status = replies.rows("status")
    if status is not None:
        made["status"] = {
            text(row, "variable_name").lower(): scalar(row.get("value")) for row in status
        }
    replicas = replies.rows("replicas")
    if replicas is not None:
        places = [text(row, "address") for row in replicas]
        made["replication"] = {
            "replicas": len(places),
            "remote": len([one for one in places if one.lower() not in _LOCAL]),
        }
    tables = replies.rows("encrypted")
    if tables:
        total = integer(tables[0].get("tables")) or 0
        made["tables"] = {
            "total": total,
            "plain": total - (integer(tables[0].get("encrypted")) or 0),
        }
    columns = replies.rows("personal")
    if columns is not None:
        made["personal"] = personal.columns(columns)
