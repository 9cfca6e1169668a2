"""A small archive with its ledger, made in this process: what the evidence tests share."""

from __future__ import annotations

import atexit
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from gateway.batch import Batch
from gateway.evidence import load_chain
from gateway.findings import Report
from gateway.ledger import Anchor, Chain, Checkpoint, anchor_line, check, read, read_anchors
from gateway.sealing import Sealer
from gateway.signer import Signer, key_of
from gateway.store import Store
from gateway.verify import verify
from rules.load import WorldError
from tests.gateway.event_samples import NOON, batch

DAY = "n1-2026-03-01.sqlite"


@dataclass(slots=True, kw_only=True)
class Local:
    """A Signing without a socket; `away` makes it fail."""

    signer: Signer
    folder: Path
    away: bool = False

    def sign(self, kind: str, body: dict[str, Any]) -> Checkpoint:
        if self.away:
            raise WorldError("the signer is away")
        answer = self.signer.answer({"ask": "sign", "kind": kind, "body": body}, 1000)
        if "error" in answer:
            raise WorldError(answer["error"])
        self.mirror()
        return read(answer["line"])

    def mirror(self) -> int:
        self.folder.mkdir(exist_ok=True)
        lines = self.signer.answer({"ask": "since", "seq": 0}, 0)["lines"]
        (self.folder / "chain.jsonl").write_text("".join(line + "\n" for line in lines))
        return len(lines)


@dataclass(slots=True, kw_only=True)
class Archive:
    """A data folder whose every write is sealed and signed."""

    data: Path
    clock: Callable[[], float] = lambda: float(NOON)
    signing: Local = field(init=False)
    anchors: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        signer = Signer(self.data / "signer", node="n1", clock=self.clock)
        self.signing = Local(signer=signer, folder=self.data / "ledger")

    @property
    def file(self) -> Path:
        return self.data / "events" / DAY

    def write(self, *batches: Batch, **options: Any) -> None:
        """Store, seal, sign: one seal for each call."""
        store = Store("n1", self.data / "events", clock=self.clock, **options)
        with closing(store):
            sealer = Sealer(store, self.signing, clock=lambda: 0.0)
            store.write(list(batches))
            while store.recover():
                continue
            sealer.finish()

    def anchor(self) -> None:
        """Keep the newest digest elsewhere."""
        if self.signing.signer.head:
            self.anchors.append(anchor_line(self.signing.signer.head))

    def kept(self) -> list[Anchor]:
        return read_anchors("\n".join(self.anchors))

    def chain(self, signer: Signer | None = None) -> Chain:
        key = key_of(self.data / "signer").public_key()
        lines = load_chain(self.data / "ledger" / "chain.jsonl")
        return check(lines, {(signer or self.signing.signer).key: key}, self.kept())

    def verify(self, **options: Any) -> Report:
        return verify(self.data, self.chain(), anchors=len(self.anchors), **options)

    def sql(self, *statements: str) -> None:
        """What the owner of the database can do."""
        with closing(sqlite3.connect(self.file)) as connection, connection:
            for statement in statements:
                connection.execute(statement)


def archive(data: Path) -> Archive:
    """Three seals of three batches each, anchored after the third: a copy of the first made."""
    first = _first()
    shutil.copytree(first.data, data, dirs_exist_ok=True)
    return Archive(data=data, anchors=list(first.anchors))


@cache
def _first() -> Archive:
    """The archive that is copied; it goes with the process."""
    folder = Path(mkdtemp(prefix="qinglang-archive-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    made = Archive(data=folder)
    for start in (1, 4, 7):
        made.write(*(numbered(seq) for seq in range(start, start + 3)))
    made.anchor()
    return made


def numbered(seq: int) -> Batch:
    """Batch `seq` of a worker that numbers its Events without a hole."""
    plain = batch(seq, events=3, counts=2)
    events = tuple(
        replace(event, seq=(seq - 1) * 3 + place, code=f"CODE-{seq:04d}-{place:04d}")
        for place, event in enumerate(plain.events, 1)
    )
    traces = tuple(replace(trace, id=f"trace-{seq}") for trace in plain.traces)
    return replace(plain, events=events, traces=traces)
