"""`qinglang audit windows-script`, `import-windows`: a script, and what it printed. A door.

Exit codes: 0 every file was read · 1 of some nothing could be read · 2 bad input.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import time
from pathlib import Path
from typing import Any

from audit.probes import shelf
from audit.probes.windows.exported import script
from audit.probes.windows.facts import read
from rules.load import DataError, Problem

MAX_FILE = 32 * 1024 * 1024


def register(commands: Any) -> None:
    """Add both commands to `audit`."""
    one = commands.add_parser(
        "windows-script", help="Windows 只读采集脚本 / the read-only script for Windows"
    )
    one.add_argument("--output", type=Path, metavar="FILE")
    one.set_defaults(run=run_script)
    one = commands.add_parser(
        "import-windows", help="导入 Windows 采集结果 / import what it printed"
    )
    one.add_argument("files", type=Path, nargs="+", metavar="FILE")
    one.add_argument("--target", default="", metavar="ID", help="对象 / target (default: file)")
    one.add_argument("--output", type=Path, metavar="DIR", help="证据目录 / folder for evidence")
    one.add_argument("--json", action="store_true")
    one.set_defaults(run=run_import)


def run_script(options: argparse.Namespace) -> int:
    """Print the script; with a BOM in a file, or Windows PowerShell takes it for the code page."""
    if options.output:
        text = script().replace("\n", "\r\n")
        options.output.write_bytes(b"\xef\xbb\xbf" + text.encode())
        _say(str(options.output))
    else:
        _say(script())
    return 0


def run_import(options: argparse.Namespace) -> int:
    """Read the files and keep the evidence."""
    if options.target and len(options.files) > 1:
        raise _wrong("--target", "多个文件不能是同一对象 / several files are not one target")
    found = []
    for path in options.files:
        if not path.is_file():
            raise _wrong(str(path), "没有此文件 / no such file")
        if path.stat().st_size > MAX_FILE:
            raise _wrong(str(path), "超过 32 MiB / larger than 32 MiB")
        name = options.target or re.sub(r"[^\w.@-]", "_", path.stem)
        found.append(read(path.read_bytes(), target=name, taken=time.time()))
    for one in found:
        if options.output:
            shelf.keep(options.output, one)
    if options.json:
        shown = [
            {"target": one.target, "evidence": one.id, "digest": one.digest,
             "problem": one.problem, "document": one.document}
            for one in found
        ]  # fmt: skip
        _say(json.dumps(shown, ensure_ascii=False, indent=1))
    else:
        for one in found:
            gaps = 0 if one.problem else len(one.document["gaps"])
            said = one.problem or f"{gaps} 处未采到 / places missing"
            _say(f"{'✗' if one.problem else '✓'} {one.target}: {said}")
    return 1 if any(one.problem for one in found) else 0


def _wrong(file: str, message: str) -> DataError:
    return DataError([Problem(file=file, line=1, column=1, message=message)])


def _say(text: str) -> None:
    print(text, file=sys.stdout)  # noqa: T201 - this is the door
