"""Parquet files, batch by batch. Needs pyarrow; without it the file is said to be unread."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from typing import Any, BinaryIO

from rules.model import Text
from rules.readers.documents import walk
from rules.readers.model import Bounds, Piece, Unread

BATCH = 4096
BROKEN = Text(zh="Parquet 文件已损坏或已加密", en="a damaged or encrypted Parquet file")
MISSING = Text(zh="需要安装 pyarrow 才能读取", en="pyarrow is needed to read it")


def parquet_pieces(path: str, stream: BinaryIO, bounds: Bounds) -> Iterator[Piece | Unread]:
    """Cells under the names of their columns; nested values under their paths."""
    try:
        parquet: Any = import_module("pyarrow.parquet")
    except ModuleNotFoundError:
        yield Unread(path=path, what=MISSING)
        return
    number = 0
    try:
        file = parquet.ParquetFile(stream)
        for batch in file.iter_batches(batch_size=BATCH):
            names = batch.schema.names
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                number += 1
                for name, value in zip(names, row, strict=True):
                    if isinstance(value, dict | list):
                        yield from walk(path, {name: value}, number, bounds)
                    elif isinstance(value, bytes):
                        yield Piece(
                            path, name, value[: bounds.cell].decode("utf-8", "replace"), number
                        )
                    elif value is not None and value != "" and not isinstance(value, bool):
                        yield Piece(path, name, str(value)[: bounds.cell], number)
    except Exception:  # a reader of foreign bytes; nothing of them is quoted
        yield Unread(path=path, what=BROKEN, row=number or None)
