"""Rights and encryption as PostgreSQL's catalogue tells them: five statements, names only. A door.

Everybody may read these catalogues, so nothing of them stays unknown for want of rights.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import text

from audit.lifecycle.databases import Database
from audit.lifecycle.grants import Catalogue, Granted, effective
from audit.lifecycle.reality import PUBLIC, Rights
from rules.model import Text

_OURS = "n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'"
_KINDS = "c.relkind IN ('r','p','v','m','f')"
_ROLES = text(
    "SELECT rolname, rolsuper, rolcanlogin, rolreplication FROM pg_catalog.pg_roles ORDER BY 1"
)
_MEMBERS = text(
    "SELECT r.rolname, m.rolname FROM pg_catalog.pg_auth_members a "
    "JOIN pg_catalog.pg_roles r ON r.oid = a.roleid JOIN pg_catalog.pg_roles m ON m.oid = a.member"
)
_TABLES = text(
    "SELECT n.nspname, c.relname, o.rolname, "  # noqa: S608
    "CASE WHEN a.grantee = 0 THEN :everybody ELSE g.rolname END, a.privilege_type, a.is_grantable "
    "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "JOIN pg_catalog.pg_roles o ON o.oid = c.relowner "
    "LEFT JOIN LATERAL aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) a ON true "
    "LEFT JOIN pg_catalog.pg_roles g ON g.oid = a.grantee "
    f"WHERE {_KINDS} AND {_OURS}"
)
_COLUMNS = text(
    "SELECT n.nspname, c.relname, t.attname, "  # noqa: S608
    "CASE WHEN a.grantee = 0 THEN :everybody ELSE g.rolname END, a.privilege_type, a.is_grantable "
    "FROM pg_catalog.pg_attribute t JOIN pg_catalog.pg_class c ON c.oid = t.attrelid "
    "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "CROSS JOIN LATERAL aclexplode(t.attacl) a "
    "LEFT JOIN pg_catalog.pg_roles g ON g.oid = a.grantee "
    f"WHERE {_KINDS} AND {_OURS} AND NOT t.attisdropped AND t.attacl IS NOT NULL"
)
_SEALED = text(
    "SELECT n.nspname, c.relname, m.amname, version(), "  # noqa: S608
    "(SELECT count(*) FROM pg_catalog.pg_settings WHERE name = 'data_encryption_key_unwrap_command') "  # noqa: E501
    "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
    "LEFT JOIN pg_catalog.pg_am m ON m.oid = c.relam "
    f"WHERE c.relkind IN ('r','p','m') AND {_OURS}"
)
_PREDEFINED = {
    "pg_read_all_data": "pg_read_all_data",
    "pg_write_all_data": "pg_write_all_data",
    "pg_read_server_files": "pg_read_server_files",
    "pg_execute_server_program": "pg_execute_server_program",
}


def rights(database: Database) -> Rights | Text:
    """Who can do what, or why it could not be read."""
    rows: list[list[tuple[Any, ...]]] = []
    everybody = {"everybody": PUBLIC}
    for order in (_ROLES, _MEMBERS, _TABLES.bindparams(**everybody),
                  _COLUMNS.bindparams(**everybody)):  # fmt: skip
        found = database.ask(order)
        if isinstance(found, Text):
            return found
        rows.append(found)
    roles, members, tables, columns = rows
    mighty = dict(_PREDEFINED)
    for name, super_, _, replication in roles:
        if super_ or replication:
            mighty[name] = "superuser" if super_ else "replication"
    whole = [
        Granted(role=role, word=word, schema=schema, table=table, grantable=bool(grantable))
        for schema, table, _, role, word, grantable in tables
        if role is not None and word is not None
    ]
    parts = [
        Granted(role=role, word=word, schema=schema, table=table, column=column,
                grantable=bool(grantable))
        for schema, table, column, role, word, grantable in columns
        if role is not None
    ]  # fmt: skip
    return effective(
        Catalogue(
            logins=frozenset(name for name, _, login, _ in roles if login),
            members=[(role, member) for role, member in members],
            granted=(*whole, *parts),
            owners={(schema, table): owner for schema, table, owner, *_ in tables},
            mighty=mighty,
        )
    )


def sealed(database: Database) -> dict[tuple[str, str], bool]:
    """Which tables the server itself encrypts, where that can be told at all."""
    found = database.ask(_SEALED)
    if isinstance(found, Text):
        return {}
    told: dict[tuple[str, str], bool] = {}
    for schema, table, method, version, others in found:
        if method == "tde_heap":
            told[schema, table] = True
        elif str(version).startswith("PostgreSQL ") and not others:
            told[schema, table] = False  # community PostgreSQL has none
    return told
