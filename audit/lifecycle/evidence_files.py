"""Reports and evidence of the data lifecycle in files: whole or not at all, of their owner alone.

`data check` and `data access check` may write into one folder; its inventory, which `audit run
--inventory` reads, then names both targets. A door: files.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict
from pathlib import Path

from audit.model import Evidence, ObjectClass, Target
from audit.probes import shelf
from audit.targets import load_inventory
from rules.load import WorldError

LISTING = "inventory.yaml"
OWN = "own"  # id of an inventory of ours


def keep(folder: Path, found: Evidence, name: str, system: str) -> None:
    """The evidence, and its target in the inventory beside it. Raises DataError, WorldError."""
    path = folder / LISTING
    others: tuple[Target, ...] = ()
    if path.is_file():
        there = load_inventory(path)
        others = tuple(one for one in there.targets if one.id != found.target)
        if there.id != OWN or there.systems or there.organisations:
            raise WorldError(f"{path.name} 不是本命令所写 was not written by us: another folder")
    target = Target(
        id=found.target, name=name, system=system, kind=ObjectClass.DATA, platform=found.probe
    )
    try:
        shelf.keep(folder, found)
    except OSError as error:
        raise WorldError(f"{folder} 无法写入 can not be written: {error.strerror}") from None
    listed = "".join(f"  - {_line(one)}\n" for one in (*others, target))
    replace_file(path, f"id: {OWN}\ntargets:\n{listed}".encode())


def _line(one: Target) -> str:
    return json.dumps(
        {key: value for key, value in asdict(one).items() if value or key == "system"},
        ensure_ascii=False,
    )


def replace_file(path: Path, data: bytes) -> None:
    """A file written beside and then put in place; readable by its owner only."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        part.replace(path)
    except OSError as error:
        raise WorldError(f"{path.name} 无法写入 can not be written: {error.strerror}") from None
    finally:
        with contextlib.suppress(OSError):
            part.unlink(missing_ok=True)
