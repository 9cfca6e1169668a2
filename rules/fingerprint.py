"""Digests of what goes into a RuleBase, so that unchanged input is not built again. Reads files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from rules.sources import SIDECAR, Placed

VERSION = "2"  # of the builder; raise it when the same input gives other tables


def file_digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def json_digest(*values: Any) -> str:
    """SHA-256 of values in one canonical JSON form."""
    text = json.dumps(values, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def path_digest(paths: Iterable[Path]) -> str:
    """SHA-256 over files and folders: relative names and contents. Missing ones count as such."""
    total = hashlib.sha256()
    for path in paths:
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for one in files:
            total.update(str(one.relative_to(path.parent)).encode() + b"\0")
            if one.is_symlink():
                total.update(str(one.readlink()).encode())
            elif one.is_file():
                total.update(bytes.fromhex(file_digest(one)))
    return total.hexdigest()


def inputs_digest(knowledge: str, sources: Iterable[Placed]) -> str:
    """One digest over categories, mappings, sidecars, data files and the builder's version."""
    total = hashlib.sha256(f"{VERSION}\0{knowledge}\0".encode())
    for placed in sources:
        total.update(placed.source.id.encode() + b"\0")
        total.update(file_digest(placed.folder / SIDECAR).encode())
        total.update(path_digest(placed.paths).encode())
    return total.hexdigest()
