"""A masking job over a file: source → `.part` → residual scan → one rename → certificate.

The result is not there until the scan of it was clean: what fails on the way leaves nothing
behind. The source is opened for reading only and must be the same at the end as at the
beginning. Two jobs on one target are refused. A door: files, a lock, a clock's day.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import itertools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from audit.lifecycle import mask_resume
from audit.lifecycle.mask import (
    SAMPLE,
    Family,
    Field,
    Shape,
    Step,
    TablePlan,
    Worker,
    context_of,
    judge,
    masker_of,
    plan,
)
from audit.lifecycle.mask_formats import BATCH, Columns, Head, LineWriter, Reader, wrong
from audit.lifecycle.mask_inventory import Known
from audit.lifecycle.mask_resume import Point
from audit.lifecycle.mask_sheets import open_reader, open_writer
from audit.lifecycle.model import By
from audit.lifecycle.residual import Scan, Seen
from policies.masking import Masker
from policies.masks_files import MaskPolicy
from policies.masks_model import Algorithm, Context, Keys, Vault
from rules.load import DataError, Problem, WorldError
from rules.recognise.personal.finder import Finder
from rules.recognise.personal.kinds import Kind

ROWS_GUESS = 200  # bytes of a row, to size the scan's memory
DECLARED = (Algorithm.FF1,)

type Tell = Callable[[str, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """What a job works with, whatever its source."""

    policy: MaskPolicy
    digest: str  # of the policy
    keys: Keys
    finder: Finder
    headers: dict[str, Kind]
    today: date
    known: Known = field(default_factory=Known)  # of an inventory
    vault: Vault | None = None
    tell: Tell = lambda _table, _rows: None

    def kinds_of(
        self, table: str, columns: tuple[str, ...], sample: list[list[Any]]
    ) -> dict[str, tuple[Kind | None, By]]:
        """What each column is, by an inventory where there is one, else by a look at it."""
        found: dict[str, tuple[Kind | None, By]] = {}
        for name, values in zip(columns, sample, strict=True):
            place = f"{table}.{name}"
            known = self.known.columns.get(place)
            if known is not None:
                found[name] = (known, By.OFFICER)
            elif self.known.unknown(place):
                found[name] = (None, By.NOTHING)
            else:
                found[name] = judge(name, values, self.finder, self.headers)
                if found[name][1] is By.HEADER and place in self.known.plain:
                    found[name] = (None, By.NOTHING)  # discovery read the values, and the header
        return found

    def worker(self, table: TablePlan) -> Worker:
        """The maskers of a table."""
        return Worker(
            table, self.policy, keys=self.keys, today=self.today, finder=self.finder,
            vault=self.vault,
        )  # fmt: skip

    def masker(self, table: str, step: Step) -> Masker:
        """The masker of one column."""
        return masker_of(
            table, step, self.policy, self.keys, self.today, self.finder, self.vault
        )  # fmt: skip

    def context(self, table: str, step: Step) -> Context:
        """What that masker works with."""
        return context_of(table, step, self.policy, self.keys, self.vault)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What a job came to: the body of its certificate, and whether the result stands."""

    body: dict[str, Any]
    published: bool


def digest_of(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def alone(place: Path) -> Iterator[None]:
    """Holds `place`; another job that holds it is a WorldError."""
    handle = os.open(place, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(handle).st_ino != place.stat().st_ino:
                raise FileNotFoundError  # the one before took it away meanwhile
        except OSError:
            raise WorldError(
                "另一个作业正在写同一目标 another job is writing the same target"
            ) from None
        try:
            yield
        finally:
            with suppress(OSError):
                place.unlink()
    finally:
        os.close(handle)


def plans_of(job: Job, reader: Reader) -> list[tuple[Head, TablePlan]]:
    """The plan of every table of a file. Raises DataError where one cannot be masked so."""
    found = []
    for head in reader.tables():
        first: Columns = next(reader.batches(head), [[] for _ in head.columns])
        sample = [list(itertools.islice(column, SAMPLE)) for column in first]
        kinds = job.kinds_of(head.name, head.columns, sample)
        shape = Shape(
            name=head.name,
            fields=tuple(
                Field(name=name, family=family, digits=18)
                for name, family in zip(head.columns, head.families, strict=True)
            ),
        )
        found.append((head, plan(shape, job.policy, kinds, keys=job.keys, vault=job.vault)))
    refuse(one for _, table in found for one in table.wrong)
    return found


def refuse(problems: Iterator[str]) -> None:
    """One DataError for all that is wrong with a plan."""
    said = [
        Problem(file="--policy", line=1, column=1, message=one, remedy="mend the policy")
        for one in problems
    ]
    if said:
        raise DataError(said)


def mask_file(job: Job, source: Path, target: Path) -> Done:
    """Mask one file into another. Raises DataError, WorldError; then nothing is left."""
    if source.resolve() == target.resolve():
        raise wrong(target, "目标就是源文件 the target is the source", "name another file")
    part = target.with_name(f".{target.name}.part")
    try:
        with alone(target.with_name(f".{target.name}.lock")):
            try:
                return _masked(job, source, target, part)
            finally:
                mask_resume.forget(_point(target))
                with suppress(FileNotFoundError):
                    part.unlink()
    except OSError as error:
        raise WorldError(_sentence(error)) from None
    except (ValueError, ArithmeticError) as error:  # a library's sentence may quote a cell
        raise wrong(source, f"内容读不了 cannot be read: {type(error).__name__}") from None


def _point(target: Path) -> Path:
    return target.with_name(f".{target.name}.job")


def _sentence(error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return "磁盘已满，未留下任何结果 the disk is full: nothing was left behind"
    return f"文件无法读写 cannot be read or written: {error.strerror}"


def _masked(job: Job, source: Path, target: Path, part: Path) -> Done:
    before = digest_of(source)
    reader = open_reader(source)
    plans = plans_of(job, reader)
    expected = source.stat().st_size // ROWS_GUESS
    direct = sum(step.direct for _, table in plans for step in table.steps)
    seen = Seen(expected * max(1, direct))
    points = _points(job, before, [table for _, table in plans], target, part)
    last = points.last() if len(plans) == 1 else mask_resume.START
    if not last.batches:
        with suppress(FileNotFoundError):
            part.unlink()
        os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    writer = open_writer(part, target.suffix, reader, last.size)
    tables = []
    try:
        for head, table in plans:
            worker = job.worker(table)
            worker.recall(last.troubles)
            writer.table(head, [s.mask.algorithm is Algorithm.PASS for s in table.steps])
            for number, batch in enumerate(reader.batches(head), 1):
                for step, column in zip(table.steps, batch, strict=True):
                    if step.direct:
                        seen.add(column, step.kind)
                if number <= last.batches:  # masked before the job was killed
                    worker.skip(len(batch[0]))
                    continue
                writer.write(worker.columns(batch))
                job.tell(head.name, worker.rows)
                if isinstance(writer, LineWriter) and number % mask_resume.EVERY == 0:
                    points.keep(
                        Point(batches=number, size=writer.size(), troubles=worker.troubles())
                    )
            tables.append(
                {
                    "table": table.name,
                    "rows": worker.rows,
                    "columns": table.told(),
                    "troubles": worker.troubles(),
                }
            )
    finally:
        writer.close()
    scan = _scanned(job, plans, reader, part, target, seen)
    if digest_of(source) != before:
        raise WorldError("源文件在作业期间变了，请重做 the source changed meanwhile: run it again")
    body = {
        "policy": {"id": job.policy.id, "digest": job.digest, "purpose": job.policy.purpose},
        "key": job.keys.id,
        "source": {"name": source.name, "sha256": before},
        "result": {"name": target.name, "sha256": digest_of(part)},
        "tables": tables,
        "ragged": reader.ragged,
        "residual": scan.found.told(),
        "holds": scan.found.clean,
    }
    if scan.found.clean:
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(target)
    return Done(body=body, published=scan.found.clean)


def _points(
    job: Job, source: str, plans: list[TablePlan], target: Path, part: Path
) -> mask_resume.Points:
    """Points of a job over this source, by this policy, plan and key, on this day."""
    mark = mask_resume.mark_of(
        source,
        [job.digest, job.keys.id, job.keys.derive("fingerprint", "").hex(), job.today.isoformat()],
        [table.told() for table in plans],
        [target.suffix, BATCH],
    )
    return mask_resume.Points(_point(target), part, mark)


def _scanned(
    job: Job,
    plans: list[tuple[Head, TablePlan]],
    reader: Reader,
    part: Path,
    target: Path,
    seen: Seen,
) -> Scan:
    """The residual scan: the result is read as anybody would read it."""
    scan = Scan(job.finder, seen)
    shown = part.with_name(part.name + target.suffix)
    os.link(part, shown)
    try:
        result = open_reader(shown)
        heads = list(result.tables())
        for (_, table), head in zip(plans, heads, strict=True):
            for batch in result.batches(head):
                scan_batch(scan, table, head.columns, batch)
    finally:
        shown.unlink()
    if scan.candidates:
        for head, table in plans:
            for batch in reader.batches(head):
                for step, column in zip(table.steps, batch, strict=True):
                    if step.direct:
                        scan.settle(column, step.kind)
    return scan


def scan_batch(
    scan: Scan, table: TablePlan, columns: tuple[str, ...], batch: list[list[Any]]
) -> None:
    """Every column of a batch of the result."""
    steps = {step.field.name: step for step in table.steps}
    for name, column in zip(columns, batch, strict=True):
        step = steps[name]
        algorithm = step.mask.algorithm
        scan.column(
            table.name,
            name,
            column,
            kept=algorithm in (Algorithm.PASS, Algorithm.TEXT, Algorithm.SHUFFLE),
            declared=algorithm in DECLARED or _numbers(step),
            kind=step.kind,
        )


def _numbers(step: Step) -> bool:
    """Keys and whole numbers that a key drew: by chance a few pass for numbers of somebody."""
    drawn = step.mask.algorithm is Algorithm.PSEUDONYM and step.field.family is Family.WHOLE
    return drawn or (step.permute and step.field.family is not Family.TEXT)
