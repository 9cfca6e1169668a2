"""An engine whose results are masked by where their columns come from. A door: a database.

    engine = MaskedEngine(job, Place(url=…))
    student, room = engine.tables["student"], engine.tables["class"]
    rows = engine.rows(select(student.c.xm).join(room).where(room.c.class_name == "3班"))

The application gets rows, never the connection. What `masked_select` cannot prove is refused
before the database is asked; errors of the database are told without a value.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Table

from audit.lifecycle.mask import TablePlan, typed
from audit.lifecycle.mask_db import Place, engine_of, plans_of, reflected, sentences, snapshot
from audit.lifecycle.mask_job import Job
from audit.lifecycle.masked_select import Origin, Reader, refused
from policies.masking import Masker
from policies.masks_model import Algorithm, Mask
from policies.masks_plain import REDACTED

BATCH = 1_000
NO_QUERY = frozenset({Algorithm.NOISE, Algorithm.SHUFFLE, Algorithm.SHIFT})
"""Masks of a whole copy: over many queries they average out, or lack their subject: redacted."""


class MaskedEngine:
    """Reads one database for one policy."""

    def __init__(self, job: Job, place: Place, tables: Sequence[str] = ()) -> None:
        self._job = job
        self._engine = engine_of(place, write=False)
        with sentences(), snapshot(self._engine) as connection:
            found = reflected(connection, place.schema, tables)
            plans = plans_of(job, connection, found)
        self.tables: dict[str, Table] = {table.name: table for table in found}
        self.plans: tuple[TablePlan, ...] = tuple(plans)
        self._reader = Reader(self.tables, plans)

    def rows(self, query: Any) -> Iterator[tuple[Any, ...]]:
        """The masked rows of a `select()`. Raises DataError at once for one that is refused."""
        origins = self._reader.origins(query)
        maskers = [None if one is None else self._masker(one) for one in origins]
        return self._rows(query, origins, maskers)

    def _rows(
        self, query: Any, origins: list[Origin | None], maskers: list[Masker | None]
    ) -> Iterator[tuple[Any, ...]]:
        with sentences(), snapshot(self._engine) as connection:
            found = connection.execution_options(stream_results=True).execute(query)
            if len(found.keys()) != len(origins):
                raise refused("列数不符", "the result has other columns than the query")
            for number, part in enumerate(found.partitions(BATCH)):
                columns = [list(column) for column in zip(*part, strict=True)]
                for place, (origin, masker) in enumerate(zip(origins, maskers, strict=True)):
                    if origin is not None and masker is not None:
                        made = masker.many(columns[place], None, number)
                        columns[place] = typed(made, origin.step)
                yield from zip(*columns, strict=True)

    def _masker(self, origin: Origin) -> Masker:
        step = origin.step
        if step.mask.algorithm not in NO_QUERY or step.permute:
            return self._job.masker(origin.table, step)
        context = self._job.context(origin.table, step)
        blank = Mask(algorithm=Algorithm.REDACT)
        return Masker(blank, context, today=self._job.today, one=lambda _: REDACTED)
