"""The tables of the event store, for SQLite and PostgreSQL alike. Declarations only.

A change here comes with a migration in `gateway/migrations/versions`; a test
compares the two. Lists are JSON text; all numbers are 64 bits wide.
"""

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import BigInteger, Index, Integer, LargeBinary, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

Big = BigInteger().with_variant(Integer(), "sqlite")  # SQLite numbers rows only by INTEGER


class Base(DeclarativeBase):
    """All tables of the event store."""

    type_annotation_map: ClassVar[dict[type, Any]] = {int: Big, str: Text()}


class EventRow(Base):
    """One Event: the fields of `gateway.batch.Event`, lists as JSON."""

    __tablename__ = "events"
    __table_args__ = (Index("ix_events_ts", "ts"), Index("ix_events_code", "code"))

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    node: Mapped[str]
    worker: Mapped[str]
    boot: Mapped[str]
    seq: Mapped[int]
    code: Mapped[str] = mapped_column(String(32))
    ts: Mapped[int]
    layer: Mapped[str]
    token: Mapped[str]
    school: Mapped[str]
    stage: Mapped[str]
    tier: Mapped[str]
    role: Mapped[str]
    group: Mapped[str]
    segment: Mapped[str]
    source: Mapped[str]
    confidence: Mapped[float]
    profile: Mapped[str]
    host: Mapped[str]
    names: Mapped[str]
    port: Mapped[int]
    scheme: Mapped[str]
    method: Mapped[str]
    path: Mapped[str]
    media_type: Mapped[str]
    status: Mapped[int]
    categories: Mapped[str]
    signals: Mapped[str]
    gap: Mapped[str]
    action: Mapped[str]
    enforced: Mapped[str]
    deed: Mapped[str]
    clause: Mapped[str]
    trace: Mapped[str]
    snapshot: Mapped[str]
    rulebase: Mapped[str]
    bytes_up: Mapped[int]
    bytes_down: Mapped[int]
    duration_ms: Mapped[int]
    problem: Mapped[str]


class AggregateRow(Base):
    """One Aggregate of one seal; `key` is the digest of everything but the sums."""

    __tablename__ = "aggregates"
    __table_args__ = (
        Index("ix_aggregates_bucket", "bucket"),
        Index("ix_aggregates_seal", "seal"),
    )

    key: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    node: Mapped[str]
    bucket: Mapped[int]
    kind: Mapped[str]
    layer: Mapped[str]
    host: Mapped[str]
    school: Mapped[str]
    stage: Mapped[str]
    tier: Mapped[str]
    role: Mapped[str]
    group: Mapped[str]
    segment: Mapped[str]
    source: Mapped[str]
    profile: Mapped[str]
    action: Mapped[str]
    enforced: Mapped[str]
    clause: Mapped[str]
    trace: Mapped[str]
    snapshot: Mapped[str]
    gap: Mapped[str]
    category: Mapped[str]
    signals: Mapped[str]
    count: Mapped[int]
    bytes_up: Mapped[int]
    bytes_down: Mapped[int]
    duration_ms: Mapped[int]
    seal: Mapped[int] = mapped_column(server_default="0")


class TraceRow(Base):
    """The inputs of one decision (JSON), under the verdict's trace id."""

    __tablename__ = "traces"
    __table_args__ = (Index("ix_traces_seal", "seal"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    snapshot: Mapped[str]
    seen: Mapped[int]
    document: Mapped[str]
    seal: Mapped[int] = mapped_column(server_default="0")


class SnapshotRow(Base):
    """The policy document of a snapshot hash: its file, and its text (zstd) in `body`.

    Both are empty where it was not found.
    """

    __tablename__ = "snapshots"
    __table_args__ = (Index("ix_snapshots_seal", "seal"),)

    hash: Mapped[str] = mapped_column(primary_key=True)
    document: Mapped[str]
    seen: Mapped[int]
    body: Mapped[bytes] = mapped_column(LargeBinary, server_default="")
    seal: Mapped[int] = mapped_column(server_default="0")


class SpanRow(Base):
    """Batches stored: the closed range of sequence numbers `first` to `last` of one worker."""

    __tablename__ = "batches"

    node: Mapped[str] = mapped_column(primary_key=True)
    worker: Mapped[str] = mapped_column(primary_key=True)
    boot: Mapped[str] = mapped_column(primary_key=True)
    first: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int]
    seen: Mapped[int] = mapped_column(server_default="0")  # Unix second of the newest batch


class EndRow(Base):
    """A worker that ended as it should, with the number of its last batch."""

    __tablename__ = "ends"

    node: Mapped[str] = mapped_column(primary_key=True)
    worker: Mapped[str] = mapped_column(primary_key=True)
    boot: Mapped[str] = mapped_column(primary_key=True)
    last: Mapped[int]
    at: Mapped[int]
    seal: Mapped[int]


class SealRow(Base):
    """The Merkle root over the rows of one kind that one seal closed, and their hashes.

    `first` and `last` are ids of events (0 elsewhere); `columns` is the JSON list of
    what was hashed; `signed` is the number of the checkpoint, 0 until there is one.
    """

    __tablename__ = "seals"

    seal: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(32), primary_key=True)
    first: Mapped[int]
    last: Mapped[int]
    count: Mapped[int]
    columns: Mapped[str]
    root: Mapped[bytes] = mapped_column(LargeBinary(32))
    leaves: Mapped[bytes] = mapped_column(LargeBinary)
    signed: Mapped[int]


class SegmentRow(Base):
    """What this file is called in the ledger: a random id, and its node and day."""

    __tablename__ = "segments"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    node: Mapped[str]
    day: Mapped[str]
