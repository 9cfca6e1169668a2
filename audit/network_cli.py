"""`qinglang audit import-config`: saved running configurations become evidence. A door.

Exit codes: 0 every device was read · 1 of some nothing could be read · 2 bad input.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from pathlib import Path
from typing import Any

from audit.model import Evidence
from audit.probes import shelf
from audit.probes.network.device import read_all
from rules.load import DataError, Problem

MAX_FILE = 32 * 1024 * 1024


def register(commands: Any) -> None:
    """Add `import-config` to `audit`."""
    one = commands.add_parser(
        "import-config", help="导入网络设备配置 / import running configurations"
    )
    one.add_argument("files", type=Path, nargs="+", metavar="FILE")
    one.add_argument("--target", default="", metavar="ID", help="对象 / target (default: file)")
    one.add_argument("--output", type=Path, metavar="DIR", help="证据目录 / folder for evidence")
    one.add_argument("--json", action="store_true")
    one.set_defaults(run=run_import)


def run_import(options: argparse.Namespace) -> int:
    """Read the files; keep the evidence; say what each device is."""
    if options.target and len(options.files) > 1:
        raise _wrong("--target", "多个文件不能是同一对象 / several files are not one target")
    found: list[Evidence] = []
    for path in options.files:
        name = options.target or re.sub(r"[^\w.@-]", "_", path.stem)
        found += read_all(_bytes(path), target=name, taken=time.time())
    for one in found:
        if options.output:
            shelf.keep(options.output, one)
    if options.json:
        _say(json.dumps([_described(one) for one in found], ensure_ascii=False, indent=1))
    else:
        for one in found:
            said = one.problem or f"{one.document['platform']} {one.document['device']['version']}"
            cut = " 不完整 / cut" if one.document and one.document["gaps"] else ""
            _say(f"{'✗' if one.problem else '✓'} {one.target}: {said}{cut}")
    return 1 if any(one.problem for one in found) else 0


def _bytes(path: Path) -> bytes:
    if not path.is_file():
        raise _wrong(str(path), "没有此文件 / no such file")
    if path.stat().st_size > MAX_FILE:
        raise _wrong(str(path), "超过 32 MiB / larger than 32 MiB")
    return path.read_bytes()


def _wrong(file: str, message: str) -> DataError:
    return DataError([Problem(file=file, line=1, column=1, message=message)])


def _described(one: Evidence) -> dict[str, Any]:
    return {
        "target": one.target,
        "evidence": one.id,
        "digest": one.digest,
        "problem": one.problem,
        "document": one.document,
    }


def _say(text: str) -> None:
    print(text, file=sys.stdout)  # noqa: T201 - this is the door
