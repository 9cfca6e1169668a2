"""Files and keys of a plan, destroyed one by one, each written down before it is touched.

A file is renamed, overwritten, unlinked; a run that was cut short finishes what it renamed. A
store that is encrypted goes with its key file: it is opened once before, to know that this is
its key, and tried again after with every key file that lies around. A door: files, the book.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from audit import vault
from audit.lifecycle import key_files
from audit.lifecycle.destroy_rows import Canaries, Done, HaltedError, Work
from audit.lifecycle.destroying import (
    BATCH,
    BEGUN,
    FINISHED,
    STOPPED,
    UNDONE,
    Fate,
    FileSet,
    KeySet,
    Progress,
    RefusedError,
    State,
    Tally,
    Trace,
    fate,
    keyed,
    progress,
    tally_of,
)
from audit.lifecycle.due_files import PROMISE, Due, erase, leftovers, traces
from policies.masks_keyed import unseal
from policies.masks_model import Context, Keys, Seal, Trouble
from rules.load import DataError, Problem, WorldError

VAULT, AUDIT = "vault", "audit-store"
_SEALED = {
    VAULT: "SELECT sealed FROM tokens LIMIT ?",
    AUDIT: "SELECT id, wrapped FROM assessments WHERE wrapped IS NOT NULL LIMIT ?",
}
MOST = 200  # values of a store, or key files of a folder, that are tried


def run_files(
    folder: Path, set_: FileSet, found: Sequence[Due], work: Work
) -> tuple[Done, tuple[Trace, ...]]:
    """Destroy the due files. Raises RefusedError before anything, HaltedError half-way."""
    before = progress(work.book.records(), work.plan, set_.id)
    due = [one for one in found if not one.held]
    kept = len(found) - len(due)
    if before.finished is None:
        before = _settled(folder, set_, found, before, work)
        try:
            for left in leftovers(folder):
                erase(left)
            for one in due:
                tally = tally_of([one.digest])
                number = before.batches + 1
                work.write(BATCH, set_.id, batch=number, count=1, sum=tally.sum)
                erase(one.path)
                before = Progress(done=before.done.plus(tally), batches=number, begun=True)
                work.tell(set_.id, before.done.count, set_.due.count)
        except OSError as error:
            work.write(STOPPED, set_.id, why=type(error).__name__, done=before.done.count)
            raise HaltedError(
                f"{set_.id}: 文件未能销毁，已停止 a file could not be destroyed, stopped "
                f"({type(error).__name__}); what was done is in the book"
            ) from None
        work.write(FINISHED, set_.id, count=before.done.count, sum=before.done.sum, kept=kept,
                   left=0)  # fmt: skip
    done = Done(done=before.done, below={}, kept=kept, resumed=False, canaries=Canaries())
    return done, traces([one.path for one in due])


def _settled(
    folder: Path, set_: FileSet, found: Sequence[Due], before: Progress, work: Work
) -> Progress:
    """What an earlier run did. Raises RefusedError where the files are others."""
    there = tally_of(one.digest for one in found)
    match fate(set_.due.plus(set_.held), there, before):
        case Fate.CHANGED:
            raise RefusedError(
                f"{set_.id}: 文件已变化，请重新计划 the files are not what was planned"
            )
        case Fate.UNDONE if before.doubt is not None:
            work.write(UNDONE, set_.id, batch=before.batches, why="not touched")
        case Fate.COMMITTED if before.doubt is not None:
            before = Progress(
                done=before.done.plus(before.doubt), batches=before.batches, begun=True
            )
        case _:
            pass
    if leftovers(folder) and not before.begun:
        raise RefusedError(f"{set_.id}: 有别的任务留下的文件 files of another run are left there")
    if not before.begun:
        work.write(BEGUN, set_.id, due=set_.due.count, approvals=list(work.approved))
    return before


def key_set(id_: str, dataset: str, kind: str, key: Path, store: Path, secret: bytes) -> KeySet:
    """A store and its key as a plan has them. Raises DataError, WorldError."""
    if kind.partition(":")[0] not in _SEALED:
        raise DataError([Problem(file="--erase-key", line=1, column=1,
                                 message=f"不认识 unknown: {kind}",
                                 remedy="vault:PURPOSE, audit-store")])  # fmt: skip
    opened = opens(kind, key, store)
    blocked = () if opened else ("这把钥匙打不开 this key opens nothing there",)
    try:
        content = key.read_bytes()
    except OSError:
        raise WorldError(f"{key.name} 密钥文件读不到 the key file cannot be read") from None
    told = f"{keyed(secret, [content.hex()]):064x}"
    return KeySet(id=id_, kind=kind, store=store.name, dataset=dataset, key=told, things=opened,
                  blocked=blocked, notes=(PROMISE,))  # fmt: skip


def opens(kind: str, key: Path, store: Path) -> int:
    """How many of the store's values the key opens (at most a few are tried)."""
    name, _, purpose = kind.partition(":")
    order = _SEALED[name]
    try:
        content = key.read_bytes()
        file = sqlite3.connect(f"file:{store.resolve()}?mode=ro", uri=True)
        try:
            rows = file.execute(order, (MOST,)).fetchall()
        finally:
            file.close()
    except (OSError, sqlite3.Error):
        raise WorldError(f"{store.name} 读不到 the store or its key cannot be read") from None
    return _audit(content, rows) if name == AUDIT else _vault(content, rows, purpose)


def _vault(content: bytes, rows: Sequence[Any], purpose: str) -> int:
    """Whatever others may read: a copy of the key is one, however badly it is kept."""
    keys: dict[str, bytes] = {}
    for line in content.decode("ascii", "replace").splitlines():
        name, _, words = line.partition(":")
        with suppress(ValueError):
            keys[name.strip()] = bytes.fromhex(words.strip())
    found = {name: one for name, one in keys.items() if len(one) >= key_files.SIZE}
    if not found:
        return 0
    current = list(found)[-1]
    whole = Keys(id=current, master=found.pop(current), before=found)
    open_ = unseal(Seal(), Context(purpose=purpose, keys=whole, dataset="vault"))
    return sum(not isinstance(open_(row[0]), Trouble) for row in rows)


def _audit(content: bytes, rows: Sequence[Any]) -> int:
    try:
        keys = vault.read_keys(content)
    except (vault.VaultError, ValueError):
        return 0
    opened = 0
    for id_, wrapped in rows:
        with suppress(vault.VaultError, ValueError):
            vault.opened(keys.wrapping, wrapped, f"key:{id_}")
            opened += 1
    return opened


def run_key(set_: KeySet, key: Path, store: Path, work: Work) -> tuple[Trace, ...]:
    """Destroy a key file. Raises RefusedError where it is another one than planned."""
    before = progress(work.book.records(), work.plan, set_.id)
    if before.finished is None:
        if key.exists():
            now = key_set(set_.id, set_.dataset, set_.kind, key, store, work.secret)
            if now.key != set_.key or now.blocked:
                raise RefusedError(f"{set_.id}: 密钥已更换 the key is not the one of the plan")
            if not before.begun:
                work.write(BEGUN, set_.id, due=1, approvals=list(work.approved))
            one = Tally(count=1, sum=set_.key)
            work.write(BATCH, set_.id, batch=1, count=1, sum=one.sum)
            try:
                erase(key)
            except OSError as error:
                work.write(STOPPED, set_.id, why=type(error).__name__, done=0)
                raise HaltedError(
                    f"{set_.id}: 密钥未能销毁 the key could not be destroyed"
                ) from None
        elif before.doubt is None:
            raise RefusedError(f"{set_.id}: 密钥文件不在 the key file is not there")
        for left in leftovers(key.parent):
            erase(left)
        work.write(FINISHED, set_.id, count=1, sum=set_.key, kept=0, left=0)
    return key_traces(set_, key, store)


def key_traces(set_: KeySet, key: Path, store: Path) -> tuple[Trace, ...]:
    """Whether anything that lies around still opens the store."""
    tried = 0
    for other in _around(key, store):
        tried += 1
        if opens(set_.kind, other, store):
            return (
                Trace(level="key", where=set_.store, state=State.REMAINS,
                      note="另一把密钥仍能打开 another key file there still opens it"),
            )  # fmt: skip
    return (
        Trace(level="key", where=set_.store, state=State.REMAINS if key.exists() else State.GONE,
              note="密钥文件已无，密文仍在 the key file is gone, the cipher text is there",
              facts={"key_files_tried": str(tried)}),
        Trace(level="backup", where="密钥的副本 copies of the key", state=State.UNKNOWN,
              note="备份或他处的密钥副本看不到 copies in backups or elsewhere are not seen"),
        Trace(level="blocks", where="存储介质 medium", state=State.UNKNOWN, note=PROMISE),
    )  # fmt: skip


def _around(key: Path, store: Path) -> Iterator[Path]:
    """Small files beside the key and the store: one may be a copy of the key."""
    seen = 0
    for folder in dict.fromkeys((key.parent.resolve(), store.parent.resolve())):
        for path in sorted(folder.iterdir()):
            if path.is_file() and path.stat().st_size < 65536 and path != store and seen < MOST:
                seen += 1
                yield path
