"""The audit store: inventory, assessments, runs, encrypted evidence, what people wrote, ledger.

One SQLite file or a PostgreSQL database. The ledger holds digests only: of each run, its
evidence and each entry, in a signed chain (`gateway.ledger`); so a body can be deleted and
its deletion shows. Nothing is judged here. A door: database, key file, randomness.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, insert, select, update
from sqlalchemy import delete as remove

from audit import record, tables, vault
from audit.kept import Entry, Kept, Verdict, summary
from audit.keyfile import bring_up, load_keys
from audit.model import Assessment, Evidence
from audit.probes.host import canonical
from audit.run import Run
from audit.targets import Inventory
from gateway.database import Failure, connect, dispose, trouble
from gateway.ledger import Checkpoint, check, key_id, read, sign
from rules.load import WorldError

MAX_RECORD = 512 * 1024 * 1024
NODE = "audit"


class Store:
    """One open store. `with Store.open(…) as store`."""

    def __init__(self, connection: Connection, keys: vault.Keys) -> None:
        self._connection = connection
        self._keys = keys

    @classmethod
    @contextmanager
    def open(cls, place: str, key: Path | None = None, *, make: bool = True) -> Iterator[Store]:
        """`place` is a file or a database URL. Raises WorldError."""
        url = place if "://" in place else f"sqlite:///{Path(place).absolute()}"
        path = None if "://" in place else Path(place)
        if path is not None and not path.is_file():
            if not make:
                raise WorldError(f"{path}: 没有这个审计库 / there is no such store")
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
        if key is None and path is None:
            raise WorldError("数据库须用 --store-key 指明密钥文件 / a database needs --store-key")
        keys = load_keys(key or Path(f"{place}.key"), make=make)
        try:
            connection = connect(url)
        except Failure as error:
            raise trouble(error) from error
        try:
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("PRAGMA secure_delete=ON")
                connection.rollback()
            bring_up(connection)
            yield cls(connection, keys)
        except Failure as error:
            raise trouble(error) from error
        finally:
            dispose(connection)

    def keep_inventory(self, inventory: Inventory) -> None:
        """Take over organisations, systems and targets; the newest description counts."""
        with self._connection.begin():
            for unit in inventory.organisations:
                self._put(tables.organisations, id=unit.id, above=unit.above, body=_text(unit))
            for system in inventory.systems:
                self._put(
                    tables.systems,
                    id=system.id,
                    organisation=system.organisation,
                    body=_text(system),
                )
            for target in inventory.targets:
                self._put(tables.targets, id=target.id, system=target.system, body=_text(target))

    def inventory(self) -> Inventory:
        """What is in the store, as an inventory."""
        with self._connection.begin():
            found = {
                table.name: [
                    json.loads(row.body)
                    for row in self._connection.execute(select(table).order_by(table.c.id))
                ]
                for table in (tables.organisations, tables.systems, tables.targets)
            }
        made: Inventory = record.typed({"id": "store", **found}, Inventory, "inventory")
        return made

    def begin(self, assessment: Assessment) -> None:
        """Open an assessment with a key of its own, if it is not there yet."""
        with self._connection.begin():
            if self._assessment(assessment.id) is not None:
                return
            wrapped = vault.shut(
                self._keys.wrapping, os.urandom(vault.KEY), f"key:{assessment.id}", os.urandom
            )
            self._connection.execute(
                insert(tables.assessments).values(
                    id=assessment.id,
                    system=assessment.system,
                    body=_text(assessment),
                    wrapped=wrapped,
                )
            )

    def assessments(self) -> tuple[Assessment, ...]:
        with self._connection.begin():
            rows = self._connection.execute(
                select(tables.assessments).order_by(tables.assessments.c.id)
            ).all()
        return tuple(record.typed(json.loads(row.body), Assessment, "assessment") for row in rows)

    def keep_run(self, run: Run, beside: record.Beside, *, now: float) -> str:
        """Store a run, its evidence encrypted, and seal their digests. Returns its id."""
        assessment = beside.assessment
        if assessment is None:
            raise ValueError("a run is stored under an assessment")
        self.begin(assessment)
        document = record.record(run, beside, bodies=False)
        digest = record.digest(document)
        name = f"{assessment.id}.{run.now:.0f}.{digest[:8]}"
        with self._connection.begin():
            key = self._key(assessment.id)
            for one in run.evidence:
                self._keep_evidence(assessment.id, one, key)
            packed = zlib.compress(canonical(document), 6)
            self._put(
                tables.runs,
                id=name,
                assessment=assessment.id,
                taken=run.now,
                digest=digest,
                summary=json.dumps(summary(run), ensure_ascii=False),
                body=vault.shut(key, packed, f"run:{name}", os.urandom),
            )
            body = {
                "run": name,
                "assessment": assessment.id,
                "digest": digest,
                "evidence": sorted({one.digest for one in run.evidence}),
            }
            self._sign("audit-run", body, now)
        return name

    def runs(self, assessment: str = "", system: str = "") -> tuple[Kept, ...]:
        """The runs, oldest first."""
        with self._connection.begin():
            rows = self._connection.execute(
                select(tables.runs, tables.assessments.c.system)
                .join(tables.assessments, tables.assessments.c.id == tables.runs.c.assessment)
                .order_by(tables.runs.c.taken, tables.runs.c.id)
            ).all()
        return tuple(
            Kept(
                id=row.id,
                assessment=row.assessment,
                taken=row.taken,
                digest=row.digest,
                summary=json.loads(row.summary),
                whole=row.body is not None,
            )
            for row in rows
            if assessment in ("", row.assessment) and system in ("", row.system)
        )

    def document(self, name: str) -> dict[str, Any]:
        """The record of a run. Raises WorldError where it is deleted, VaultError."""
        with self._connection.begin():
            row = self._connection.execute(
                select(tables.runs).where(tables.runs.c.id == name)
            ).one_or_none()
            if row is None:
                raise WorldError(f"{name}: 没有这次运行 / there is no such run")
            if row.body is None:
                raise WorldError(f"{name}: 记录已删除 / the record is deleted")
            packed = vault.opened(self._key(row.assessment), row.body, f"run:{name}")
        unpacking = zlib.decompressobj()
        found: dict[str, Any] = json.loads(unpacking.decompress(packed, MAX_RECORD))
        return found

    def run(self, name: str) -> tuple[Run, record.Beside]:
        """A run again, with the bodies of its evidence that are still there."""
        document = self.document(name)
        beside = record.restore_beside(document)
        bodies = self._bodies(beside.assessment.id) if beside.assessment else {}
        return record.with_bodies(record.restore(document), bodies), beside

    def forget(self, assessment: str, *, now: float, by: str, reason: str) -> None:
        """Destroy an assessment's key and bodies. Digests stay, and the ledger says so."""
        with self._connection.begin():
            if self._assessment(assessment) is None:
                raise WorldError(f"{assessment}: 没有这次评估 / there is no such assessment")
            for table in (tables.evidence, tables.runs):
                self._connection.execute(
                    update(table).where(table.c.assessment == assessment).values(body=None)
                )
            self._connection.execute(
                update(tables.assessments)
                .where(tables.assessments.c.id == assessment)
                .values(wrapped=None)
            )
            told = {"assessment": assessment, "by": by, "reason": reason}
            self._sign("audit-forgotten", told, now)

    def write(self, kind: str, name: str, body: Any, *, by: str, now: float) -> None:
        """Add an entry and seal its digest."""
        self.write_all([(kind, name, body)], by=by, now=now)

    def write_all(self, given: Sequence[tuple[str, str, Any]], *, by: str, now: float) -> None:
        """Add entries, all or none, and seal their digests in one checkpoint."""
        with self._connection.begin():
            digests = []
            for kind, name, body in given:
                values = {"kind": kind, "id": name, "at": round(now, 3), "by": by,
                          "body": canonical(record.plain(body)).decode()}  # fmt: skip
                digests.append(_entry_digest(values))
                self._connection.execute(insert(tables.entries).values(**values))
            if digests:
                self._sign("audit-entries", {"entries": digests}, now)

    def entries(self, kind: str = "") -> tuple[Entry, ...]:
        """What people wrote down, in order."""
        with self._connection.begin():
            rows = self._connection.execute(
                select(tables.entries).order_by(tables.entries.c.seq)
            ).all()
        return tuple(
            Entry(seq=row.seq, kind=row.kind, id=row.id, at=row.at, by=row.by,
                  body=json.loads(row.body))
            for row in rows
            if kind in ("", row.kind)
        )  # fmt: skip

    def verify(self) -> Verdict:
        """Hold every row against the signed chain."""
        from audit.proof import compare

        public = self._keys.signing.public_key()
        with self._connection.begin():
            run = self._connection.execute
            chain = check(
                [row.line for row in run(select(tables.ledger).order_by(tables.ledger.c.seq))],
                {key_id(public): public},
            )
            wrong, deleted = compare(
                chain.checkpoints,
                runs=[(r.id, r.assessment, r.digest, r.body) for r in run(select(tables.runs))],
                evidence=[(r.assessment, r.digest, r.body) for r in run(select(tables.evidence))],
                entries=[_entry_digest(r._asdict()) for r in run(select(tables.entries))],
                open_run=lambda name, key, body: sha256(
                    zlib.decompressobj().decompress(
                        vault.opened(self._key(key), body, f"run:{name}"), MAX_RECORD
                    )
                ).hexdigest(),
                open_evidence=lambda key, digest, body: vault.opened(
                    self._key(key), body, f"evidence:{key}:{digest}"
                ),
            )
        return Verdict(chain=chain, wrong=wrong, deleted=deleted)

    def seal(self, body: dict[str, Any]) -> dict[str, str]:
        """Our signature over something that leaves the house, with the public key."""
        key = self._keys.signing
        return {
            "key": key.public_key().public_bytes_raw().hex(),
            "signature": key.sign(b"qinglang audit reply v1\0" + canonical(body)).hex(),
        }

    def _assessment(self, name: str) -> Any:
        table = tables.assessments
        return self._connection.execute(select(table).where(table.c.id == name)).one_or_none()

    def _key(self, assessment: str) -> bytes:
        row = self._assessment(assessment)
        if row is None or row.wrapped is None:
            raise WorldError(f"{assessment}: 密钥已销毁 / the key of this assessment is destroyed")
        return vault.opened(self._keys.wrapping, row.wrapped, f"key:{assessment}")

    def _keep_evidence(self, assessment: str, one: Evidence, key: bytes) -> None:
        table = tables.evidence
        place = (table.c.assessment == assessment) & (table.c.id == one.id)
        if self._connection.execute(select(table.c.id).where(place)).one_or_none():
            return
        body = zlib.compress(canonical(one.document), 6)
        self._connection.execute(
            insert(table).values(
                assessment=assessment,
                id=one.id,
                digest=one.digest,
                target=one.target,
                probe=one.probe,
                taken=one.taken,
                body=vault.shut(key, body, f"evidence:{assessment}:{one.digest}", os.urandom),
            )
        )

    def _bodies(self, assessment: str) -> dict[str, Any]:
        table = tables.evidence
        with self._connection.begin():
            key = self._key(assessment)
            rows = self._connection.execute(
                select(table).where(table.c.assessment == assessment, table.c.body.is_not(None))
            ).all()
        found = {}
        for row in rows:
            packed = vault.opened(key, row.body, f"evidence:{assessment}:{row.digest}")
            found[row.id] = json.loads(zlib.decompressobj().decompress(packed, MAX_RECORD))
        return found

    def _sign(self, kind: str, body: dict[str, Any], now: float) -> None:
        table = tables.ledger
        last = self._connection.execute(
            select(table.c.line).order_by(table.c.seq.desc()).limit(1)
        ).scalar_one_or_none()
        before: Checkpoint | None = read(last) if last else None
        line = sign(
            self._keys.signing,
            before=before,
            now=now,
            node=NODE,
            kind=kind,
            body=body,
            by=os.getuid(),
        )
        self._connection.execute(
            insert(table).values(seq=before.seq + 1 if before else 1, line=line)
        )

    def _put(self, table: Table, **values: Any) -> None:
        self._connection.execute(remove(table).where(table.c.id == values["id"]))
        self._connection.execute(insert(table).values(**values))


def _entry_digest(values: Mapping[str, Any]) -> str:
    body = {name: values[name] for name in ("kind", "id", "at", "by", "body")}
    return sha256(canonical(body)).hexdigest()


def _text(value: Any) -> str:
    return json.dumps(record.plain(value), ensure_ascii=False, sort_keys=True)


__all__ = ["Entry", "Kept", "Store", "Verdict"]
