"""Evidence in a folder, one JSON file each: written whole or not at all, found again. A door.

The folder is the go-between of collecting and judging; the store takes over from it.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

from audit.model import Evidence
from audit.probes.host import canonical
from rules.load import DataError, Problem

MAX_FILE = 32 * 1024 * 1024


def name(evidence: Evidence) -> str:
    """The file's name: target and probe, so a newer one replaces the older."""
    return re.sub(r"[^\w.@-]", "_", f"{evidence.target}.{evidence.probe}") + ".json"


def keep(folder: Path, evidence: Evidence) -> Path:
    """Write one piece of evidence, readable by its owner only."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = folder / name(evidence)
    part = path.with_suffix(".part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(canonical(asdict(evidence)))
    part.replace(path)
    return path


def read(path: Path) -> Evidence:
    """One piece of evidence. Raises DataError."""
    try:
        if path.stat().st_size > MAX_FILE:
            raise ValueError("larger than 32 MiB")
        found: Any = json.loads(path.read_bytes())
        return Evidence(**found)
    except (ValueError, TypeError, RecursionError) as error:
        message = f"不是证据文件 / no evidence: {str(error)[:200]}"
        raise DataError([Problem(file=str(path), line=1, column=1, message=message)]) from error


def taken(folder: Path, since: float = 0.0) -> set[str]:
    """Targets of which good evidence, not older than `since`, is there already."""
    found = set()
    for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
        try:
            one = read(path)
        except DataError:
            continue
        if not one.problem and one.taken >= since:
            found.add(one.target)
    return found
