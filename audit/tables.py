"""The tables of the audit store. Rows of `entries` and `ledger` are added and never changed.

Version 1 is made at once; a newer program brings the steps from one version to the next
(`STEPS`), a database of a newer version than the program is refused.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)

VERSION = 1
STEPS: dict[int, tuple[str, ...]] = {}
"""Version → the statements that lead to it from the one before."""

METADATA = MetaData()
Number = BigInteger().with_variant(Integer(), "sqlite")
Name = String(300)

audit_version = Table(
    "audit_version", METADATA, Column("version", Integer, primary_key=True, autoincrement=False)
)
organisations = Table(
    "organisations",
    METADATA,
    Column("id", Name, primary_key=True),
    Column("above", Name, nullable=False),
    Column("body", Text, nullable=False),
)
systems = Table(
    "systems",
    METADATA,
    Column("id", Name, primary_key=True),
    Column("organisation", Name, nullable=False),
    Column("body", Text, nullable=False),
)
targets = Table(
    "targets",
    METADATA,
    Column("id", Name, primary_key=True),
    Column("system", Name, nullable=False, index=True),
    Column("body", Text, nullable=False),
)
assessments = Table(
    "assessments",
    METADATA,
    Column("id", Name, primary_key=True),
    Column("system", Name, nullable=False),
    Column("body", Text, nullable=False),
    Column("wrapped", LargeBinary, nullable=True),  # null: the key is destroyed
)
runs = Table(
    "runs",
    METADATA,
    Column("id", Name, primary_key=True),
    Column("assessment", Name, nullable=False, index=True),
    Column("taken", Float, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("summary", Text, nullable=False),
    Column("body", LargeBinary, nullable=True),  # the record, compressed and encrypted
)
evidence = Table(
    "evidence",
    METADATA,
    Column("assessment", Name, primary_key=True),
    Column("id", Name, primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("target", Name, nullable=False),
    Column("probe", Name, nullable=False),
    Column("taken", Float, nullable=False),
    Column("body", LargeBinary, nullable=True),  # null: deleted
)
entries = Table(
    "entries",
    METADATA,
    Column("seq", Number, primary_key=True, autoincrement=True),
    Column("kind", String(40), nullable=False, index=True),
    Column("id", Name, nullable=False),
    Column("at", Float, nullable=False),
    Column("by", Name, nullable=False),
    Column("body", Text, nullable=False),
)
"""What people wrote down: answers, waivers and their revoking, steps of repairs, imported lists."""
ledger = Table(
    "ledger",
    METADATA,
    Column("seq", Number, primary_key=True, autoincrement=False),
    Column("line", Text, nullable=False),
)
