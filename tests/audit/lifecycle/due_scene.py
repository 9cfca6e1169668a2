"""The district of `expiring` on SQLite, opened, with what the rules say of its pupils."""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Connection, Engine

from audit.lifecycle.due_engine import open_engine, snapshot
from audit.lifecycle.due_rows import Scope
from audit.lifecycle.retain import read_rules, retentions, scope_of
from tests.audit.lifecycle.expiring import fill, phone, rules

DAY = dt.date(2026, 9, 1)
PUPILS = 60


@contextlib.contextmanager
def opened(folder: Path, *orders: str, write: bool = False) -> Iterator[tuple[Engine, Scope]]:
    """An engine, and the scope of the rules in the folder."""
    url = f"sqlite:///{folder}/d.db"
    fill(url, PUPILS)
    if orders:
        engine, _ = open_engine(url, write=True)
        with engine.begin() as connection:
            for order in orders:
                connection.exec_driver_sql(order)
        engine.dispose()
    book = read_rules(rules(folder / "rules.yaml", phone(1))).book
    ((_, dataset, retention),) = retentions(book)
    scope = scope_of(book, dataset, retention, DAY, DAY)
    if scope is None:
        raise ValueError("no scope")
    engine, _ = open_engine(url, write=write)
    try:
        yield engine, scope
    finally:
        engine.dispose()


@contextlib.contextmanager
def looking(folder: Path, *orders: str) -> Iterator[tuple[Connection, Scope]]:
    """A read-only connection and the scope."""
    with opened(folder, *orders) as (engine, scope), snapshot(engine) as connection:
        yield connection, scope
