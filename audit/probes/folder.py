"""Configuration in a folder or an archive that somebody copied off a host. A door: it only reads.

Nothing is unpacked to disk, links are not followed, sizes and counts are capped.
"""

from __future__ import annotations

import os
import tarfile
from collections.abc import Iterator
from pathlib import Path

from audit.model import Evidence
from audit.probes.web.configs import evidence
from audit.probes.web.tree import MAX_FILE, Mode, Tree, rooted
from rules.load import DataError, Problem, WorldError

MAX_FILES = 5000
MAX_ALL = 64 << 20
METHOD = "配置文件副本（离线）/ a copy of configuration files, read offline"


def read(path: Path) -> Tree:
    """The tree below a folder, or in a tar archive. Raises DataError, WorldError."""
    if path.is_dir():
        return rooted(_folder(path))
    try:
        with tarfile.open(path) as archive:
            return _archive(archive)
    except (tarfile.TarError, EOFError) as error:
        message = "既不是目录也不是 tar 归档 / neither a folder nor a tar archive"
        raise DataError([Problem(file=str(path), line=1, column=1, message=message)]) from error
    except OSError as error:
        raise WorldError(f"{path}: {error.strerror or error}") from error


def _folder(path: Path) -> Iterator[tuple[str, bytes]]:
    count = total = 0
    for above, folders, files in os.walk(path):
        folders.sort()
        for name in sorted(files):
            one = Path(above) / name
            if one.is_symlink() or not one.is_file() or one.stat().st_size > MAX_FILE:
                continue
            count, total = count + 1, total + one.stat().st_size
            if count > MAX_FILES or total > MAX_ALL:
                return
            yield one.relative_to(path).as_posix(), one.read_bytes()


def _archive(archive: tarfile.TarFile) -> Tree:
    files: list[tuple[str, bytes]] = []
    modes: dict[str, Mode] = {}
    total = 0
    for one in archive:
        name = "/" + one.name.lstrip("./")
        if not one.isfile() or ".." in one.name.split("/") or len(modes) >= MAX_FILES:
            continue
        modes[name] = Mode(mode=f"{one.mode & 0o7777:04o}", owner=one.uname, group=one.gname)
        total += one.size
        held = archive.extractfile(one) if one.size <= MAX_FILE and total <= MAX_ALL else None
        if held is not None:
            files.append((name, held.read(MAX_FILE)))
    return Tree(texts=rooted(files).texts, modes=modes)


def found(path: Path, host: str, *, now: float) -> tuple[Evidence, ...]:
    """Evidence of all servers in a folder or archive."""
    return evidence(host, read(path), method=METHOD, taken=now, dated=path.stat().st_mtime)
