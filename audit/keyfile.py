"""The key file of the store, made where it is missing, and the tables, brought up to date."""

from __future__ import annotations

import os
from pathlib import Path

from sqlalchemy import Connection, insert, select, text, update

from audit import tables, vault
from rules.load import WorldError


def load_keys(path: Path, *, make: bool) -> vault.Keys:
    """The key file, made where it is missing. Raises WorldError, VaultError."""
    if not path.exists() and make:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(vault.fresh_keys(os.urandom))
    try:
        if path.stat().st_mode & 0o077:
            raise WorldError(f"{path}: 密钥文件对他人可读 / others may read it: chmod 600")
        return vault.read_keys(path.read_bytes())
    except OSError as error:
        raise WorldError(f"{path}: 密钥文件不可读 / {error.strerror}") from error
    except vault.VaultError as error:
        raise WorldError(f"{path}: {error}") from error


def bring_up(connection: Connection) -> None:
    """Make the tables, or take the steps to this program's version. Raises WorldError."""
    with connection.begin():
        tables.METADATA.create_all(connection)
        found = connection.execute(select(tables.audit_version.c.version)).scalar()
        if found is None:
            connection.execute(insert(tables.audit_version).values(version=tables.VERSION))
            return
        if found > tables.VERSION:
            raise WorldError(
                f"审计库版本 {found} 比本程序新 / the store is newer than this program"
            )
        for step in range(found + 1, tables.VERSION + 1):
            for statement in tables.STEPS[step]:
                connection.execute(text(statement))
            connection.execute(update(tables.audit_version).values(version=step))
